package billing

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Provider is one billing provider. Every method but Name, PageHosts, Verify, Decode,
// Lists and ClockOffset talks to the network, honours ctx, and answers an error of a
// kind of this package: ErrProvider when it cannot be reached or is failing (wrapped
// together with ErrUnknown if a write may have happened), ErrNotFound, ErrInvalid with
// the provider's own words, ErrConflict.
type Provider interface {
	// Name is the key of the mirror: "polar".
	Name() string
	// PageHosts are the origins of the provider's hosted pages, for the
	// Content-Security-Policy: forms of ours may lead there.
	PageHosts() []string

	// Verify checks that body was signed by the provider within the tolerance of
	// five minutes around now. It looks at the raw bytes only.
	Verify(header http.Header, body []byte, now time.Time) (Delivery, error)
	// Decode reads what a verified delivery says. A type or shape that this
	// version does not know is not an error: the Change has no Object.
	Decode(d Delivery) (Change, error)

	// Fetch reads one object as it is now. Kinds that cannot be read one by one
	// answer ErrInvalid.
	Fetch(ctx context.Context, ref Ref) (Object, error)
	// Catalog reads every product and meter.
	Catalog(ctx context.Context) ([]Object, error)
	// Customer finds a customer by our id (its external id).
	Customer(ctx context.Context, customerID string) (Customer, error)
	// CustomerByEmail finds a customer by exact address.
	CustomerByEmail(ctx context.Context, email string) (Customer, error)
	// CustomerObjects reads everything a customer has: subscriptions with their seats,
	// orders, grants and balances.
	CustomerObjects(ctx context.Context, providerCustomerID string) ([]Object, error)
	// CreditEvents lists grants, revocations and resets since a time, oldest first.
	CreditEvents(ctx context.Context, providerCustomerID string, since time.Time) ([]CreditEvent, error)
	// UsageEvents lists what was used since a time, oldest first, whoever sent it. Of
	// more than most events it lists about the first most, all of each instant, and
	// says that there are more.
	UsageEvents(ctx context.Context, providerCustomerID string, since time.Time, most int) (events []ForeignEvent, more bool, err error)

	// Lists are the kinds that List can read, in an order in which what an object
	// refers to comes before it.
	Lists() []Kind
	// List reads one page of everything of a kind that the provider has, oldest first,
	// from page 1 on, so that what is made meanwhile comes at the end. See EachPage.
	List(ctx context.Context, kind Kind, page int) (Page, error)
	// Endpoints reads the webhook endpoints that the provider knows.
	Endpoints(ctx context.Context) ([]Endpoint, error)
	// ClockOffset is how far our clock is ahead of the provider's (behind: negative), as
	// its latest answers tell. It is false before the first answer.
	ClockOffset() (time.Duration, bool)

	// CreateCustomer makes a customer with our id as external id. ErrConflict:
	// the address or the id is taken.
	CreateCustomer(ctx context.Context, c NewCustomer) (Customer, error)
	// LinkCustomer gives a customer that has no external id ours. ErrConflict: it
	// has another one already.
	LinkCustomer(ctx context.Context, providerCustomerID, customerID string) (Customer, error)
	// UpdateCustomer gives a customer another address. It may be repeated. ErrConflict:
	// the address is another customer's there.
	UpdateCustomer(ctx context.Context, providerCustomerID, email string) (Customer, error)
	// DeleteCustomer deletes a customer and makes what the provider must keep of him
	// nameless. What still runs ends at once. It may be repeated. ErrNotFound: it is done.
	DeleteCustomer(ctx context.Context, providerCustomerID string) error
	// CreateCheckout opens a hosted checkout.
	CreateCheckout(ctx context.Context, r CheckoutRequest) (Checkout, error)
	// CancelSubscription ends a subscription at the end of its period.
	CancelSubscription(ctx context.Context, providerID string, c Cancellation) (Subscription, error)
	// ResumeSubscription takes a cancellation back before it took effect.
	ResumeSubscription(ctx context.Context, providerID string) (Subscription, error)
	// PortalURL makes a short-lived link to the provider's own customer portal.
	PortalURL(ctx context.Context, providerCustomerID, returnURL string) (string, error)
	// SendUsage reports events. It may be repeated: Event.ID makes it harmless.
	// An *InvalidEvents error names the events that can never be accepted.
	SendUsage(ctx context.Context, events []Event) error

	// CreateRefund gives money of an order back. Its lost answer is looked up in
	// Refunds by RefundRequest.Key.
	CreateRefund(ctx context.Context, r RefundRequest) (Refund, error)
	// Refunds reads the refunds of one order.
	Refunds(ctx context.Context, providerOrderID string) ([]Refund, error)
}

// Delivery is one verified webhook call. ID is the same in every attempt.
type Delivery struct {
	Provider string
	ID       string
	Type     string // as the provider names it, such as order.paid
	SentAt   time.Time
	Body     []byte
	Object   Ref // what it is about, as far as the envelope tells; zero if it does not
}

