package views

// Subscription is one recurring agreement as a card.
type Subscription struct {
	ID       string
	Product  string
	Status   SubscriptionStatus
	Price    string // "$24.00"
	Interval Interval
	Count    int // of intervals between two payments; 0 is 1
	Started  Time
	Renews   Time   // zero: it does not renew
	Amount   string // what the renewal will cost
	Ends     Time   // set when it is canceled and still running, or trialing
	Ended    Time   // set when it is over
	Due      bool   // it ends, and a payment that failed is still tried
	Included []string
	Seats    string // "5 seats"; "" for what is not sold by the seat
}

// SubscriptionStatus is our own word for where a subscription stands.
type SubscriptionStatus string

// Statuses of a subscription. SubscriptionEnding runs until Ends, then stops.
const (
	SubscriptionIncomplete SubscriptionStatus = "incomplete"
	SubscriptionTrialing   SubscriptionStatus = "trialing"
	SubscriptionActive     SubscriptionStatus = "active"
	SubscriptionEnding     SubscriptionStatus = "ending"
	SubscriptionPastDue    SubscriptionStatus = "past_due"
	SubscriptionPaused     SubscriptionStatus = "paused"
	SubscriptionCanceled   SubscriptionStatus = "canceled"
)

// Subscriptions is the list of all that a customer has or had.
type Subscriptions struct {
	Running []Subscription
	Past    []Subscription
}

// SubscriptionDetail is the page of one subscription.
type SubscriptionDetail struct {
	Subscription Subscription
	SeatsURL     string // where the number of seats is changed; "" for what is not sold by the seat
	PeopleURL    string // where seats are given; "" likewise
	CanCancel    bool   // links to /portal/subscriptions/{id}/cancel
	CanResume    bool   // posts to /portal/subscriptions/{id}/resume
	CanWithdraw  bool   // posts there too: a cancellation that waits is taken back
	Pending      string // an action still on its way to the provider; may be ""

	CanWithdrawResume bool // posts to /portal/subscriptions/{id}/cancel: a resume that waits is taken back

	Benefits []Benefit
	Orders   []OrderRow
	Provider string // "Polar"; "" hides the way to its own portal
}

// Cancel is the page that says what canceling does before it is done. Its form
// posts "reason" and "comment" to /portal/subscriptions/{id}/cancel.
type Cancel struct {
	Subscription Subscription
	Ends         Time         // when access stops
	Keeps        []string     // what stays until then, or for good
	Loses        []string     // what stops
	Reason       CancelReason // as chosen before, when the form comes back
	Comment      string
	Error        string
}

// CancelReason is one of Polar's reasons for a cancellation (API reference,
// CustomerCancellationReason).
type CancelReason string

// Reasons, in the order that the form lists them.
const (
	TooExpensive    CancelReason = "too_expensive"
	MissingFeatures CancelReason = "missing_features"
	SwitchedService CancelReason = "switched_service"
	Unused          CancelReason = "unused"
	CustomerService CancelReason = "customer_service"
	LowQuality      CancelReason = "low_quality"
	TooComplex      CancelReason = "too_complex"
	OtherReason     CancelReason = "other"
)
