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
