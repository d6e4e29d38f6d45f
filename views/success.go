package views

// Success is where the provider's checkout sends the browser back to. It tells
// what our own copy knows, never what the URL claims.
type Success struct {
	State CheckoutState

	// While State is waiting or processing, the page listens to StreamURL, a
	// text/event-stream whose "state" events carry a CheckoutState; another
	// state than the one on the page reloads it. Without JavaScript the page
	// asks again every few seconds.
	StreamURL string
	Steps     []Step // what has happened so far

	Product string   // what is being bought; "" when not known
	Reason  string   // the provider's sentence on a failed payment; may be ""
	Slug    string   // the plan to try again with; "" links to /plans
	Receipt *Receipt // when paid
	Next    []Link   // what to do now, the best one first
}

// CheckoutState is where a checkout stands.
type CheckoutState string

// States of a checkout. CheckoutUnknown covers both a missing checkout and
// somebody else's: the page must not tell them apart.
const (
	CheckoutWaiting    CheckoutState = "waiting"    // paid for all we know; the mirror has no order yet
	CheckoutProcessing CheckoutState = "processing" // the payment itself takes longer
	CheckoutPaid       CheckoutState = "paid"
	CheckoutFailed     CheckoutState = "failed"
	CheckoutExpired    CheckoutState = "expired"
	CheckoutCanceled   CheckoutState = "canceled" // the buyer turned back
	CheckoutUnknown    CheckoutState = "unknown"
)

// Step is one thing that has to happen before a purchase counts.
type Step struct {
	Text string
	Done bool
}
