package views

import "net/url"

// Login is the sign-in page. Step one asks for an address; once a code was
// sent (Sent), step two asks for it.
type Login struct {
	Email   string // as typed, or the address that the code went to
	Next    string // path to return to; a hidden field "next" in every form
	Sent    bool
	Minutes string // how long the code counts: "10"
	Resent  bool   // a fresh code was just sent
	Error   string // about the address, or about the code when Sent; may be ""

	// What is on here.
	Codes, Links, Passwords bool
	SignUps                 bool // strangers become users
	ByPassword              bool // step one asks for the password too

	Providers []LoginProvider
	Personas  []Persona // in the demo only
	Passkey   bool      // people can sign in by passkey
}

// Persona is someone to sign in as with one click, in the demo: a form to
// POST /login/{Provider} with the address in the field "login_hint".
type Persona struct {
	Provider string
	Name     string
	Email    string
	About    string // "Pro for fourteen months"
}

// mailOrPassword tells whether step one asks for an address.
func (m Login) mailOrPassword() bool { return m.Codes || m.Links || m.Passwords }

// swaps tells whether step one may ask for a password or not, as the reader likes.
func (m Login) swaps() bool { return m.Passwords && (m.Codes || m.Links) }

// loginLead says what the first step is for.
func loginLead(m Login) string {
	switch {
	case !m.SignUps:
		return "login.lead.closed"
	case !m.Codes:
		return "login.lead.link"
	}
	return "login.lead"
}

// loginURL, passwordURL and signUpURL are the ways between the forms, which lead on to
// next, a local path or empty.
func loginURL(next string) string    { return withNext("/login", url.Values{}, next) }
func passwordURL(next string) string { return withNext("/login", url.Values{"password": {""}}, next) }
func signUpURL(next string) string   { return withNext("/login/new", url.Values{}, next) }

func withNext(path string, query url.Values, next string) string {
	if next != "" {
		query.Set("next", next)
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}
