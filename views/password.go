package views

// Credentials is a form of an address, a password, or both: to sign up, to ask for a new
// password, to choose it, or to confirm an address.
type Credentials struct {
	Email  string
	Name   string
	Next   string
	Token  string // of the mailed link
	Typed  bool   // the password must be typed
	Errors FieldErrors
}

// FieldErrors are sentences beside fields; each may be "".
type FieldErrors struct {
	Name, Email, Password, Current, Remove string
}

// SentMail is the page after a mail was sent: what it carries, where it went.
type SentMail struct {
	Kind  string // verify or reset
	Email string
}

// CodeLink is the page behind the link of a sign-in mail.
type CodeLink struct {
	ID, Code string
	API      bool   // it was asked for over the Better Auth API
	NewUser  string // where a new user is led; may be empty
	Here     bool   // this browser asked for it
	Email    string // only Here
	Typed    bool   // codes may be typed
	Device   string // that asked
	Asked    Time
}

// DeadLink is the page behind a link that no longer counts.
type DeadLink struct {
	Text  string
	Again string // label of the link that starts anew
	URL   string
}

// PasswordSettings is the section of the account's security page about the password.
type PasswordSettings struct {
	Email  string
	Set    bool // there is one
	Since  Time // when it was chosen
	Errors FieldErrors
}
