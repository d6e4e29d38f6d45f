package views

// Login is the sign-in page. Step one asks for an address; once a code was
// sent (Sent), step two asks for it.
type Login struct {
	Email     string // as typed, or the address that the code went to
	Next      string // path to return to; a hidden field "next" in every form
	Sent      bool
	Minutes   string // how long the code counts: "10"
	Resent    bool   // a fresh code was just sent
	Error     string // about the address, or about the code when Sent; may be ""
	Providers []LoginProvider
	Personas  []Persona // in the demo only
}

// LoginProvider is one "Continue with" button: a form to POST /login/{ID}.
type LoginProvider struct {
	ID   string
	Name string
}

// Persona is someone to sign in as with one click, in the demo: a form to
// POST /login/{Provider} with the address in the field "login_hint".
type Persona struct {
	Provider string
	Name     string
	Email    string
	About    string // "Pro for fourteen months"
}
