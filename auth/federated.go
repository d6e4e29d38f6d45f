package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"counterfoil/billing"
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

// redeem turns a code into an identity. goth asserts the types of what a provider
// sends and panics when they are others; a hostile answer is still only refused.
func (p *provider) redeem(ctx context.Context, code string, state db.State) (identity db.Identity, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			identity, err = db.Identity{}, refuse(ProviderRefused, fmt.Errorf("the provider's answer made goth panic: %v", cause))
		}
	}()
	far, err := p.open(ctx)
	if err != nil {
		return db.Identity{}, refuse(ProviderDown, err)
	}
	session, err := far.UnmarshalSession(state.Session)
	if err != nil {
		return db.Identity{}, fmt.Errorf("sign-in at %s: %w", p.id, err)
	}
	// Params of our own making: goth would take redirect_uri and code_verifier too.
	params := url.Values{"code": {code}}
	if p.pkce {
		params.Set("code_verifier", state.CodeVerifier)
	}
	if _, err := session.Authorize(far, params); err != nil {
		return db.Identity{}, exchangeFailed(err)
	}
	identity, err = p.identify(ctx, session, state)
	if err != nil {
		return db.Identity{}, err
	}
	return p.tidy(identity)
}

// exchangeFailed tells a provider that says no from one that can't be asked.
func exchangeFailed(err error) error {
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) {
		cause := fmt.Errorf("token endpoint answered %d %.64q", answered.Response.StatusCode, answered.ErrorCode)
		if answered.Response.StatusCode < http.StatusInternalServerError {
			return refuse(ProviderRefused, cause)
		}
		return refuse(ProviderDown, cause)
	}
	var unreachable *url.Error
	if errors.As(err, &unreachable) {
		return refuse(ProviderDown, fmt.Errorf("token endpoint: %w", unreachable.Err))
	}
	return refuse(ProviderRefused, fmt.Errorf("token endpoint: %w", err))
}

// maxSubject is the longest subject (OpenID Connect Core 1.0 section 2), in bytes.
const maxSubject = 255

// tidy brings what a provider said into our own forms. An address that is none
// counts as missing, a name that is none as empty.
func (p *provider) tidy(id db.Identity) (db.Identity, error) {
	id.Provider = p.authority
	if id.Subject == "" || len(id.Subject) > maxSubject {
		return db.Identity{}, refuse(ProviderRefused, errors.New("no subject of a fitting length"))
	}
	email, err := normalEmail(id.Email)
	if err != nil {
		email, id.EmailVerified = "", false
	}
	name, err := cleanName(id.Name)
	if err != nil {
		name = ""
	}
	id.Email, id.Name = email, name
	return id, nil
}
