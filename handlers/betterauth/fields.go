package betterauth

// emailAddress is a field whose schema wants the shape of an address; auth is the judge
// of what mail can go to.
type emailAddress string

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *emailAddress) UnmarshalText(text []byte) error {
	if !address.Match(text) {
		return invalid("[body.email] Invalid email address")
	}
	*e = emailAddress(text)
	return nil
}

// someText is a field whose schema wants at least one character.
type someText string

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *someText) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return invalid("[body.password] Too small: expected string to have >=1 characters")
	}
	*s = someText(text)
	return nil
}
