package views

// Portal is the customer's front page: what needs them first, then what they have.
type Portal struct {
	Member        bool // he sees usage and benefits alone
	Needs         []Need
	Subscriptions []Subscription // running ones; none and no orders is a newcomer
	Meters        []Meter
	Orders        []OrderRow // the latest few
	MoreOrders    bool
	Benefits      []Benefit
	Provider      string // "Polar"; "" hides the way to its own portal
}

// Need is something that the customer should act on, with at most one action:
// a link (URL), or a form to POST (Post).
type Need struct {
	Tone   Tone
	Title  string
	Text   string
	Action string // the action's words
	URL    string
	Post   string
}
