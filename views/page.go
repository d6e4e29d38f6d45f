// Package views renders every page of the portal as HTML, and its mails.
//
// It knows words, layout, numbers as text and charts. It must not know the
// database, the providers, requests or the clock: a handler hands it a Page
// and a view model whose strings are already formatted by a Translator.
package views

// Page is what every page shares: who is looking, in which words and colours,
// and what has to be said above the content. T must be set; the rest may be zero.
type Page struct {
	T     *Translator
	Title string // for <title>, without the brand's name
	Path  string // the request's path and query, where the theme form returns to
	Nav   Nav    // which entry of the navigation is marked as current
	Theme Theme
	Brand Brand

	User *User // nil: nobody is signed in
	Demo *Demo // nil: no offline twin behind this portal

	Payer    string    // id of who pays for what is bought from this page; "" for nobody
	Acting   *Acting   // nil: nobody is signed in
	Operator *Operator // nil: the reader is none

	Flash *Flash // nil: nothing to report from the last action
	AsOf  *AsOf  // nil: nothing on the page is a copy of a provider's data

	RequestID string // shown on error pages, so that a report can be found in the log
}

// t is the text of that id in the page's language.
func (p Page) t(id string, args ...any) string { return p.T.T(id, args...) }

func (p Page) brand() string {
	if p.Brand.Name == "" {
		return "Counterfoil"
	}
	return p.Brand.Name
}

// windowTitle is what the browser's window, its history and its bookmarks show.
func (p Page) windowTitle() string {
	if p.Title == "" {
		return p.brand()
	}
	return p.Title + " · " + p.brand()
}

// Nav names an entry of the main navigation.
type Nav string

// Entries of the main navigation; "" marks none.
const (
	NavPlans   Nav = "plans"
	NavPortal  Nav = "portal"
	NavUsage   Nav = "usage"
	NavCredits Nav = "credits"
	NavAdmin   Nav = "admin" // for operators
)

// Theme is the reader's choice of colours, as stored in a cookie.
type Theme string

// Themes. ThemeSystem follows the device.
const (
	ThemeSystem Theme = ""
	ThemeLight  Theme = "light"
	ThemeDark   Theme = "dark"
)

// ParseTheme returns the theme of that name, and ThemeSystem for any other text.
func ParseTheme(name string) Theme {
	switch t := Theme(name); t {
	case ThemeLight, ThemeDark:
		return t
	}
	return ThemeSystem
}

// Brand is the operator's: everything else about the look is neutral.
type Brand struct {
	Name       string // "" shows "Counterfoil"
	LogoURL    string // a square image of our own origin; "" shows our mark
	Stylesheet string // URL of one more stylesheet, which may set --accent; "" for none
	Support    string // e-mail address shown on error pages and in mails; may be ""
}

// User is who is signed in.
type User struct {
	Name     string // may be ""
	Email    string
	Initials string // one or two letters, see Initials
}

// Demo says where the offline twin lives; the banner on every page links there.
type Demo struct {
	FrontURL   string // the twin's front page
	MailboxURL string // every mail that the demo sent
}

// Flash reports the outcome of the last action, once.
type Flash struct {
	Tone Tone
	Text string
}

// AsOf says how old the page's copy of the provider's data is.
type AsOf struct {
	At    Time // when the copy was made
	Stale bool // the provider could not be reached since
}

// Tone says how a text should feel; it is never the only carrier of a meaning.
type Tone string

// Tones.
const (
	ToneNeutral Tone = "neutral"
	ToneGood    Tone = "good"
	ToneWarn    Tone = "warn"
	ToneBad     Tone = "bad"
)

// Time is a moment as text, rendered as <time>. The zero Time renders nothing.
type Time struct {
	Machine string // RFC 3339, or a date for a whole day
	Text    string // what is read: "3 December 2026", "5 minutes ago"
	Title   string // the exact moment, on hover; may be ""
}

// Link is a place to go.
type Link struct {
	URL     string
	Text    string
	Current bool // it is where the reader is
}

// Initials returns up to two upper-case letters for a name, or for an e-mail
// address where there is no name.
func Initials(name, email string) string {
	if name == "" {
		name = email
	}
	var letters []rune
	start := true
	for _, r := range name {
		switch {
		case r == '@':
			return upper(letters)
		case r == ' ' || r == '.' || r == '-' || r == '_':
			start = true
		case start && len(letters) < 2:
			letters = append(letters, r)
			start = false
		default:
			start = false
		}
	}
	return upper(letters)
}
