package auth

import (
	"context"
	"net/url"

	"counterfoil/db"
)

// provider is one identity provider as the flow sees it. A kind differs from another in
// how a sign-in there begins and in what its answer proves; the flow around is the same.
type provider struct {
	id        string
	name      string // on the button
	authority string // whose subjects these are: kept with every identity
	origin    string // where its pages are
	// begin returns where to send the browser, and what must be kept until it comes
	// back, as JSON; it may call the provider.
	begin func(ctx context.Context, a attempt) (target, session string, err error)
	// redeem turns the answer of a callback into an identity, after checking it. Its
	// errors are Refusals of ProviderRefused, ProviderDown or UnverifiedEmail.
	redeem func(ctx context.Context, a attempt, answer url.Values) (db.Identity, error)
	// direct: its pages begin on its origin, without a redirect to another host.
	direct bool
	// byForm: it answers by a form that its page posts (see KeepAnswer).
	byForm bool
	// proof is the parameter of the callback that proves something; empty for "code".
	proof string
	// foreign looks at the iss values of a callback (RFC 9207): is it another's? Nil
	// for providers that never send one.
	foreign func(iss []string) bool
}

// attempt is one sign-in at a provider: secrets of our own making, fresh each time.
type attempt struct {
	callback string // absolute URL that the browser comes back to
	state    string // as it travels through the browser
	nonce    string // OpenID Connect Core 1.0 section 3.1.2.1
	verifier string // PKCE, RFC 7636
	hint     string // address to prefill there; may be empty
	session  string // what begin wanted kept
}

// proofParameter names what a callback of this provider must hold.
func (p *provider) proofParameter() string {
	if p.proof == "" {
		return "code"
	}
	return p.proof
}
