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

// FinishProvider ends a sign-in at a provider, or the linking of an identity: it reads
// what that provider's callback proves (or the form before it did: see KeepAnswer), state,
// error and iss, and nothing else, at the path that it began for, and never twice for one state. Refusals: UnknownProvider,
// ForeignBrowser (also: too late, another session, or a state used before),
// ProviderDenied, ProviderDown, ProviderRefused, UnverifiedEmail (the identity then waits
// for its owner to prove an address: see AskProof), IdentityTaken (linking only), TooMany.
// Next and Linking are known even then, once the state was.
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
	state, h, err := s.begun(r, p.id, answer, now)
	if err != nil {
		return Arrival{}, err
	}
	back := Arrival{Next: state.Next, Linking: state.LinkUser != ""}
	if answer, err = p.answered(state, answer); err != nil {
		return back, err
	}
	if err := p.judge(answer); err != nil {
		return back, err
	}
	identity, err := p.prove(r.Context(), state, answer)
	if err != nil {
		return back, err
	}
	if back.Linking {
		return back, s.link(r, p, identity, state.LinkUser, now)
	}
	arrival, err := s.enterWith(w, r, p, identity, state, h.row.ID)
	if reason := ReasonOf(err); reason != nil && reason.Reason == UnverifiedEmail {
		if failed := s.letWait(r, p, identity, state, now); failed != nil {
			return back, failed
		}
	}
	if err != nil {
		return back, err
	}
	return arrival, nil
}

// enterWith signs in with an identity that was proven. before is the session that ends.
func (s *Service) enterWith(w http.ResponseWriter, r *http.Request, p *provider, identity db.Identity, state db.State, before string) (Arrival, error) {
	row, token := s.newSession(r, ByIdentity)
	entering, err := s.entering(r, row, token, before)
	if err != nil {
		return Arrival{}, err
	}
	if entering.Linked, err = s.notice(r, EventIdentityLinked, p.name); err != nil {
		return Arrival{}, err
	}
	entry, err := s.Store.SignInWithIdentity(r.Context(), identity, entering)
	switch {
	case errors.Is(err, db.ErrSignUpClosed):
		return Arrival{}, refuse(SignUpClosed, err)
	case errors.Is(err, billing.ErrDenied):
		return Arrival{}, refuse(UnverifiedEmail, err)
	case err != nil:
		return Arrival{}, err
	}
	arrival, err := s.arrive(w, r, entry, row, token, state.Next)
	if err != nil || !entry.Waits {
		return arrival, err
	}
	_, err = s.note(w, r, func(n *notes) { n.Waits = &waits{identity, p.name} })
	return arrival, err
}

// begun takes out the sign-in that a callback belongs to, if this browser began it at that
// provider for that path, and tells the session that it comes back in.
func (s *Service) begun(r *http.Request, provider string, answer url.Values, now time.Time) (db.State, *held, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return db.State{}, nil, fmt.Errorf("callback of %s: %w", provider, err)
	}
	browser, _, err := h.bound()
	if err != nil {
		return db.State{}, nil, fmt.Errorf("callback of %s: %w", provider, err)
	}
	if browser == "" || len(answer["state"]) != 1 || !isToken(answer.Get("state")) {
		return db.State{}, nil, refuse(ForeignBrowser, errors.New("no state, or none of ours"))
	}
	state, err := s.Store.TakeState(r.Context(), hashed(answer.Get("state")), provider, browser)
	switch {
	case errors.Is(err, billing.ErrNotFound):
		return db.State{}, nil, refuse(ForeignBrowser, err)
	case err != nil:
		return db.State{}, nil, err
	case !now.Before(state.ExpiresAt):
		return db.State{}, nil, refuse(ForeignBrowser, errors.New("the state has expired"))
	case state.RedirectURI != s.BaseURL+r.URL.Path:
		return db.State{}, nil, refuse(ForeignBrowser, errors.New("the state was for another callback"))
	case state.LinkUser != "" && (state.LinkSession != h.row.ID || state.LinkUser != h.row.UserID):
		return db.State{}, nil, refuse(ForeignBrowser, errors.New("another session began to link"))
	}
	return state, h, nil
}

// judge looks at what a callback says before what it proves is worth anything.
func (p *provider) judge(answer url.Values) error {
	if len(answer["iss"]) > 0 && p.foreign == nil || p.foreign != nil && p.foreign(answer["iss"]) {
		return refuse(ProviderRefused, errors.New("the callback does not name the issuer it must come from"))
	}
	proof := answer[p.proofParameter()]
	switch problem := answer.Get("error"); {
	case problem == "access_denied", problem == "user_cancelled_authorize", answer.Has("denied"), answer.Get("openid.mode") == "cancel":
		return refuse(ProviderDenied, nil)
	case problem != "":
		return refuse(ProviderRefused, fmt.Errorf("the provider answered %.64q", problem))
	case len(proof) != 1 || proof[0] == "":
		return refuse(ProviderRefused, errors.New("the callback proves nothing"))
	}
	return nil
}
