package views

// Passkeys are the reader's.
type Passkeys struct {
	Offered bool // this installation lets people in by passkey
	Rows    []PasskeyRow
}

// PasskeyRow is one of them.
type PasskeyRow struct {
	ID    string
	Name  string
	Added Time
	Used  Time // may be nothing
}

// PasskeyButton asks the browser for a passkey; it needs a script.
type PasskeyButton struct {
	Kind  string // "add" or "use"
	Begin string // where its options come from
	End   string // where its answer goes
	Next  string // where to go then; may be ""
	Text  string
	Class string
}
