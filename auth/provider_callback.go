package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// FinishProvider ends a sign-in at a provider: it reads code, state, error and iss
// of the callback and nothing else, and never twice for one state. Refusals:
// UnknownProvider, ForeignBrowser (also: too late, or a state used before),
// ProviderDenied, ProviderDown, ProviderRefused, UnverifiedEmail, TooMany. Next is
// known even then, once the state was.
func (s *Service) FinishProvider(w http.ResponseWriter, r *http.Request, id string) (Arrival, error) {
	p, known := s.providers[id]
	if !known {
		return Arrival{}, refuse(UnknownProvider, nil)
	}
	now := s.Now()
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return Arrival{}, err
	}
	answer := r.URL.Query()
	state, before, err := s.begun(r, p.id, answer, now)
	if err != nil {
		return Arrival{}, err
	}
	back := Arrival{Next: state.Next}
	if err := p.judge(answer); err != nil {
		return back, err
	}
	identity, err := p.redeem(r.Context(), answer.Get("code"), state)
	if err != nil {
		return back, err
	}
	row, token := s.newSession(r)
	entry, err := s.Store.SignInWithIdentity(r.Context(), identity, db.SignIn{
		Session: row, Replaces: before, CreateCustomer: !s.SkipCreateCustomer, Now: now,
	})
	if errors.Is(err, billing.ErrDenied) {
		return back, refuse(UnverifiedEmail, err)
	}
	if err != nil {
		return back, err
	}
	return s.arrive(w, r, entry, row, token, state.Next)
}

// begun takes out the sign-in that a callback belongs to, if this browser began it
// at that provider, and tells the session it began in.
func (s *Service) begun(r *http.Request, provider string, answer url.Values, now time.Time) (db.State, string, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return db.State{}, "", fmt.Errorf("callback of %s: %w", provider, err)
	}
	browser, _, err := h.bound()
	if err != nil {
		return db.State{}, "", fmt.Errorf("callback of %s: %w", provider, err)
	}
	if browser == "" || len(answer["state"]) != 1 || !isToken(answer.Get("state")) {
		return db.State{}, "", refuse(ForeignBrowser, errors.New("no state, or none of ours"))
	}
	state, err := s.Store.TakeState(r.Context(), hashed(answer.Get("state")), provider, browser)
	if errors.Is(err, billing.ErrNotFound) {
		return db.State{}, "", refuse(ForeignBrowser, err)
	}
	if err != nil {
		return db.State{}, "", err
	}
	if !now.Before(state.ExpiresAt) {
		return db.State{}, "", refuse(ForeignBrowser, errors.New("the state has expired"))
	}
	return state, h.row.ID, nil
}

// judge looks at what a callback says before its code is worth anything.
func (p *provider) judge(answer url.Values) error {
	if p.foreign(answer["iss"]) {
		return refuse(ProviderRefused, errors.New("the callback does not name the issuer it must come from"))
	}
	switch problem := answer.Get("error"); {
	case problem == "access_denied":
		return refuse(ProviderDenied, nil)
	case problem != "":
		return refuse(ProviderRefused, fmt.Errorf("the provider answered %.64q", problem))
	case len(answer["code"]) != 1 || answer.Get("code") == "":
		return refuse(ProviderRefused, errors.New("the callback holds no code"))
	}
	return nil
}
