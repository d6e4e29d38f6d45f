// Package oidc is a small OpenID provider for the demo and for tests: anyone may
// sign in as anyone, with one click. It knows the authorization code flow of
// OpenID Connect Core 1.0 with PKCE (RFC 7636), and keeps codes and tokens in
// memory only. It must know nothing of the twin's engine or of the product: to
// them it is a stranger's identity provider. It refuses to send anybody to a host
// that is not this machine, because its users prove nothing.
package oidc

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"counterfoil/twin/pages/look"
)

// Config says who the provider is and whom it offers to sign in.
type Config struct {
	Issuer       string // absolute URL without trailing slash, such as http://localhost:8081/_twin/oidc
	ClientID     string // the only client there is
	ClientSecret string
	Personas     []Persona
	// Now is the wall clock, not the twin's: clients compare a token's expiry with their own.
	Now func() time.Time
}

// Persona is one user offered as a button.
type Persona struct {
	Name  string
	Email string
	Note  string // one short sentence on what makes this one interesting
}

// Lifetimes, short because every use is a redirect away.
const (
	codeLife  = time.Minute
	tokenLife = time.Hour
)

type provider struct {
	Config
	path  string // path part of the issuer
	key   func() (*rsa.PrivateKey, error)
	mu    sync.Mutex
	codes map[string]grant // by code
	users map[string]grant // by access token
}

// grant is what one consent allowed: by whom, for whom, and until when.
type grant struct {
	user        Persona
	redirectURI string
	nonce       string
	challenge   string // S256 code challenge; empty when the client sent none
	expires     time.Time
}

// New serves the provider under the path of its issuer. Its key lives as long as
// the handler: tokens of an earlier start verify no longer.
func New(config Config) http.Handler {
	config.Issuer = strings.TrimSuffix(config.Issuer, "/")
	p := &provider{Config: config, codes: map[string]grant{}, users: map[string]grant{}}
	// Made at the first sign-in: starting should not wait for it.
	p.key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	if issuer, err := url.Parse(config.Issuer); err == nil {
		p.path = issuer.Path
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+p.path+"/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET "+p.path+"/jwks", p.keys)
	mux.HandleFunc("GET "+p.path+"/authorize", p.ask)
	mux.HandleFunc("POST "+p.path+"/authorize", p.consent)
	mux.HandleFunc("POST "+p.path+"/token", p.token)
	mux.HandleFunc("GET "+p.path+"/userinfo", p.userinfo)
	mux.HandleFunc("POST "+p.path+"/userinfo", p.userinfo)
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		look.Guard(w)
		guarded.ServeHTTP(w, r)
	})
}

// remember keeps a grant under a fresh random key and drops what has expired.
func (p *provider) remember(in map[string]grant, g grant) string {
	key := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	for old, kept := range in {
		if !p.Now().Before(kept.expires) {
			delete(in, old)
		}
	}
	in[key] = g
	return key
}

// redeem takes a code out: whatever happens next, it works no second time.
func (p *provider) redeem(code string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, found := p.codes[code]
	delete(p.codes, code)
	return g, found && p.Now().Before(g.expires)
}

// bearer finds the grant behind an access token.
func (p *provider) bearer(token string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, found := p.users[token]
	return g, found && p.Now().Before(g.expires)
}
