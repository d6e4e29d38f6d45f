package auth

import (
	"errors"
	"regexp"
	"strings"
)

const byClaim = "the claim email_verified, if it is true"

// openIDKinds speak OpenID Connect: their ID tokens are verified.
var openIDKinds = []Kind{
	{ID: "oidc", direct: true, Name: "your organisation", Prefix: "OIDC", Vouches: byClaim, More: []Setting{
		{Name: "ISSUER", Needed: true, About: "address of the issuer"},
		{Name: "NAME", About: "shown on the button", Default: "your organisation"},
	}, make: newOpenID},
	{ID: "google", direct: true, Name: "Google", Prefix: "GOOGLE", Vouches: byClaim, make: newGoogle},
	{ID: "microsoftonline", Name: "Microsoft", Prefix: "MICROSOFTONLINE", Vouches: "the claim xms_edov, if it is true", More: []Setting{
		{Name: "TENANT", Default: "common", About: "common, organizations, consumers, or the id of one tenant"},
	}, make: newMicrosoft},
	{ID: "apple", direct: true, Name: "Apple", Prefix: "APPLE", NoSecret: true, Vouches: "the claim email_verified, if it is true; addresses of its relay are", More: []Setting{
		{Name: "TEAM_ID", About: "id of the team"}, {Name: "KEY_ID", About: "id of the key"},
		{Name: "PRIVATE_KEY", Secret: true, File: true, About: "the key, in PEM"},
	}, make: newApple},
	{ID: "gitlab", Name: "GitLab", Prefix: "GITLAB", Vouches: byClaim, More: []Setting{
		{Name: "URL", Default: "https://gitlab.com", About: "address of the server"},
	}, make: newOpenID},
	{ID: "auth0", Name: "Auth0", Prefix: "AUTH0", More: []Setting{server("DOMAIN", "domain of the tenant")}, make: newAuth0},
	{ID: "okta", Name: "Okta", Prefix: "OKTA", Key: "OKTA_ID", More: []Setting{server("ORG_URL", "address of the organisation")}, make: newUnvouched},
	{ID: "slack", Name: "Slack", Prefix: "SLACK", make: newSlack},
	{ID: "xero", Name: "Xero", Prefix: "XERO", make: newXero},
}

// newGoogle makes Google (Google Identity, "OpenID Connect", 2026-08).
func newGoogle(c ProviderConfig, s surroundings) (*provider, error) {
	c.Issuer = "https://accounts.google.com"
	return newOpenID(c, s)
}

// newUnvouched makes an OpenID provider whose word on addresses is not taken: who runs the
// tenant decides what they say.
func newUnvouched(c ProviderConfig, s surroundings) (*provider, error) {
	return openIDWith(c, s, trait{verified: func(claims) bool { return false }})
}

// newAuth0 makes a tenant of Auth0; its issuer ends in a slash (Auth0 docs, "ID tokens").
func newAuth0(c ProviderConfig, s surroundings) (*provider, error) {
	if !strings.Contains(c.Issuer, "://") {
		c.Issuer = "https://" + c.Issuer
	}
	c.Issuer = strings.TrimSuffix(c.Issuer, "/") + "/"
	return newUnvouched(c, s)
}

// newSlack makes Sign in with Slack (Slack developer docs, 2026-08). A user's id is one of
// his workspace, and who runs that decides what addresses it says. PKCE would make the app
// a public one there.
func newSlack(c ProviderConfig, s surroundings) (*provider, error) {
	if c.Issuer == "" {
		c.Issuer = "https://slack.com"
	}
	return openIDWith(c, s, trait{
		noPKCE:   true,
		verified: func(claims) bool { return false },
		subject: func(said claims) string {
			if said.Team == "" {
				return ""
			}
			return said.Team + ":" + said.Subject
		},
	})
}

// newXero makes Xero.
func newXero(c ProviderConfig, s surroundings) (*provider, error) {
	c.Issuer = "https://identity.xero.com"
	return newUnvouched(c, s)
}

// consumers is the tenant of personal Microsoft accounts.
const consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// newMicrosoft makes the Microsoft identity platform (Microsoft Learn, "ID token claims
// reference" and "OpenID Connect", 2026-08). Its address is any that an administrator of
// any tenant wrote down, so only xms_edov, "the domain's owner has verified it", counts; who
// it is is tenant and subject, never the address (the mistake known as nOAuth, 2023-06).
func newMicrosoft(c ProviderConfig, s surroundings) (*provider, error) {
	base, tenant := c.Issuer, strings.ToLower(c.More["TENANT"])
	if base == "" {
		base = "https://login.microsoftonline.com"
	}
	if tenant == "" {
		tenant = "common"
	}
	if tenant == "consumers" {
		tenant = consumers
	}
	if tenant != "common" && tenant != "organizations" && !guid.MatchString(tenant) {
		return nil, errors.New("TENANT is neither common, organizations, consumers nor the id of a tenant")
	}
	c.Issuer = base + "/" + tenant + "/v2.0"
	special := trait{
		issued: func(issuer string, said claims) bool {
			return guid.MatchString(said.Tenant) && issuer == base+"/"+said.Tenant+"/v2.0" &&
				(tenant == "common" || tenant == said.Tenant || tenant == "organizations" && said.Tenant != consumers)
		},
		subject:  func(said claims) string { return said.Tenant + ":" + said.Subject },
		verified: func(said claims) bool { return isTrue(said.OwnerVerified) },
	}
	if !guid.MatchString(tenant) {
		special.published = base + "/{tenantid}/v2.0"
	}
	p, err := openIDWith(c, s, special)
	if err == nil {
		p.authority = base // tenants of one cloud have different subjects
	}
	return p, err
}
