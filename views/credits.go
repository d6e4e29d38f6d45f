package views

// Credits is one wallet: what was added, what was used, and that it adds up.
type Credits struct {
	Wallets  []Link // one per meter; shown when there are several
	Meter    string // name; "" when the customer has no wallet at all
	Balance  string
	Over     bool // the balance is below zero
	Checking bool // nobody may spend by it for the moment; no figures then
	Sum      CreditSum
	Chart    StepChart
	Expires  string // "320 expire on 3 December 2026"; may be ""
	Causes   []Link // filters
	Days     []CreditDay
	NewerURL string
	OlderURL string
	UsageURL string // the meter's page; may be ""
	BuyURL   string // where to get more; may be ""
}

// CreditSum is the arithmetic of the shown range: opening + granted − used −
// expired = balance. The strings carry no sign; Other does, and is left out when "".
type CreditSum struct {
	From     Time // when the opening balance counts
	Opening  string
	Granted  string
	Used     string
	Expired  string
	Other    string // corrections, with a sign; may be ""
	Balance  string
	Mismatch string // what the provider says instead, when it differs; "" when it adds up
}

// CreditDay is a day of history, newest entry first.
type CreditDay struct {
	Day     Time
	Net     string // with its sign
	Closing string // balance at the end of the day
	URL     string // the day's own page; may be ""
	Entries []CreditEntry
}

// CreditEntry is one change of a balance, never edited.
type CreditEntry struct {
	At      Time
	Cause   CreditCause
	Detail  string // "Pro, November 2026", "37 events"; may be ""
	URL     string // what caused it; may be ""
	Amount  string // with its sign
	Added   bool   // the amount is above zero
	Balance string // after this entry
}

// CreditCause says why a balance changed.
type CreditCause string

// Causes of a ledger entry.
const (
	CauseGranted  CreditCause = "granted"
	CauseCarried  CreditCause = "carried"
	CauseUsed     CreditCause = "used"
	CauseExpired  CreditCause = "expired"
	CauseRevoked  CreditCause = "revoked"
	CauseRefunded CreditCause = "refunded"
	CauseAdjusted CreditCause = "adjusted"
)

// CreditDayDetail is the page of one day of one wallet.
type CreditDayDetail struct {
	Meter   string
	BackURL string
	Day     CreditDay
	Opening string
	Events  []EventRow // what was used that day
	More    string     // link to the rest of the events; may be ""
}
