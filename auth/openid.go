package auth

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// openID is an OpenID provider: the code flow with PKCE and a nonce, and an ID token
// that is verified, not only decoded.
type openID struct {
	config ProviderConfig
	surroundings
	trait

	mu       sync.Mutex
	found    *discovered
	failed   error // of the last discovery
	failedAt time.Time
}

// discovered is what the provider publishes about itself.
type discovered struct {
	meta     *oidc.Provider
	verifier *oidc.IDTokenVerifier
	style    oauth2.AuthStyle // how the token endpoint wants the secret
	sendsIss bool             // RFC 9207: every callback names the issuer
}

// trait is in what one OpenID provider differs from others; zero for a generic one.
type trait struct {
	noPKCE     bool                   // it says nothing of PKCE: the nonce alone binds the code
	scopes     []string               // asked for, where they are others than those of OpenID
	more       map[string]string      // parameters of its authorization page
	secret     func() (string, error) // instead of a client secret that stays
	algorithms []string               // of its signatures; empty for the asymmetric ones that it publishes
	// issued tells whether the issuer of a token is the configured one, for those who
	// name one for each tenant; published is then what the metadata says.
	issued    func(issuer string, said claims) bool
	published string
	verified  func(said claims) bool // whether the address counts as verified
	subject   func(said claims) string
	told      func(answer url.Values) (name string) // beside the token
}

// discoverPause is how long a failed discovery is not tried again, so that a
// provider that hangs does not hold up everyone in turn.
const discoverPause = 3 * time.Second

func newOpenID(config ProviderConfig, around surroundings) (*provider, error) {
	return openIDWith(config, around, trait{})
}

func openIDWith(config ProviderConfig, around surroundings, special trait) (*provider, error) {
	origin, err := secureURL(config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	o := &openID{config: config, surroundings: around, trait: special}
	return &provider{authority: config.Issuer, origin: origin, begin: o.begin, redeem: o.redeem, foreign: o.foreign}, nil
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
	if o.published != "" {
		ctx = oidc.InsecureIssuerURLContext(ctx, o.published) // checked in each token instead: see trait.issued
	}
	meta, err := oidc.NewProvider(ctx, o.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery: %.300s", err) // it quotes the answer, however long
	}
	var more struct {
		SendsIss bool     `json:"authorization_response_iss_parameter_supported"`
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
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
	return &discovered{
		meta: meta, sendsIss: more.SendsIss, style: authStyle(more.Methods),
		verifier: meta.Verifier(&oidc.Config{ClientID: o.config.ClientID, Now: o.now, SkipIssuerCheck: o.issued != nil, SupportedSigningAlgs: o.algorithms}),
	}, nil
}

// authStyle chooses how to show the client secret (OpenID Connect Discovery 1.0 section
// 3: without a list it is client_secret_basic). Never by trying: that would burn the code.
func authStyle(methods []string) oauth2.AuthStyle {
	if len(methods) == 0 || slices.Contains(methods, "client_secret_basic") {
		return oauth2.AuthStyleInHeader
	}
	return oauth2.AuthStyleInParams
}

// foreign holds a provider that promises to name itself in every callback to that.
func (o *openID) foreign(iss []string) bool {
	if len(iss) == 0 {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.found != nil && o.found.sendsIss
	}
	if o.issued != nil {
		return true // none of those that name one for each tenant says so
	}
	return len(iss) > 1 || iss[0] != o.config.Issuer
}
