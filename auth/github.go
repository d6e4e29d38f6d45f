package auth

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"counterfoil/db"
)

// newGitHub makes the provider for github.com or a GitHub Enterprise server (GitHub docs,
// "Authorizing OAuth apps", REST API "Users" and "Emails", 2026-08). It knows no OpenID.
// It has taken PKCE since July 2025; older Enterprise servers ignore what they don't know.
func newGitHub(config ProviderConfig, around surroundings) (*provider, error) {
	site, api := "https://github.com", "https://api.github.com"
	if config.Issuer != "" {
		site = strings.TrimSuffix(config.Issuer, "/")
		api = site + "/api/v3"
	}
	origin, err := secureURL(site)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	flow := &codeFlow{
		config: config, client: around.client, scopes: []string{"read:user", "user:email"}, style: oauth2.AuthStyleInParams,
		auth: site + "/login/oauth/authorize", token: site + "/login/oauth/access_token",
		subjectKnown: func(ctx context.Context, client *http.Client, token string) (db.Identity, error) {
			return gitHubIdentity(ctx, client, token, api)
		},
	}
	return &provider{
		authority: site, origin: origin, begin: flow.begin, redeem: flow.redeem,
		foreign: func(iss []string) bool {
			return len(iss) > 1 || len(iss) == 1 && iss[0] != site && iss[0] != site+"/login/oauth"
		},
	}, nil
}

const gitHubJSON = "application/vnd.github+json"

// gitHubIdentity reads who it is. The address shown on a profile is whatever its owner
// chose; only the primary one of the list says whether it is verified.
func gitHubIdentity(ctx context.Context, client *http.Client, token, api string) (db.Identity, error) {
	var profile struct {
		ID   int64
		Name string
	}
	if err := readJSON(ctx, client, api+"/user", "Bearer "+token, gitHubJSON, &profile); err != nil {
		return db.Identity{}, fmt.Errorf("profile: %w", err)
	}
	if profile.ID <= 0 {
		return db.Identity{}, refuse(ProviderRefused, errNoID)
	}
	var list []struct {
		Email             string
		Primary, Verified bool
	}
	if err := readJSON(ctx, client, api+"/user/emails", "Bearer "+token, gitHubJSON, &list); err != nil {
		return db.Identity{}, fmt.Errorf("addresses: %w", err)
	}
	identity := db.Identity{Subject: strconv.FormatInt(profile.ID, 10), Name: profile.Name}
	for _, address := range list {
		if address.Primary {
			identity.Email, identity.EmailVerified = address.Email, address.Verified
		}
	}
	return identity, nil
}
