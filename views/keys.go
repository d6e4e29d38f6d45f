package views

// AdminKeyTab is the page of API keys.
const AdminKeyTab AdminTab = "keys"

// AdminKeys are the API keys of the operator's other servers.
type AdminKeys struct {
	Rows   []KeyRow
	Form   KeyForm
	Secret string // of a key just made, shown this once; may be ""
	Made   string // its name
}

// KeyRow is one key.
type KeyRow struct {
	ID      string
	Name    string
	Hint    string // how it begins
	Scopes  []string
	Created Time
	Ends    Time   // may be nothing
	Used    Time   // may be nothing
	From    string // where it was last used from; may be ""
	State   State
	Counts  bool // it can be revoked
}

// KeyForm makes a key.
type KeyForm struct {
	Name   string
	Scopes []Choice
	Ends   []Choice
	Error  string
}

// Choice is one of several things to tick or pick.
type Choice struct {
	Value, Text, Note string
	Chosen            bool
}
