package views

// Prove is the page that asks for the address of an identity that nobody vouches for.
type Prove struct {
	Provider string // name on its button
	Email    string // what the provider said, or as typed
	Error    string // about the address; may be ""
}
