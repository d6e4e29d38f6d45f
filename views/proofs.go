package views

import "encoding/base64"

// Proof asks somebody to prove who he is: the second step of a sign-in, or once more
// before a change about money or safety.
type Proof struct {
	Next        string // path to go on to; a hidden field in every form
	Second      bool   // a code of the authenticator is asked for, or a recovery code
	Passkey     bool   // a passkey can be used
	OnlyPasskey bool   // nothing else is enough
	Password    bool   // the password can be typed
	Mailed      bool   // a code was sent to Email
	Typed       bool   // Error is about the password
	Email       string
	Error       string // about what was typed; may be ""
}

func (m Proof) passwordError() string {
	if m.Typed {
		return m.Error
	}
	return ""
}

func (m Proof) passkeyClass() string {
	if m.OnlyPasskey {
		return "btn-primary"
	}
	return "btn-quiet"
}

// Security is what protects an account.
type Security struct {
	Second   bool   // signing in needs the authenticator
	Left     string // how many recovery codes are left: "7 of 10 recovery codes are left"
	Few      bool   // so few that new ones should be made
	Recovery []string
	Password *PasswordSettings // nil: passwords are off
	Passkeys Passkeys
}

// Setup is an authenticator on its way to be confirmed.
type Setup struct {
	Secret string
	PNG    []byte
	Error  string // about the code; may be ""
}

// picture is a drawing as an address, which the content policy allows for images.
func picture(png []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}

// textFile is a text as the address of a download.
func textFile(text string) string {
	return "data:text/plain;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(text))
}

// spaced groups a secret by four, as people type it.
func spaced(secret string) string {
	var out []byte
	for i := range len(secret) {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, secret[i])
	}
	return string(out)
}
