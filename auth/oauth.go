package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"counterfoil/db"
)

// codeFlow is a provider of plain OAuth 2.0 whose API says who somebody is (RFC 6749
// section 4.1, with PKCE). Nothing of its tokens is kept.
type codeFlow struct {
	config       ProviderConfig
	client       *http.Client
	auth, token  string   // its two endpoints
	scopes       []string // asked for
	style        oauth2.AuthStyle
	noPKCE       bool // it does not take a challenge
	subjectKnown func(ctx context.Context, client *http.Client, accessToken string) (db.Identity, error)
}

func (f *codeFlow) oauth(callback string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: f.config.ClientID, ClientSecret: f.config.ClientSecret, RedirectURL: callback, Scopes: f.scopes,
		Endpoint: oauth2.Endpoint{AuthURL: f.auth, TokenURL: f.token, AuthStyle: f.style},
	}
}

func (f *codeFlow) begin(_ context.Context, a attempt) (target, session string, err error) {
	var options []oauth2.AuthCodeOption
	if !f.noPKCE {
		options = append(options, oauth2.S256ChallengeOption(a.verifier))
	}
	return f.oauth(a.callback).AuthCodeURL(a.state, options...), "{}", nil
}

func (f *codeFlow) redeem(ctx context.Context, a attempt, answer url.Values) (db.Identity, error) {
	ctx = context.WithValue(ctx, oauth2.HTTPClient, f.client)
	var options []oauth2.AuthCodeOption
	if !f.noPKCE {
		options = append(options, oauth2.VerifierOption(a.verifier))
	}
	token, err := f.oauth(a.callback).Exchange(ctx, answer.Get("code"), options...)
	if err != nil {
		return db.Identity{}, exchangeFailed(err)
	}
	if !strings.EqualFold(token.Type(), "Bearer") {
		return db.Identity{}, refuse(ProviderRefused, fmt.Errorf("a token of type %.64q", token.Type()))
	}
	identity, err := f.subjectKnown(ctx, f.client, token.AccessToken)
	if err != nil && ReasonOf(err) == nil {
		return db.Identity{}, refuse(ProviderDown, err)
	}
	return identity, err
}

var errNoID = errors.New("the profile has no id")
