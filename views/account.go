package views

// Account is the reader's own data. Its form posts "name" to /account.
type Account struct {
	Name     string
	Email    string
	Verified bool
	Error    string // about the name; may be ""
	Sessions []Session
}

// Session is one signed-in browser. All but the current one can be ended by a
// form to POST /account/sessions/{ID}/end.
type Session struct {
	ID       string
	Device   string // "Firefox on Linux"
	Address  string // where it was last seen from; may be ""
	LastSeen Time
	Started  Time
	Current  bool
}