// Change is what a delivery says in our words.
type Change struct {
	Type     string
	Provider string // who told it; needed of a delivery only
	Object   Object // as it is now, as far as we know; nil for a type this version does not know
	Deleted  bool   // the object is gone

	// Also names what else changes by it and is to be read anew: the order of a refund.
	Also []Ref

	// What a delivery brought along; zero for an object that was read.
	Told   Object          // as the delivery has it, which may be older than Object
	ToldAt time.Time       // when the provider raised the event
	Raw    json.RawMessage // the data of the delivery, in the provider's own words
	ToldID string          // the id of what it is about, of kinds that we do not know too

	// ProviderCustomerID is whose affair it is; empty for the catalog.
	ProviderCustomerID string
	// CreditsMoved says that credits of that customer may have moved: the worker
	// reads its credit events.
	CreditsMoved bool
}

// Page is one page of a list, at the time of its reading.
type Page struct {
	Objects []Object // those that this version understands
	Number  int      // of this page, from 1 on
	Pages   int      // of the whole list
	Total   int      // objects in the whole list
}

// Endpoint is where a provider sends its webhooks.
type Endpoint struct {
	ProviderID string
	URL        string
	Enabled    bool // a provider switches an endpoint off that fails too often
	Types      []string
}

// Background marks the calls of ctx as ones that nobody waits for: an adapter paces
// them, so that they and the people before the pages stay within what the provider
// allows (see Config of the adapter).
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, haste{}, inBackground)
}

// Spare marks the calls of ctx as welcome but not needed: an adapter sends them when
// there is room at once, and else answers ErrPaced.
func Spare(ctx context.Context) context.Context {
	return context.WithValue(ctx, haste{}, ifSpare)
}

// InBackground reports whether ctx was marked by Background or Spare.
func InBackground(ctx context.Context) bool { return ctx.Value(haste{}) != nil }

// IfSpare reports whether ctx was marked by Spare.
func IfSpare(ctx context.Context) bool { return ctx.Value(haste{}) == ifSpare }

// haste is the context key of how urgent a call is.
type haste struct{}

type urgency int

const (
	inBackground urgency = iota + 1
	ifSpare
)

// RefundRequest names what is given back. Key is ours, at most 100 characters, the same
// for every try of one refund; it travels in the refund's metadata as RefundKey.
type RefundRequest struct {
	Key             string
	ProviderOrderID string
	Amount          int64  // minor units without tax, above 0
	Reason          string // one of RefundReasons
	Comment         string // for the seller; may be empty
	RevokeBenefits  bool   // one-time orders only
}

// RefundKey is the metadata key that carries RefundRequest.Key at the provider.
const RefundKey = "counterfoil_refund"

// RefundReasons are the reasons that Polar accepts.
var RefundReasons = []string{
	"duplicate", "fraudulent", "customer_request", "service_disruption",
	"satisfaction_guarantee", "dispute_prevention", "other",
}

// NewCustomer is what a provider is told when somebody signs up.
type NewCustomer struct {
	CustomerID string // ours, becomes the external id
	Email      string
	Team       bool // people who pay together
	Name       string
	Metadata   map[string]string
}

// CheckoutRequest names what is bought, by whom, and where to come back to.
// SuccessURL may hold {CHECKOUT_ID}.
type CheckoutRequest struct {
	ProviderProductID string
	AlsoProductIDs    []string // more, among which the buyer chooses
	CustomerID        string   // ours; empty for a buyer who has not signed in
	// ProviderCustomerID is who that is at the provider, empty while it does not know.
	ProviderCustomerID string
	// UpgradesSubscriptionID names a free subscription of the provider that the
	// purchase replaces; empty for a purchase of its own.
	UpgradesSubscriptionID string

	Email      string // prefilled
	Name       string
	SuccessURL string
	ReturnURL  string
	Metadata   map[string]any // texts, numbers (float64) and booleans

	DiscountID      string         // of the provider; empty for none
	NoDiscountCodes bool           // the buyer may not type any
	CustomFields    map[string]any // values of the provider's fields: texts, numbers, booleans
	EmbedOrigin     string         // of the page that shows the checkout in a frame; empty for none
}

// Cancellation is why a customer leaves. Reason is one of CancelReasons or empty.
type Cancellation struct {
	Reason  string
	Comment string // at most 1,000 characters
}

// CancelReasons are the reasons that Polar accepts, in the order of the form.
var CancelReasons = []string{
	"too_expensive", "missing_features", "switched_service", "unused",
	"customer_service", "low_quality", "too_complex", "other",
}

// InvalidEvents is the answer of SendUsage when some events can never be accepted.
// Whether the others were taken is open: send them again without these, which is
// harmless. Reasons is keyed by Event.ID; there may be more bad events than it names.
type InvalidEvents struct {
	Reasons map[string]string
}

func (e *InvalidEvents) Error() string { return "the provider refuses some events" }

// Unwrap makes it an ErrInvalid.
func (e *InvalidEvents) Unwrap() error { return ErrInvalid }
