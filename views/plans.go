package views

// Plans is the page of everything that can be bought.
type Plans struct {
	Interval Interval // which of the two the reader is looking at
	Monthly  bool     // there are monthly plans
	Yearly   bool     // there are yearly plans; with Monthly, a switch is shown
	Saving   string   // beside "Yearly", such as "Save 17 %"; may be ""
	Plans    []PlanCard
	Packs    []PlanCard // bought once
}

// Interval is how often a price is paid.
type Interval string

// Intervals. Once is a purchase without renewal.
const (
	Once  Interval = ""
	Day   Interval = "day"
	Week  Interval = "week"
	Month Interval = "month"
	Year  Interval = "year"
)

// Payers asks for whom a plan is to be bought. A choice posts "plan" and its value as
// "for" to /checkout/for.
type Payers struct {
	Plan, Slug string
	Text       string   // for whom the page was, and for whom the reader acts
	Choices    []Choice // the one that he acts for first
}

// PlanCard is one product at one price.
type PlanCard struct {
	Slug        string // what POST /checkout sends as "plan"
	Name        string
	Description string // one line; may be ""
	Price       string // "$24", or the catalogue's "Free"
	Interval    Interval
	Count       int      // of intervals between two payments; 0 is 1
	Note        string   // under the price, such as "$20.00 a month, billed yearly"; may be ""
	Included    []string // amounts: "2,000 AI credits a month"
	Benefits    []string // "Priority support"
	Featured    bool     // drawn in the accent; one per page
	Chosen      bool     // the reader chose it before he signed in
	Current     bool     // the reader has it: no button
	Unavailable string   // why it cannot be chosen now, in place of the button; may be ""
	ManageURL   string   // beside Current or Unavailable: where to change what they have
}
