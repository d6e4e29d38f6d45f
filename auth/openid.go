package auth

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/openidConnect"
	"golang.org/x/oauth2"

	"counterfoil/db"
)

// openID is an OpenID provider. goth asks for the code and exchanges it; the ID
// token is verified here, because goth only decodes it.
type openID struct {
	config ProviderConfig
	surroundings

	mu       sync.Mutex
	found    *discovered
	failed   error // of the last discovery
	failedAt time.Time
}

// discovered is what the provider publishes about itself.
type discovered struct {
	far      *openidConnect.Provider
	meta     *oidc.Provider
	verifier *oidc.IDTokenVerifier
	sendsIss bool // RFC 9207: every callback names the issuer
}

// discoverPause is how long a failed discovery is not tried again, so that a
// provider that hangs does not hold up everyone in turn.
const discoverPause = 3 * time.Second

func newOpenID(config ProviderConfig, around surroundings) (*provider, error) {
	origin, err := secureURL(config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	o := &openID{config: config, surroundings: around}
	return &provider{
		id: config.ID, authority: config.Issuer, origin: origin, pkce: true, identify: o.identify,
		foreign: o.foreign,
		open: func(ctx context.Context) (goth.Provider, error) {
			found, err := o.discover(ctx)
			if err != nil {
				return nil, err
			}
			return found.far, nil
		},
	}, nil
}

// discover reads the provider's metadata at the first sign-in, and keeps it.
func (o *openID) discover(ctx context.Context) (*discovered, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.found != nil {
		return o.found, nil
	}
	if o.failed != nil && o.now().Sub(o.failedAt) < discoverPause {
		return nil, o.failed
	}
	o.found, o.failed = o.read(ctx)
	if o.failed != nil {
		o.failedAt = o.now()
	}
	return o.found, o.failed
}

func (o *openID) read(ctx context.Context) (*discovered, error) {
	// A reader who leaves must not fail the discovery for the others who wait.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), o.client)
	meta, err := oidc.NewProvider(ctx, o.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	var more struct {
		SendsIss bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := meta.Claims(&more); err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	end := meta.Endpoint()
	for _, address := range []string{end.AuthURL, end.TokenURL} {
		if _, err := secureURL(address); err != nil {
			return nil, fmt.Errorf("discovery: %w", err)
		}
	}
	far, err := openidConnect.NewCustomisedURL(o.config.ClientID, o.config.ClientSecret, o.callback,
		end.AuthURL, end.TokenURL, o.config.Issuer, "", "", oidc.ScopeOpenID, oidc.ScopeEmail, oidc.ScopeProfile)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	far.HTTPClient = o.client
	return &discovered{
		far: far, meta: meta, sendsIss: more.SendsIss,
		verifier: meta.Verifier(&oidc.Config{ClientID: o.config.ClientID, Now: o.now}),
	}, nil
}

// foreign holds a provider that promises to name itself in every callback to that.
func (o *openID) foreign(iss []string) bool {
	if len(iss) == 0 {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.found != nil && o.found.sendsIss
	}
	return len(iss) > 1 || iss[0] != o.config.Issuer
}

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
		return said, refuse(ProviderDown, fmt.Errorf("userinfo: %w", err))
	}
	if info.Subject != subject {
		return said, refuse(ProviderRefused, errors.New("userinfo is about another subject than the ID token"))
	}
	if err := info.Claims(&said); err != nil {
		return said, refuse(ProviderRefused, fmt.Errorf("userinfo: %w", err))
	}
	return said, nil
}
