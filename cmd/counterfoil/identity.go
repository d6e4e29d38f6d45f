package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"counterfoil/auth"
)

// readProviders reads the settings of every kind of identity provider but oidc, whose are
// in config: PREFIX_KEY, PREFIX_SECRET and what else auth.Kinds names.
func readProviders(value func(name string) string) ([]auth.ProviderConfig, error) {
	var list []auth.ProviderConfig
	for _, kind := range auth.Kinds() {
		if kind.ID == "oidc" {
			continue
		}
		p := auth.ProviderConfig{
			ID: kind.ID, Kind: kind.ID, Name: kind.Name, More: map[string]string{},
			ClientID: value(kind.KeySetting()), ClientSecret: value(kind.Prefix + "_SECRET"),
		}
		if p.ClientID == "" {
			if p.ClientSecret != "" {
				return nil, fmt.Errorf("%s_SECRET is set and %s is not: set both", kind.Prefix, kind.KeySetting())
			}
			continue
		}
		if p.ClientSecret == "" && !kind.NoSecret {
			return nil, fmt.Errorf("%s is set and %s_SECRET is not: set both", kind.KeySetting(), kind.Prefix)
		}
		for _, more := range kind.More {
			name := kind.Prefix + "_" + more.Name
			said, err := setting(value, name, more.File)
			if err != nil {
				return nil, err
			}
			if said == "" && more.Needed {
				return nil, fmt.Errorf("%s is set and %s is not: it is the %s", kind.KeySetting(), name, more.About)
			}
			if said == "" {
				said = more.Default
			}
			p.More[more.Name] = said
			if slices.Contains([]string{"ISSUER", "URL", "DOMAIN", "ORG_URL"}, more.Name) {
				p.Issuer = said
			}
		}
		list = append(list, p)
	}
	return list, nil
}

// setting reads a setting that may be in a file instead, which NAME_FILE then names.
func setting(value func(name string) string, name string, inFile bool) (string, error) {
	said, file := value(name), ""
	if inFile {
		file = value(name + "_FILE")
	}
	switch {
	case file == "":
		return said, nil
	case said != "":
		return "", fmt.Errorf("both %s and %s_FILE are set: set one", name, name)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	return string(raw), nil
}

// identityProviders are the configured ways in besides mail and passkeys.
func identityProviders(c config) []auth.ProviderConfig {
	var list []auth.ProviderConfig
	if c.OIDCKey != "" {
		list = append(list, auth.ProviderConfig{
			ID: "oidc", Kind: "oidc", Name: c.OIDCName, ClientID: c.OIDCKey, ClientSecret: c.OIDCSecret, Issuer: c.OIDCIssuer,
		})
	}
	list = append(list, c.identity...)
	for i := range list {
		list[i].Inside = slices.Contains(c.PrivateProviders, list[i].ID)
	}
	return list
}

// checkProviders refuses half of an identity provider, and a private one that is none.
func (c *config) checkProviders() error {
	if !c.demo() && (c.OIDCKey == "") != (c.OIDCSecret == "") {
		return fmt.Errorf("one of OIDC_KEY and OIDC_SECRET is set: set both")
	}
	if !c.demo() && c.OIDCKey != "" && c.OIDCIssuer == "" {
		return fmt.Errorf("OIDC_KEY is set and OIDC_ISSUER is not: it is the address of the issuer")
	}
	if c.OIDCKey == "" && c.OIDCIssuer != "" {
		return fmt.Errorf("OIDC_ISSUER is set and OIDC_KEY is not: set OIDC_KEY and OIDC_SECRET too")
	}
	for i, name := range c.PrivateProviders {
		c.PrivateProviders[i] = strings.ToLower(name)
		if !slices.Contains(c.providerIDs(), c.PrivateProviders[i]) {
			return fmt.Errorf("COUNTERFOIL_PRIVATE_PROVIDERS has %q, which is no identity provider that is configured (%s)", name, strings.Join(c.providerIDs(), ", "))
		}
	}
	return nil
}
