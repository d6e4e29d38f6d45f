package views

import "strings"

// Operator is what an operator sees on every page beside what everybody sees.
type Operator struct {
	Urgent int    // sorts of open alarms that need somebody
	Worst  string // the sentence of the gravest open alarm; "" when none is open
	Tone   Tone   // of Worst
	Parked Parked // for the tabs of the operator's own pages
}

// Parked counts what waits for an operator, as text; "" for none.
type Parked struct {
	Alarms, Deliveries, Hooks, Jobs, Drift string
}

// AdminTab names one of the operator's pages.
type AdminTab string

// The operator's pages.
const (
	AdminOverviewTab  AdminTab = "overview"
	AdminDeliveryTab  AdminTab = "deliveries"
	AdminHookTab      AdminTab = "hooks"
	AdminJobTab       AdminTab = "jobs"
	AdminReconcileTab AdminTab = "reconcile"
)

// AdminOverview is the operator's front page: what is wrong, then how everything stands.
type AdminOverview struct {
	Alarms []Alarm
	Queues []Queue
	Checks []Check
}

// Alarm is a sort of trouble with what to do about it, and the first cases of it.
type Alarm struct {
	Kind   string
	Tone   Tone
	Title  string
	Remedy string
	Count  string // how many cases there are; "" for one
	Cases  []AlarmCase
	More   string // how many are not shown; "" for none
	URL    string // where it is mended; may be ""
	Action string
}

// AlarmCase is one trouble of a sort.
type AlarmCase struct {
	Subject string
	URL     string // of the subject; may be ""
	Detail  string // in the words of whoever failed; may be ""
	Since   Time
	Times   string // how often it was raised; "" for once
}

// AlarmSort names the messages of a trouble: alarm.SORT is what it is, alarm.SORT.remedy
// what to do. A mail that was set aside is no job like others: nobody can have it sent again.
func AlarmSort(kind, subject string) string {
	if kind == "job_parked" && strings.HasPrefix(subject, "send_mail/") {
		return "mail_parked"
	}
	return kind
}

// Queue is how much of one sort of work waits.
type Queue struct {
	Name    string
	URL     string
	Waiting string
	Oldest  Time // of the waiting; may be nothing
	Parked  string
	Trouble bool // something is parked
}

// Check is one thing that was looked at.
type Check struct {
	Name   string
	Value  string
	At     Time // may be nothing
	Tone   Tone
	Detail string // may be ""
}

// DeliveryRow is one delivery in a list.
type DeliveryRow struct {
	ID       string
	Type     string
	Strange  bool   // this version does not know what it is about
	Kind     string // of the object; "" if Strange
	ObjectID string // may be ""
	Received Time
	State    State
	Tries    string // "" for none
	Error    string // may be ""
}

// State is a state as a word with a feeling.
type State struct {
	Tone Tone
	Text string
}

// AdminDeliveries is one page of the inbox.
type AdminDeliveries struct {
	Tabs     []Link
	Type     string // searched for; may be ""
	ObjectID string // searched for; may be ""
	Found    bool   // something is searched for
	Retry    string // of the button that tries all parked ones again; "" for none
	Rows     []DeliveryRow
	NewerURL string
	OlderURL string
	Empty    string // why there are none
}

// AdminDelivery is one delivery with everything that is known of it.
type AdminDelivery struct {
	DeliveryRow
	Facts     []Fact
	Body      string // cut
	BodyRest  string // how much is not shown; "" for nothing
	Action    string // of the button that has it applied; "" when it waits already
	Rehearsal *Rehearsal
}

// Fact is a name with its value, or its time.
type Fact struct {
	Name, Value string
	At          Time
	Code        bool // an identifier
}

// Rehearsal is what applying a delivery again would do.
type Rehearsal struct {
	Problem string // why it cannot be told; "" when it can
	Nothing bool
	New     bool // the mirror has nothing of the object
	Fields  []FieldRow
	Told    []ToldRow
	Jobs    []string
}

// FieldRow is one field of the mirror before and after.
type FieldRow struct{ Name, Before, After string }

// ToldRow is a fact that would be new.
type ToldRow struct{ Type, Who string }

// AdminReplay is the form that applies a stretch of deliveries again.
type AdminReplay struct {
	From, To, Type string // as the fields hold them
	Error          string // may be ""
	Result         *ReplayResult
}

// ReplayResult is what a stretch of deliveries would change.
type ReplayResult struct {
	Summary string
	Rest    string // "" when all were looked at
	Rows    []ReplayRow
	Confirm string // the button's text; "" when there is nothing to apply
}

// ReplayRow is one delivery that would change something, or cannot be applied.
type ReplayRow struct {
	DeliveryRow
	Changes []string
}

// AdminHooks is one page of the calls of a hook.
type AdminHooks struct {
	Targets   []Link
	Tabs      []Link
	Target    string // "" when there are no hooks
	Parked    string // how many "resend all" would resend; "" for none
	Rows      []HookRow
	NewerURL  string
	OlderURL  string
	EmptyText string
}

// HookRow is one call.
type HookRow struct {
	ID        string
	Type      string
	Key       string
	ObjectID  string
	ObjectURL string // of the deliveries about it; "" when they cannot be found by it
	Tries     string
	Error     string // the last answer; may be ""
	Noted     Time
	Next      Time // when it is made again; may be nothing
	Done      Time
	State     State
	Resend    bool
}

// AdminJobs is the work at the provider that fails or waits for an operator.
type AdminJobs struct {
	Jobs       []JobRow
	Usage      []UsageRow
	RetryUsage string // of the button that reports all refused events again; "" for none
	More       string // "" when everything is shown
}

// JobRow is one job of the outbox.
type JobRow struct {
	ID      string
	Kind    string
	Key     string
	State   State
	Tries   string
	Error   string
	Note    string // why it cannot begin anew; "" when it can
	Next    Time
	Restart bool
}

// UsageRow is one event that the provider refuses.
type UsageRow struct {
	ID         string
	Name       string
	CustomerID string
	When       Time
	Error      string
}

// AdminReconcile is what was read from the provider, and what that found.
type AdminReconcile struct {
	Passes    []PassRow
	Drifts    []DriftRow
	Frozen    []FrozenRow // wallets that an operator must look at
	Comparing string      // how many wallets are being compared after a restore; "" for none
	Older     string      // address of older differences; "" for none
	Newer     string
}

// FrozenRow is a wallet whose figure nobody can explain. LetURL lets it count.
type FrozenRow struct {
	CustomerID, Meter string
	Figures           string // ours and the provider's
	LetURL            string
}

// PassRow is one reading of everything, or of one customer.
type PassRow struct {
	ID         string
	Kind       string
	CustomerID string // "" for everything
	State      State
	Begun      Time
	Figures    string // "" while it waits
	Took       string // "" while it runs
	Drift      string // "" for none
	Error      string
}

// DriftRow is one difference that a reading found.
type DriftRow struct {
	Kind, ID string
	What     string // what was different
	Fields   string // "" for none
	State    State
	Found    Time
}
