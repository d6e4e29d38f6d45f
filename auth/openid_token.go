package auth

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/openidConnect"
	"golang.org/x/oauth2"

	"counterfoil/db"
)

// claims are what we read of an ID token or of the userinfo endpoint. Whether an
// address is verified counts only as a JSON true: some providers send words.
type claims struct {
	AuthorizedParty string          `json:"azp"`
	Email           string          `json:"email"`
	EmailVerified   json.RawMessage `json:"email_verified"`
	Name            string          `json:"name"`
}

// identify verifies the ID token: signature by an asymmetric key of the provider,
// issuer, audience, expiry, authorized party, nonce, and the hash of the access token.
func (o *openID) identify(ctx context.Context, session goth.Session, state db.State) (db.Identity, error) {
	found, err := o.discover(ctx)
	if err != nil {
		return db.Identity{}, refuse(ProviderDown, err)
	}
	answer, ok := session.(*openidConnect.Session)
	if !ok || answer.IDToken == "" {
		return db.Identity{}, refuse(ProviderRefused, errors.New("no ID token"))
	}
	ctx = oidc.ClientContext(ctx, o.client)
	token, said, err := found.verify(ctx, answer, o.config.ClientID, state.Nonce)
	if err != nil {
		return db.Identity{}, refuse(ProviderRefused, err)
	}
	if said.Email == "" && found.meta.UserInfoEndpoint() != "" {
		if said, err = found.userInfo(ctx, answer.AccessToken, token.Subject); err != nil {
			return db.Identity{}, err
		}
	}
	return db.Identity{
		Subject: token.Subject, Email: said.Email, Name: said.Name,
		EmailVerified: bytes.Equal(bytes.TrimSpace(said.EmailVerified), []byte("true")),
	}, nil
}

func (d *discovered) verify(ctx context.Context, answer *openidConnect.Session, clientID, nonce string) (*oidc.IDToken, claims, error) {
	var said claims
	token, err := d.verifier.Verify(ctx, answer.IDToken)
	if err != nil {
		return nil, said, err
	}
	if err := token.Claims(&said); err != nil {
		return nil, said, fmt.Errorf("claims of the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 {
		return nil, said, errors.New("the nonce of the ID token is another's")
	}
	// OpenID Connect Core 1.0 section 3.1.3.7, steps 3 to 5.
	if said.AuthorizedParty != clientID && (said.AuthorizedParty != "" || len(token.Audience) > 1) {
		return nil, said, fmt.Errorf("the ID token is for %.64q to use", said.AuthorizedParty)
	}
	if slices.Contains(token.Audience, "") {
		return nil, said, errors.New("the ID token has an empty audience")
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(answer.AccessToken); err != nil {
			return nil, said, err
		}
	}
	return token, said, nil
}

// userInfo asks the provider about the owner of an access token, for providers
// that leave the address out of the ID token.
func (d *discovered) userInfo(ctx context.Context, accessToken, subject string) (claims, error) {
	var said claims
	info, err := d.meta.UserInfo(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: accessToken}))
	if err != nil {
		return said, refuse(ProviderDown, fmt.Errorf("userinfo: %.300s", err))
	}
	if info.Subject != subject {
		return said, refuse(ProviderRefused, errors.New("userinfo is about another subject than the ID token"))
	}
	if err := info.Claims(&said); err != nil {
		return said, refuse(ProviderRefused, fmt.Errorf("userinfo: %w", err))
	}
	return said, nil
}
