package twin

// Organization is the one merchant of a twin.
type Organization struct {
	ID string
	Stamp
	Name, Slug, Email, Website string
	Currency                   string // default presentment currency, "usd"
	InvoicePrefix              string // of order numbers, "LUMEN"
	AllowMultiple              bool   // several active subscriptions per customer
	AllowCustomerUpdates       bool   // customers may change their plan
	Proration                  string // "prorate" or "invoice"
	PreventTrialAbuse          bool   // one trial per customer
	HideUsage                  bool   // the portal shows no meters
	LockSeats                  bool   // customers may not change the number of seats
	LockEmail                  bool   // customers may not change their address
	GraceDays                  int    // days of past_due before benefits are revoked: 0, 2, 7, 14 or 21
}
