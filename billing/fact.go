package billing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fact is one thing that happened at a provider, in the provider's word for it:
// "order.paid". Hooks are told facts.
//
// A fact is known by its Key whoever tells it: a webhook, its redelivery, the same event
// at a second endpoint, or our own reading of the provider. So it has a key that each of
// them can work out: a hash of provider, type, the object's id, and a Mark that tells
// facts of one type about one object apart (see FactsOf for the marks).
type Fact struct {
	Key                string
	Type               string
	Provider           string
	Kind               Kind // empty for an object of a kind that the mirror does not keep
	ProviderID         string
	Mark               string
	Version            int64 // of the object in Data, see Object
	ProviderCustomerID string
	CustomerID         string    // ours; empty when it is nobody's here
	OccurredAt         time.Time // as well as it is known

	Object any             // as a type of this package; nil for an unknown kind
	Raw    json.RawMessage // in the provider's words, when a delivery told it

	// Told says that a delivery of this very type brought the fact. One that only
	// follows from an object's state may be ancient history: hooks are not called for
	// what happened before the installation began.
	Told bool
}

// Types of facts that are ours: no provider has a word for them, or not always.
const (
	// FactCustomerLinked: a provider's customer became one of ours, made there by us or
	// found there [our customer id].
	FactCustomerLinked = "customer.linked"
	// FactCustomerState: what a customer has changed. A delivery tells it [time of the
	// event], and so does each reading of ours that finds a change [kind and version of
	// what had changed].
	FactCustomerState = "customer.state_changed"
	// FactCreditsLow: a use took a wallet to the threshold or below it [our customer id and
	// the id of the event that did it].
	FactCreditsLow = "credits.low"
)

// CreditsLow is what FactCreditsLow is about.
type CreditsLow struct {
	CustomerID      string  `json:"customer_id"` // ours
	ProviderMeterID string  `json:"provider_meter_id"`
	Balance         Credits `json:"balance"` // in millionths of a unit, after the use
	Threshold       Credits `json:"threshold"`
}

// FactBody is a fact as hooks are told it, and as it is kept: the same bytes at every
// call. Data is an object of this package as JSON; null when there is none.
type FactBody struct {
	Key                string          `json:"key"`
	Type               string          `json:"type"`
	Timestamp          time.Time       `json:"timestamp"` // when it happened
	Provider           string          `json:"provider"`
	Kind               Kind            `json:"kind,omitempty"`
	ProviderID         string          `json:"provider_id"`
	Version            int64           `json:"version,omitempty"`
	ProviderCustomerID string          `json:"provider_customer_id,omitempty"`
	CustomerID         string          `json:"customer_id,omitempty"` // ours
	Data               json.RawMessage `json:"data"`
	Raw                json.RawMessage `json:"raw,omitempty"` // in the provider's words, when a delivery told it
}

// FactKey is the key of a fact: "fact_" and 32 hexadecimal digits, the first half of the
// SHA-256 of the four joined by a zero byte.
func FactKey(provider, factType, providerID, mark string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{provider, factType, providerID, mark}, "\x00")))
	return "fact_" + hex.EncodeToString(sum[:16])
}

// Body is the fact as hooks are told it.
func (f Fact) Body() (FactBody, error) {
	b := FactBody{
		Key: f.Key, Type: f.Type, Timestamp: f.OccurredAt.UTC(), Provider: f.Provider, Kind: f.Kind, ProviderID: f.ProviderID,
		Version: f.Version, ProviderCustomerID: f.ProviderCustomerID, CustomerID: f.CustomerID, Raw: f.Raw,
	}
	var err error
	if b.Data, err = json.Marshal(f.Object); err != nil {
		return b, fmt.Errorf("fact %s: %w", f.Type, err)
	}
	return b, nil
}

// Known is what the mirror held of an object before a change, as far as facts depend on it.
type Known struct {
	Status      string    // of a subscription
	CanceledAt  time.Time // of a subscription
	PeriodStart time.Time // of a subscription
	CreditedAt  string    // of a grant: its property last_credited_at
}

