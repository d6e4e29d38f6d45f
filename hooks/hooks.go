// Package hooks is what this installation does when billing changes: give access, write
// a mail, tell a chat room. A fork edits yours.go first; everything else can stay.
//
// A hook is called at least once for each fact, never inside a request and never inside a
// transaction, with the same Key at every call: keep the key beside the effect, in your
// own transaction, and a repeated call changes nothing. Hooks are called for several
// objects at the same time. Facts of one object come one after the other, in the order in
// which they became known as long as none fails; compare ObjectVersion when it matters. A hook that returns an error (or panics) is called again, less and
// less often for about two days, and is shown to the operator then.
//
// It knows package billing only: no database, no pages, no provider.
package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"counterfoil/billing"
)

// Event is one fact with the object that it is about, as that was when the fact was told
// first. Read the mirror, or ask for an entitlement, for what is so now.
type Event[T any] struct {
	Key        string // the same at every call
	Type       string // "order.paid"
	At         time.Time
	Provider   string
	ProviderID string // of the object
	CustomerID string // ours; empty when it is nobody's here
	Object     T
	Raw        json.RawMessage // in the provider's words; nil when no webhook told it
}

// On is a hook for facts about a T. One that is nil is not called.
type On[T any] func(ctx context.Context, e Event[T]) error

// Hooks are the functions of an installation. All may be nil. Their names are those of
// Polar's adapter and of StellarTools' (on_customer_created and so on) for the same facts.
type Hooks struct {
	// OnPayload is called for every fact, of types that have no hook of their own too.
	OnPayload func(ctx context.Context, e billing.FactBody) error

	OnCheckoutCreated On[billing.Checkout]
	OnCheckoutUpdated On[billing.Checkout]
	OnCheckoutExpired On[billing.Checkout]

	OnOrderCreated  On[billing.Order] // may not be paid yet
	OnOrderPaid     On[billing.Order] // fulfil here
	OnOrderRefunded On[billing.Order] // each time that more was given back
	OnOrderUpdated  On[billing.Order]

	OnRefundCreated On[billing.Refund]
	OnRefundUpdated On[billing.Refund]

	OnSubscriptionCreated    On[billing.Subscription]
	OnSubscriptionUpdated    On[billing.Subscription] // beside every other change
	OnSubscriptionActive     On[billing.Subscription] // for the first time, or again
	OnSubscriptionCanceled   On[billing.Subscription] // asked for; access may last until EndsAt
	OnSubscriptionUncanceled On[billing.Subscription]
	OnSubscriptionRevoked    On[billing.Subscription] // access ends now
	OnSubscriptionPastDue    On[billing.Subscription]
	OnSubscriptionCycled     On[billing.Subscription] // a new period began
	OnSubscriptionPaused     On[billing.Subscription]
	OnSubscriptionResumed    On[billing.Subscription]

	OnProductCreated      On[billing.Product]
	OnProductUpdated      On[billing.Product]
	OnOrganizationUpdated On[billing.Organization]
	OnBenefitCreated      On[billing.BenefitDefinition]
	OnBenefitUpdated      On[billing.BenefitDefinition]

	OnBenefitGrantCreated On[billing.Grant]
	OnBenefitGrantUpdated On[billing.Grant]
	OnBenefitGrantRevoked On[billing.Grant]
	OnBenefitGrantCycled  On[billing.Grant] // credits were granted again

	OnCustomerCreated On[billing.Customer] // at the provider, by whomever
	OnCustomerUpdated On[billing.Customer]
	OnCustomerDeleted On[billing.Customer]
	// OnCustomerLinked is called when a provider's customer became one of ours: made for a
	// user who signed up, or found there. It is StellarTools' on_customer_created.
	OnCustomerLinked On[billing.Customer]
	// OnCustomerStateChanged is called when what a customer has may have changed. It holds
	// the customer only when a webhook told it; ask for his entitlements.
	OnCustomerStateChanged On[billing.Customer]

	// OnCreditsLow is called when a use takes a wallet to the threshold or below it, once
	// each time. It is StellarTools' on_credits_low.
	OnCreditsLow On[billing.CreditsLow]
}

// Table is Hooks made ready to be called. Its zero value calls nothing.
type Table struct {
	payload func(ctx context.Context, e billing.FactBody) error
	typed   map[string]caller
}

// Table makes the functions ready to be called.
func (h Hooks) Table() Table { return Table{h.OnPayload, h.typed()} }

// Any reports whether there is any function.
func (t Table) Any() bool { return t.payload != nil || len(t.typed) > 0 }

// Wants reports whether any function is called for a type of fact.
func (t Table) Wants(factType string) bool { return t.payload != nil || t.typed[factType] != nil }

// Call calls the functions for a fact: the one for its type, then OnPayload.
func (t Table) Call(ctx context.Context, fact billing.FactBody) error {
	if typed := t.typed[fact.Type]; typed != nil {
		if err := typed(ctx, fact); err != nil {
			return err
		}
	}
	if t.payload != nil {
		if err := t.payload(ctx, fact); err != nil {
			return fmt.Errorf("hook OnPayload: %w", err)
		}
	}
	return nil
}

// add puts the function for a type into the table, if there is one.
func add[T any](table map[string]caller, factType string, hook On[T]) {
	if hook == nil {
		return
	}
	table[factType] = func(ctx context.Context, fact billing.FactBody) error {
		e := Event[T]{
			Key: fact.Key, Type: fact.Type, At: fact.Timestamp, Provider: fact.Provider, ProviderID: fact.ProviderID,
			CustomerID: fact.CustomerID, Raw: fact.Raw,
		}
		if err := json.Unmarshal(fact.Data, &e.Object); err != nil {
			return fmt.Errorf("hook for %s: read the object of fact %s: %w", factType, fact.Key, err)
		}
		if err := hook(ctx, e); err != nil {
			return fmt.Errorf("hook for %s: %w", factType, err)
		}
		return nil
	}
}

type caller func(ctx context.Context, fact billing.FactBody) error
