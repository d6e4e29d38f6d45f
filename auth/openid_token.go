package auth

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"counterfoil/db"
)

// claims are what we read of an ID token or of the userinfo endpoint. Whether an
// address is verified counts only as a JSON true: some providers send words.
type claims struct {
	Subject         string          `json:"sub"`
	AuthorizedParty string          `json:"azp"`
	Email           string          `json:"email"`
	EmailVerified   json.RawMessage `json:"email_verified"`
	Name            string          `json:"name"`
	Tenant          string          `json:"tid"`      // Microsoft
	OwnerVerified   json.RawMessage `json:"xms_edov"` // Microsoft
	Team            string          `json:"https://slack.com/team_id"`
}

func isTrue(raw json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(raw), []byte("true")) }

func (o *openID) oauth(found *discovered, callback string) (*oauth2.Config, error) {
	secret := o.config.ClientSecret
	if o.secret != nil {
		var err error
		if secret, err = o.secret(); err != nil {
			return nil, err
		}
	}
	end, scopes := found.meta.Endpoint(), o.scopes
	end.AuthStyle = found.style
	if scopes == nil {
		scopes = []string{oidc.ScopeOpenID, oidc.ScopeEmail, oidc.ScopeProfile}
	}
	return &oauth2.Config{ClientID: o.config.ClientID, ClientSecret: secret, RedirectURL: callback, Endpoint: end, Scopes: scopes}, nil
}

func (o *openID) begin(ctx context.Context, a attempt) (target, session string, err error) {
	found, err := o.discover(ctx)
	if err != nil {
		return "", "", refuse(ProviderDown, err)
	}
	flow, err := o.oauth(found, a.callback)
	if err != nil {
		return "", "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.nonce)}
	if !o.noPKCE {
		options = append(options, oauth2.S256ChallengeOption(a.verifier))
	}
	if a.hint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", a.hint))
	}
	for name, value := range o.more {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	// A blank is a plus in a form and %20 everywhere: Apple wants the latter.
	page, query, _ := strings.Cut(flow.AuthCodeURL(a.state, options...), "?")
	return page + "?" + strings.ReplaceAll(query, "+", "%20"), "{}", nil
}

// redeem exchanges the code and verifies the ID token: signature by an asymmetric key of
// the provider, issuer, audience, expiry, authorized party, nonce, and the hash of the
// access token.
func (o *openID) redeem(ctx context.Context, a attempt, answer url.Values) (db.Identity, error) {
	found, err := o.discover(ctx)
	if err != nil {
		return db.Identity{}, refuse(ProviderDown, err)
	}
	flow, err := o.oauth(found, a.callback)
	if err != nil {
		return db.Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, o.client)
	var options []oauth2.AuthCodeOption
	if !o.noPKCE {
		options = append(options, oauth2.VerifierOption(a.verifier))
	}
	tokens, err := flow.Exchange(ctx, answer.Get("code"), options...)
	if err != nil {
		return db.Identity{}, exchangeFailed(err)
	}
	said, err := o.verify(ctx, found, tokens, a.nonce)
	if err != nil {
		return db.Identity{}, refuse(ProviderRefused, err)
	}
	subject := said.Subject
	if o.subject != nil {
		subject = o.subject(said)
	}
	if said.Email == "" && found.meta.UserInfoEndpoint() != "" {
		if said, err = found.userInfo(ctx, tokens.AccessToken, said.Subject); err != nil {
			return db.Identity{}, err
		}
	}
	identity := db.Identity{Subject: subject, Email: said.Email, Name: said.Name, EmailVerified: isTrue(said.EmailVerified)}
	if o.verified != nil {
		identity.EmailVerified = o.verified(said)
	}
	if o.told != nil && identity.Name == "" {
		identity.Name = o.told(answer)
	}
	return identity, nil
}

func (o *openID) verify(ctx context.Context, found *discovered, tokens *oauth2.Token, nonce string) (claims, error) {
	var said claims
	raw, ok := tokens.Extra("id_token").(string)
	if !ok || raw == "" {
		return said, errors.New("no ID token")
	}
	token, err := found.verifier.Verify(ctx, raw)
	if err != nil {
		return said, err
	}
	if err := token.Claims(&said); err != nil {
		return said, fmt.Errorf("claims of the ID token: %w", err)
	}
	if o.issued != nil && !o.issued(token.Issuer, said) {
		return said, fmt.Errorf("the ID token is of issuer %.200q", token.Issuer)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 {
		return said, errors.New("the nonce of the ID token is another's")
	}
	// OpenID Connect Core 1.0 section 3.1.3.7, steps 3 to 5.
	if said.AuthorizedParty != o.config.ClientID && (said.AuthorizedParty != "" || len(token.Audience) > 1) {
		return said, fmt.Errorf("the ID token is for %.64q to use", said.AuthorizedParty)
	}
	if slices.Contains(token.Audience, "") {
		return said, errors.New("the ID token has an empty audience")
	}
	if token.Subject == "" {
		return said, errors.New("the ID token has no subject")
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(tokens.AccessToken); err != nil {
			return said, err
		}
	}
	return said, nil
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