// FactsOf works out the facts that a change tells. before is what the mirror held, nil
// when it held nothing or when change.Object is not newer than that.
//
// There are three ways in which a fact is known; the marks in brackets make the key of
// one fact the same in all of them. Times in marks are unix milliseconds, versions the
// object's version (unix microseconds).
//
// An object's state proves, however it came here (checkout, order, refund, product,
// benefit, organization, customer and subscription, each as TYPE):
//
//	TYPE.created          always []; not for organizations
//	TYPE.updated          its version is later than its creation [version]
//	checkout.expired      status expired []
//	order.paid            status paid, refunded or partially_refunded []
//	order.refunded        money was given back [the sum in minor units, tax included]
//	subscription.active   it was started [StartedAt]
//	subscription.past_due status past_due [PeriodStart]
//	subscription.paused   status paused [PeriodStart]
//	subscription.canceled the cancellation was asked for [CanceledAt]
//	subscription.revoked  status canceled and it has ended [EndedAt]
//	benefit_grant.created it was granted [GrantedAt]
//	benefit_grant.updated its version is later than its creation [version]
//	benefit_grant.revoked it was revoked [RevokedAt]
//	customer.deleted      it is gone []
//
// The step from what the mirror held proves:
//
//	subscription.active     active or trialing, after past_due, paused or canceled [PeriodStart]
//	subscription.uncanceled live without a cancellation, after one was asked for [version]
//	subscription.cycled     live, and a later period began [PeriodStart]
//	subscription.resumed    live, after paused [version]
//	benefit_grant.cycled    credits were granted again [last_credited_at]
//
// Where PeriodStart is the mark of becoming active and lies within a minute of StartedAt,
// it was the first time, and StartedAt is the mark: providers set the two one after the
// other. What is marked by a version, and passed through unseen before a later version
// came, may be told once more under the version of its own delivery.
//
// A delivery tells its own type, with the mark that the rules above give to its payload.
// Types without a rule (seats, members, discounts, a customer's changed state, and what
// this version does not know) have the time of the event [unix microseconds].
func FactsOf(before *Known, c Change) []Fact {
	var list facts
	if c.Raw != nil {
		list.tell(c)
	}
	if c.Told != nil {
		list.prove(c, c.Told, nil)
	}
	if c.Object != nil {
		list.prove(c, c.Object, before)
	}
	return list
}

// facts gathers without repeating a key: what comes first stays.
type facts []Fact

func (l *facts) add(f Fact) {
	f.Key = FactKey(f.Provider, f.Type, f.ProviderID, f.Mark)
	for _, have := range *l {
		if have.Key == f.Key {
			return
		}
	}
	*l = append(*l, f)
}

// tell adds what the delivery says in its own name.
func (l *facts) tell(c Change) {
	f := Fact{
		Type: c.Type, Provider: c.Provider, ProviderID: c.ToldID, ProviderCustomerID: c.ProviderCustomerID,
		OccurredAt: c.ToldAt, Raw: c.Raw, Told: true, Mark: strconv.FormatInt(c.ToldAt.UnixMicro(), 10),
	}
	if c.ToldAt.IsZero() { // an event without a time is known by what it says
		sum := sha256.Sum256(c.Raw)
		f.Mark = hex.EncodeToString(sum[:8])
	}
	if c.Told != nil {
		ref := c.Told.Ref()
		f.Provider, f.Kind, f.ProviderID = ref.Provider, ref.Kind, ref.ProviderID
		f.Version, f.Object = c.Told.ObjectVersion(), c.Told
		if mark, ok := toldMark(c.Type, c.Told); ok {
			f.Mark = mark
		}
	}
	l.add(f)
}

// prove adds what the state of an object proves, and the step to it from before.
func (l *facts) prove(c Change, object Object, before *Known) {
	ref := object.Ref()
	base := Fact{
		Provider: ref.Provider, Kind: ref.Kind, ProviderID: ref.ProviderID, Version: object.ObjectVersion(),
		ProviderCustomerID: c.ProviderCustomerID, Object: object,
	}
	proven := proofs(object, c.Deleted)
	if before != nil {
		proven = append(proven, steps(*before, object)...)
	}
	for _, p := range proven {
		f := base
		f.Type, f.Mark, f.OccurredAt = p.factType, p.mark, p.at
		l.add(f)
	}
}
