package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/github"

	"counterfoil/db"
)

// newGitHub makes the provider for github.com or a GitHub Enterprise server
// (GitHub docs, "Authorizing OAuth apps" and REST API "Emails", 2026-08). It knows
// no OpenID; goth's session passes no code_verifier on, so there is no PKCE.
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
	far := github.NewCustomisedURL(config.ClientID, config.ClientSecret, around.callback,
		site+"/login/oauth/authorize", site+"/login/oauth/access_token", api+"/user", api+"/user/emails", "read:user", "user:email")
	far.HTTPClient = around.client
	return &provider{
		id: config.ID, authority: site, origin: origin,
		open: func(context.Context) (goth.Provider, error) { return far, nil },
		foreign: func(iss []string) bool {
			return len(iss) > 1 || len(iss) == 1 && iss[0] != site && iss[0] != site+"/login/oauth"
		},
		identify: func(ctx context.Context, session goth.Session, _ db.State) (db.Identity, error) {
			return gitHubIdentity(ctx, far, session, api+"/user/emails")
		},
	}, nil
}

// gitHubIdentity reads who it is. goth takes the address shown on the profile
// first; only the primary one of the list says whether it is verified.
func gitHubIdentity(ctx context.Context, far *github.Provider, session goth.Session, emails string) (db.Identity, error) {
	user, err := far.FetchUser(session)
	if errors.Is(err, github.ErrNoVerifiedGitHubPrimaryEmail) {
		return db.Identity{}, refuse(UnverifiedEmail, err)
	}
	if err != nil {
		return db.Identity{}, refuse(ProviderDown, fmt.Errorf("profile: %w", err))
	}
	if user.UserID == "0" {
		return db.Identity{}, refuse(ProviderRefused, errors.New("the profile has no id"))
	}
	var list []struct {
		Email    string
		Primary  bool
		Verified bool
	}
	if err := gitHubRead(ctx, far.HTTPClient, emails, user.AccessToken, &list); err != nil {
		return db.Identity{}, refuse(ProviderDown, fmt.Errorf("addresses: %w", err))
	}
	identity := db.Identity{Subject: user.UserID, Name: user.Name}
	for _, address := range list {
		if address.Primary {
			identity.Email, identity.EmailVerified = address.Email, address.Verified
		}
	}
	return identity, nil
}

func gitHubRead(ctx context.Context, client *http.Client, address, token string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Accept", "application/vnd.github+json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}
