package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"counterfoil/auth"
)

// providerIDs are the identity providers that COUNTERFOIL_SIGN_IN may name: those that
// are configured, and that of the demo.
func (c config) providerIDs() []string {
	var ids []string
	for _, p := range identityProviders(c) {
		ids = append(ids, p.ID)
	}
	if c.demo() && !slices.Contains(ids, "oidc") {
		ids = append(ids, "oidc")
	}
	return ids
}

// offeredProviders are the configured identity providers that are on.
func offeredProviders(c config) []auth.ProviderConfig {
	return slices.DeleteFunc(identityProviders(c), func(p auth.ProviderConfig) bool {
		return c.SignIn != nil && !slices.Contains(c.SignIn, p.ID)
	})
}

// ways are the ways in besides identity providers that are on; nil for all of them.
func (c config) ways() []auth.Way {
	if c.SignIn == nil && c.mails() {
		return nil
	}
	ways := []auth.Way{}
	for _, way := range auth.Ways {
		if c.offers(way) {
			ways = append(ways, way)
		}
	}
	return ways
}

// offers tells whether a way in is on: it is named, or all are, and what it needs is
// configured. Codes, links and passwords need mail.
func (c config) offers(way auth.Way) bool {
	named := c.SignIn == nil || slices.Contains(c.SignIn, string(way))
	return named && (way == auth.WayPasskey || c.mails())
}

// mails tells whether this installation can send mail: the demo's twin takes it.
func (c config) mails() bool { return c.SMTPURL != "" || c.demo() }

// checkWays holds the rules of COUNTERFOIL_SIGN_IN.
func (c *config) checkWays() error {
	if err := c.checkProviders(); err != nil {
		return err
	}
	for i, name := range c.SignIn {
		c.SignIn[i] = strings.ToLower(name)
		switch name := c.SignIn[i]; {
		case slices.Contains(auth.Ways, auth.Way(name)):
			if name != string(auth.WayPasskey) && !c.mails() {
				return fmt.Errorf("COUNTERFOIL_SIGN_IN has %q, which needs mail: set SMTP_URL", name)
			}
		case !slices.Contains(c.providerIDs(), name):
			return fmt.Errorf("COUNTERFOIL_SIGN_IN has %q: give some of code, link, password, passkey and the identity providers that are configured (%s)",
				name, strings.Join(c.providerIDs(), ", "))
		}
	}
	if !c.offers(auth.WayCode) && !c.offers(auth.WayLink) && !c.offers(auth.WayPassword) && len(offeredProviders(*c)) == 0 {
		return errors.New("nobody could sign in: set SMTP_URL for e-mailed codes and passwords, or OIDC_*, GITHUB_* or GOOGLE_* for an identity provider, and let COUNTERFOIL_SIGN_IN name one of them (a passkey is added by who is in already)")
	}
	return nil
}
