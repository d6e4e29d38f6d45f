package views

// Account is the reader's own data. Its form posts "name" to /account.
type Account struct {
	Name     string
	Email    string
	Verified bool
	Error    string // about the name; may be ""
	Pending  string // the address that he wants to change to; "" for none
	Refused  bool   // the billing provider does not take his address
}

// Session is one signed-in browser. All but the current one can be ended by a
// form to POST /account/sessions/{ID}/end.
type Session struct {
	ID       string
	Device   string // "Firefox on Linux"
	Address  string // where it was last seen from; may be ""
	Proof    string // how its user proved who he is: "with a passkey"; may be ""
	LastSeen Time
	Started  Time
	Current  bool
}

// EmailChange is a change of address: asked for, or under way when New is set. Then each
// address is proven by the code that was mailed to it.
type EmailChange struct {
	Email string // the address now
	New   string
	Typed string // what was typed before an error
	Error string // about the field of Step; may be ""
	Step  string // "new", "old" or "" for the form that asks

	NewProven, OldProven bool
	Ends                 Time
}

// Identities are the accounts elsewhere that open the reader's, and those that can be
// added.
type Identities struct {
	Linked   []Identity
	Offered  []LoginProvider
	Verified bool // his address is proven; without that nothing is linked
}

// Identity is one of them. It is unlinked by a form to POST
// /account/identities/{ID}/unlink.
type Identity struct {
	ID       string
	Provider string // its name
	Email    string // as told there; may be ""
	Off      bool   // nobody signs in with that provider at the moment
	Linked   Time
	Used     Time
}
