package views

// Seats are those of one plan of an organisation, on its page. The forms post to
// /orgs/{slug}/seats and below it.
type Seats struct {
	Subscription string // the provider's id, what the form posts as "subscription"
	Plan         string
	Count        string // "2 of 5 seats are given"
	Manages      bool   // the reader gives and takes them
	ChangeURL    string // where their number is changed; "" while the reader acts for somebody else
	Rows         []Seat // all for who manages them, else the reader's own
	People       []Choice
	Full         bool   // none is free
	Error        string // of the form; may be ""
}

// Seat is one that is given, or asked for.
type Seat struct {
	ID     string // "" while it is only asked for
	Name   string // may be ""
	Email  string
	Status SeatStatus
	Until  Time // of the invitation
	You    bool // the reader's: one that waits has a button to take it
	Busy   bool // a change of it is on its way: no buttons
	Note   string
}

// SeatStatus is where a seat stands.
type SeatStatus string

// Statuses of a seat.
const (
	SeatPending  SeatStatus = "pending"
	SeatClaimed  SeatStatus = "claimed"
	SeatGiving   SeatStatus = "giving"   // asked for, and not told to the provider yet
	SeatRevoking SeatStatus = "revoking" // is being taken back
	SeatRefused  SeatStatus = "refused"
)

var seatWords = map[SeatStatus]struct {
	tone Tone
	id   string
}{
	SeatPending: {ToneWarn, "seat.pending"}, SeatClaimed: {ToneGood, "seat.claimed"}, SeatGiving: {ToneNeutral, "seat.giving"},
	SeatRevoking: {ToneNeutral, "seat.revoking"}, SeatRefused: {ToneBad, "seat.refused"},
}

// ChangeSeats says what another number of seats costs before it is bought. A first form
// asks (GET) for "seats", the second posts it with "from", the number that the page shows.
type ChangeSeats struct {
	Subscription Subscription
	From         string      // what the facts were worked out from; comes back with the form
	Seats        string      // as typed
	Least, Most  int         // Most 0: no limit
	Given        string      // "2 are given"
	Facts        []PriceLine // what it costs; nil while nothing else was typed
	Button       string
	Error        string
}

// PriceLine is one line of a statement of what something costs.
type PriceLine struct{ Term, Value, Note string }
