package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"counterfoil/db"
)

// stateLife is how long a sign-in at a provider may take.
const stateLife = 10 * time.Minute

// ProviderStart is what a sign-in at a provider begins with.
type ProviderStart struct {
	Provider  string // id, from the route
	Next      string
	LoginHint string // address to prefill there; may be empty
}

// StartProvider begins a sign-in at an identity provider and returns the address to
// send the browser to. Refusals: UnknownProvider, ProviderDown, TooMany.
func (s *Service) StartProvider(w http.ResponseWriter, r *http.Request, start ProviderStart) (string, error) {
	p, known := s.providers[start.Provider]
	if !known {
		return "", refuse(UnknownProvider, nil)
	}
	now := s.Now()
	if err := s.limits.asks.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return "", err
	}
	far, err := p.open(r.Context())
	if err != nil {
		return "", refuse(ProviderDown, err)
	}
	raw, state := newToken(), db.State{
		Provider: p.id, Session: "{}", Nonce: newToken(), CodeVerifier: oauth2.GenerateVerifier(),
		Next: start.Next, CreatedAt: now, ExpiresAt: now.Add(stateLife),
	}
	target, err := p.target(far, raw, state, start.LoginHint)
	if err != nil {
		return "", fmt.Errorf("begin a sign-in at %s: %w", p.id, err)
	}
	state.Hash = hashed(raw)
	if state.BrowserHash, err = s.bind(w, r, func(*notes) {}); err != nil {
		return "", fmt.Errorf("begin a sign-in at %s: %w", p.id, err)
	}
	if err := s.Store.AddState(r.Context(), state); err != nil {
		return "", err
	}
	return target, nil
}

// target adds to goth's address what goth leaves out: the nonce and the PKCE
// challenge (RFC 7636), whose secret halves never leave this machine.
func (p *provider) target(far goth.Provider, raw string, state db.State, hint string) (string, error) {
	session, err := far.BeginAuth(raw)
	if err != nil {
		return "", err
	}
	begun, err := session.GetAuthURL()
	if err != nil {
		return "", err
	}
	target, err := url.Parse(begun)
	if err != nil {
		return "", err
	}
	query := target.Query()
	if p.pkce {
		query.Set("nonce", state.Nonce)
		query.Set("code_challenge", oauth2.S256ChallengeFromVerifier(state.CodeVerifier))
		query.Set("code_challenge_method", "S256")
	}
	if email, err := normalEmail(hint); err == nil {
		query.Set("login_hint", email)
	}
	target.RawQuery = query.Encode()
	return target.String(), nil
}
