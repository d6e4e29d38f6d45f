package billing

import "time"

// Severity says how loudly an operator is told.
type Severity string

// Severities. A notice may be nothing; an alarm needs somebody.
const (
	Notice Severity = "notice"
	Urgent Severity = "alarm"
)

// AlarmKind is a sort of trouble. Each has a sentence with a remedy in the catalogue
// (alarm.KIND).
type AlarmKind string

// Kinds of troubles.
const (
	AlarmWebhooksRefused  AlarmKind = "webhooks_refused"  // deliveries whose signature does not fit; subject: provider
	AlarmEndpointDisabled AlarmKind = "endpoint_disabled" // the provider switched our endpoint off; subject: its id there
	AlarmEndpointMissing  AlarmKind = "endpoint_missing"  // no endpoint there points here; subject: provider
	AlarmWebhookSilence   AlarmKind = "webhook_silence"   // changes were found that no delivery told; subject: provider
	AlarmProviderDown     AlarmKind = "provider_down"     // subject: provider
	AlarmClock            AlarmKind = "clock"             // our clock and the provider's differ; subject: provider
	AlarmDeliveryParked   AlarmKind = "delivery_parked"   // subject: our id of the delivery
	AlarmJobParked        AlarmKind = "job_parked"        // subject: kind/key of the job
	AlarmHookParked       AlarmKind = "hook_parked"       // subject: target
	AlarmUsageParked      AlarmKind = "usage_parked"      // subject: provider
	AlarmUsageLate        AlarmKind = "usage_late"        // the backlog does not fit before a period ends; subject: provider
	AlarmDisk             AlarmKind = "disk"              // nearly full, or full; subject: the data folder
	AlarmLedger           AlarmKind = "ledger"            // sums that do not add up; subject: customer/meter
	AlarmCreditsDiffer    AlarmKind = "credits_differ"    // the provider counts otherwise; subject: customer/meter
	AlarmIntegrity        AlarmKind = "integrity"         // the database file is damaged; subject: database
)

// Alarm is a trouble that an operator should know of. Kind and Subject name it: raised
// again while it lasts it is the same one.
type Alarm struct {
	Kind     AlarmKind
	Subject  string
	Severity Severity // Urgent when empty
	Detail   string   // what was seen, for operators; no secrets

	RaisedAt time.Time // since when it lasts
	SeenAt   time.Time // when it was last raised
	Count    int       // how often, since RaisedAt
}
