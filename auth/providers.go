package auth

import (
	"fmt"
	"regexp"
	"slices"
)

// ProviderConfig is one identity provider that people may sign in with.
type ProviderConfig struct {
	ID           string // in the path of its routes: lower case, digits, dashes
	Kind         string // ID of one of Kinds
	Name         string // on the button
	ClientID     string
	ClientSecret string // empty for kinds that have none
	// Issuer is the address that its setting ISSUER, URL, DOMAIN or ORG_URL names, for kinds
	// that have one: of an OpenID issuer or a server. https, or http on loopback.
	Issuer string
	More   map[string]string // by Setting.Name: what else its kind is told
	// Inside lets it be reached at addresses of our own network, as an operator may allow
	// for an issuer that he runs himself. One on loopback may be without.
	Inside bool
}

// ProviderInfo is a provider as the sign-in page shows it.
type ProviderInfo struct {
	ID   string
	Name string
	Kind string
	// ByForm: its answer comes by a form, not in the address of the callback.
	ByForm bool
	// Direct: a form may lead straight to its page; see FormHosts.
	Direct bool
}

var providerID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// reserved are the names that routes under /login/ have of their own.
var reserved = []string{"code", "link", "password", "new", "sent", "forgot", "reset", "verify", "second", "passkey", "proof", "prove"}

func openProviders(config Config) (map[string]*provider, []ProviderInfo, error) {
	byID, offered := map[string]*provider{}, []ProviderInfo{}
	for _, c := range config.Providers {
		kind, known := kindByID(c.Kind)
		switch {
		case !providerID.MatchString(c.ID) || slices.Contains(reserved, c.ID):
			return nil, nil, fmt.Errorf("provider %q: an id is lower-case letters, digits and dashes, and no step of signing in", c.ID)
		case byID[c.ID] != nil:
			return nil, nil, fmt.Errorf("provider %q is there twice", c.ID)
		case !known:
			return nil, nil, fmt.Errorf("provider %q: no kind %q", c.ID, c.Kind)
		case c.ClientID == "" || c.ClientSecret == "" && !kind.NoSecret || c.Name == "":
			return nil, nil, fmt.Errorf("provider %q: name, client id and client secret must be set", c.ID)
		}
		for _, more := range kind.More {
			if more.Needed && c.Issuer == "" && c.More[more.Name] == "" {
				return nil, nil, fmt.Errorf("provider %q: %s must be set", c.ID, more.Name)
			}
		}
		p, err := kind.make(c, surroundings{client: newClient(c.Inside || onLoopback(c.Issuer)), now: config.Now})
		if err != nil {
			return nil, nil, fmt.Errorf("provider %q: %w", c.ID, err)
		}
		p.id, p.name = c.ID, c.Name
		// Somebody's own server may send people to sign in elsewhere; the demo's does not.
		p.direct = kind.direct && (c.Issuer == "" || onLoopback(c.Issuer))
		byID[c.ID] = p
		offered = append(offered, ProviderInfo{ID: c.ID, Name: c.Name, Kind: c.Kind, ByForm: p.byForm, Direct: p.direct})
	}
	return byID, offered, nil
}
