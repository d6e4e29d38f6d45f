package auth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/markbates/goth"
	"github.com/markbates/goth/providers/openidConnect"
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
		return nil, fmt.Errorf("discovery: %.300s", err) // it quotes the answer, however long
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
