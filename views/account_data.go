package views

// Erase is what erasing the reader's account would do. Its form posts "confirm", his
// address, to /account/data/erase; it is not there while something hinders.
type Erase struct {
	Email      string
	Hindrances []Hindrance
	Goes       []string // what is erased
	Stays      []string // what is kept, and why
	StaysUntil string   // "Until 31 December 2036"; "" when nothing ends
	Error      string   // about what was typed; may be ""
}

// Hindrance is what must end before anything is erased, and where.
type Hindrance struct{ Text, URL, Link string }
