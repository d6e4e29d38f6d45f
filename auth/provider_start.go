package auth

import (
	"fmt"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"counterfoil/billing"
	"counterfoil/db"
)

// stateLife is how long a sign-in at a provider may take.
const stateLife = 10 * time.Minute

// ProviderStart is what a sign-in at a provider begins with.
type ProviderStart struct {
	Provider  string // id, from the route
	Next      string // kept as it is for the Arrival
	LoginHint string // address to prefill there; may be empty
	// Callback is the path that the browser comes back to, and the only one where the
	// sign-in can be finished; empty for /login/{provider}/callback. The provider must
	// know it as a redirect URI, after the base URL.
	Callback string
}

// StartProvider begins a sign-in at an identity provider and returns the address to
// send the browser to. Refusals: UnknownProvider, ProviderDown, TooMany.
func (s *Service) StartProvider(w http.ResponseWriter, r *http.Request, start ProviderStart) (string, error) {
	return s.beginAt(w, r, start, db.State{})
}

// StartLink begins to link an identity to the visitor, who must have proven his address;
// whether he proved himself lately is the caller's to ask. FinishProvider, at the callback,
// links it if it is reached in the same session. Refusals: UnprovenAddress, and those of
// StartProvider. ErrDenied: nobody is signed in.
func (s *Service) StartLink(w http.ResponseWriter, r *http.Request, start ProviderStart) (string, error) {
	who, err := s.Who(r)
	if err != nil {
		return "", err
	}
	if !who.SignedIn() {
		return "", fmt.Errorf("link an identity to nobody: %w", billing.ErrDenied)
	}
	if !who.EmailVerified {
		return "", refuse(UnprovenAddress, nil)
	}
	return s.beginAt(w, r, start, db.State{LinkSession: who.SessionID, LinkUser: who.UserID})
}

// beginAt starts either of them; state says what it is for.
func (s *Service) beginAt(w http.ResponseWriter, r *http.Request, start ProviderStart, state db.State) (string, error) {
	p, known := s.providers[start.Provider]
	if !known {
		return "", refuse(UnknownProvider, nil)
	}
	now := s.Now()
	if err := s.limits.asks.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return "", err
	}
	if start.Callback == "" {
		start.Callback = callbackPath(p.id)
	}
	a := attempt{callback: s.BaseURL + start.Callback, state: newToken(), nonce: newToken(), verifier: oauth2.GenerateVerifier()}
	if email, err := normalEmail(start.LoginHint); err == nil {
		a.hint = email
	}
	target, session, err := p.contained(r.Context(), a)
	if err != nil {
		return "", fmt.Errorf("begin a sign-in at %s: %w", p.id, err)
	}
	state.Hash, state.Provider, state.Session, state.RedirectURI = hashed(a.state), p.id, session, a.callback
	state.Nonce, state.CodeVerifier = a.nonce, a.verifier
	state.Next, state.CreatedAt, state.ExpiresAt = start.Next, now, now.Add(stateLife)
	if state.BrowserHash, err = s.bind(w, r, func(*notes) {}); err != nil {
		return "", fmt.Errorf("begin a sign-in at %s: %w", p.id, err)
	}
	if err := s.Store.AddState(r.Context(), state); err != nil {
		return "", err
	}
	return target, nil
}

// callbackPath is where the portal's own pages let a sign-in at a provider come back to.
func callbackPath(provider string) string { return "/login/" + provider + "/callback" }
