package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/markbates/goth"
	"golang.org/x/oauth2"

	"counterfoil/db"
)

// far makes goth's half of one provider. goth keeps what it was told in it, so each
// sign-in gets its own.
type far func(c ProviderConfig, callback string) goth.Provider

// standard makes most of goth's providers, which are told the same things.
func standard[P goth.Provider](make func(key, secret, callback string, scopes ...string) P, scopes ...string) far {
	return func(c ProviderConfig, callback string) goth.Provider {
		return make(c.ClientID, c.ClientSecret, callback, scopes...)
	}
}

// gothFlow is a provider of goth's catalogue. goth knows its addresses and the shape of
// its profile; state, callback, parameters and client are ours.
type gothFlow struct {
	config ProviderConfig
	make   far
	client *http.Client
	gothTrait
}

// gothTrait is in what some of them differ.
type gothTrait struct {
	pkce bool // its session passes a code_verifier on, so a challenge may be sent
	// inCallback: it knows no state, so that the state is in the query of the callback.
	inCallback bool
	// proof is the parameter of a callback that proves something, where it is not the
	// code; also are those that it reads beside.
	proof string
	also  []string
	// careful looks at them first, for what goth does not check.
	careful func(answer url.Values) error
}

// viaGoth makes a kind of one of goth's providers.
func viaGoth(make far, special gothTrait) maker {
	return func(config ProviderConfig, around surroundings) (*provider, error) {
		flow := &gothFlow{config: config, make: make, client: around.client, gothTrait: special}
		target, _, err := flow.begin(context.Background(), attempt{callback: "https://localhost", state: "none"})
		if err != nil {
			return nil, err
		}
		origin, err := secureURL(withoutQuery(target))
		if err != nil {
			return nil, fmt.Errorf("its page to sign in: %w", err)
		}
		return &provider{authority: origin, origin: origin, begin: flow.begin, redeem: flow.redeem, proof: special.proof}, nil
	}
}

// open makes goth's half, with our client in it.
func (f *gothFlow) open(a attempt) (goth.Provider, error) {
	callback := a.callback
	if f.inCallback {
		callback += "?state=" + url.QueryEscape(a.state)
	}
	p := f.make(f.config, callback)
	if err := equip(p, f.client); err != nil {
		return nil, err
	}
	return p, nil
}

// equip gives goth's half our client. goth has no interface for that, only a field in
// nearly all of its types; one without it must not make calls without limits.
func equip(p goth.Provider, client *http.Client) error {
	at := reflect.Indirect(reflect.ValueOf(p))
	for _, name := range []string{"HTTPClient", "Client"} {
		if field := at.FieldByName(name); field.IsValid() && field.CanSet() && field.Type() == reflect.TypeOf(client) {
			field.Set(reflect.ValueOf(client))
			return nil
		}
	}
	return fmt.Errorf("goth's %s takes no client of ours", p.Name())
}

func (f *gothFlow) begin(_ context.Context, a attempt) (target, session string, err error) {
	p, err := f.open(a)
	if err != nil {
		return "", "", err
	}
	begun, err := p.BeginAuth(a.state)
	if err != nil {
		return "", "", refuse(ProviderDown, err)
	}
	target, err = begun.GetAuthURL()
	if err != nil {
		return "", "", refuse(ProviderDown, err)
	}
	if f.pkce {
		u, err := url.Parse(target)
		if err != nil {
			return "", "", err
		}
		query := u.Query()
		query.Set("code_challenge", oauth2.S256ChallengeFromVerifier(a.verifier))
		query.Set("code_challenge_method", "S256")
		u.RawQuery = query.Encode()
		target = u.String()
	}
	return target, "{}", nil
}

// redeem lets goth exchange the code and read the profile. Nobody vouches for an address
// here: goth's user does not say whether it was verified.
func (f *gothFlow) redeem(_ context.Context, a attempt, answer url.Values) (db.Identity, error) {
	if f.careful != nil {
		if err := f.careful(answer); err != nil {
			return db.Identity{}, refuse(ProviderRefused, err)
		}
	}
	p, err := f.open(a)
	if err != nil {
		return db.Identity{}, err
	}
	session, err := p.BeginAuth(a.state) // calls nobody; what it holds is ours
	if err != nil {
		return db.Identity{}, err
	}
	// Parameters of our own making: goth would take redirect_uri and code_verifier too.
	params := url.Values{"code": {answer.Get("code")}}
	if f.pkce {
		params.Set("code_verifier", a.verifier)
	}
	for _, name := range f.also {
		params.Set(name, answer.Get(name))
	}
	if _, err := session.Authorize(p, params); err != nil {
		return db.Identity{}, exchangeFailed(err)
	}
	user, err := p.FetchUser(session)
	if err != nil {
		return db.Identity{}, refuse(ProviderDown, fmt.Errorf("profile: %.300s", withoutAddress(err)))
	}
	if user.UserID == "" || user.UserID == "0" { // goth makes a missing number a zero
		return db.Identity{}, refuse(ProviderRefused, errNoID)
	}
	name := user.Name
	if name == "" {
		name = strings.TrimSpace(user.FirstName + " " + user.LastName)
	}
	if strings.Contains(name, " is provided by the ") {
		name = "" // goth's own sentence, where Steam tells none
	}
	return db.Identity{Subject: user.UserID, Email: user.Email, Name: name}, nil
}

// withoutAddress takes the address out of a failed call: some hold an access token.
func withoutAddress(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
