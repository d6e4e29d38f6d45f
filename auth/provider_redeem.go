package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"golang.org/x/oauth2"

	"counterfoil/db"
)

// contained begins a sign-in. goth asserts the types of what a provider sends and panics
// when they are others; a hostile answer is still only refused.
func (p *provider) contained(ctx context.Context, a attempt) (target, session string, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			target, session, err = "", "", refuse(ProviderDown, fmt.Errorf("the provider's answer made goth panic: %v", cause))
		}
	}()
	target, session, err = p.begin(ctx, a)
	if err != nil {
		return "", "", err
	}
	if _, err := secureURL(withoutQuery(target)); err != nil {
		return "", "", refuse(ProviderDown, fmt.Errorf("its page to sign in: %w", err))
	}
	return target, session, nil
}

// withoutQuery is an address up to its query.
func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}

// prove turns the answer of a callback into an identity, in our own forms.
func (p *provider) prove(ctx context.Context, state db.State, answer url.Values) (identity db.Identity, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			identity, err = db.Identity{}, refuse(ProviderRefused, fmt.Errorf("the provider's answer made goth panic: %v", cause))
		}
	}()
	identity, err = p.redeem(ctx, attempt{
		callback: state.RedirectURI, state: answer.Get("state"), nonce: state.Nonce, verifier: state.CodeVerifier, session: state.Session,
	}, answer)
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
	return refuse(ProviderRefused, fmt.Errorf("token endpoint: %.300s", err))
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
