package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// HookTarget is a hook that waits for facts: Name is how it is known in the database,
// Wants says which types it is told.
type HookTarget struct {
	Name  string
	Wants func(factType string) bool
}

// hooksSince is the name under which the installation remembers when it began to call
// hooks, in unix milliseconds.
const hooksSince = "hooks_since"

// CallHooks names the hooks that facts are kept for from now on, gives back the calls that
// a process which died had leased, and remembers the first time that it was called:
// what had happened before then is noted, but nobody is told of it. A provider's whole
// history is read into a new installation, and hooks that act on it would act on years.
// A wallet that falls to low or below it is told as billing.FactCreditsLow. Call this
// before anything is applied.
func (s *Store) CallHooks(ctx context.Context, now time.Time, low billing.Credits, targets ...HookTarget) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		err := q.Remember(ctx, gen.RememberParams{Name: hooksSince, Value: strconv.FormatInt(millis(now), 10)})
		if err != nil {
			return err
		}
		since, err := q.Remembered(ctx, hooksSince)
		if err != nil {
			return err
		}
		if s.hooksSince, err = strconv.ParseInt(since, 10, 64); err != nil {
			return err
		}
		for _, target := range targets {
			if s.lock == nil {
				break // other processes may be calling
			}
			if _, err := q.ReleaseHooks(ctx, target.Name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("begin to call hooks: %w", err)
	}
	s.hooks, s.creditsLow = targets, low
	return nil
}

// note keeps facts that are new, each with a waiting call for every hook that wants it.
// A fact that is known already, by whatever way, changes nothing: a hook is called for
// it once, with what was known when it was told first. It returns the new ones.
func (s *Store) note(ctx context.Context, q *gen.Queries, facts []billing.Fact, o owner, now time.Time) (news []billing.Fact, err error) {
	for _, f := range facts {
		f.CustomerID = o.customerID
		if f.ProviderCustomerID == "" {
			f.ProviderCustomerID = o.providerCustomerID
		}
		fresh, err := s.noteOne(ctx, q, f, now)
		if err != nil {
			return nil, fmt.Errorf("note %s of %s: %w", f.Type, f.ProviderID, err)
		}
		if fresh {
			news = append(news, f)
		}
	}
	return news, nil
}

func (s *Store) noteOne(ctx context.Context, q *gen.Queries, f billing.Fact, now time.Time) (fresh bool, err error) {
	targets := s.targetsOf(f)
	row := gen.NoteFactParams{
		Key: f.Key, Type: f.Type, Provider: f.Provider, ObjectKind: string(f.Kind), ObjectID: f.ProviderID, Mark: f.Mark,
		Version: f.Version, ProviderCustomerID: f.ProviderCustomerID, CustomerID: f.CustomerID,
		OccurredAt: millis(f.OccurredAt), NotedAt: millis(now),
	}
	if len(targets) > 0 {
		wire, err := f.Body()
		if err != nil {
			return false, err
		}
		body, err := json.Marshal(wire)
		if err != nil {
			return false, fmt.Errorf("write it down: %w", err)
		}
		row.Body = string(body)
	}
	news, err := q.NoteFact(ctx, row)
	if err != nil || news == 0 {
		return false, err
	}
	for _, target := range targets {
		err := q.AwaitHook(ctx, gen.AwaitHookParams{ID: NewID(), Target: target, FactKey: f.Key, NextTryAt: millis(now)})
		if err != nil {
			return false, fmt.Errorf("for hook %s: %w", target, err)
		}
	}
	return true, nil
}

// targetsOf names the hooks that are told a fact when it is new.
func (s *Store) targetsOf(f billing.Fact) (names []string) {
	if !f.Told && millis(f.OccurredAt) < s.hooksSince {
		return nil
	}
	for _, target := range s.hooks {
		if target.Wants(f.Type) {
			names = append(names, target.Name)
		}
	}
	return names
}

// noteState tells, for each customer whose subscriptions or grants a reading of ours
// found changed, that his state has changed. A webhook tells that by itself.
func (s *Store) noteState(ctx context.Context, q *gen.Queries, all []Applied, now time.Time) error {
	told := map[string]bool{}
	for _, a := range all {
		state := a.Ref.Kind == billing.KindSubscription || a.Ref.Kind == billing.KindGrant
		if !a.Changed || !state || a.ProviderCustomerID == "" || told[a.ProviderCustomerID] {
			continue
		}
		told[a.ProviderCustomerID] = true
		f := billing.Fact{
			Type: billing.FactCustomerState, Provider: a.Ref.Provider, Kind: billing.KindCustomer, ProviderID: a.ProviderCustomerID,
			Mark: string(a.Ref.Kind) + " " + strconv.FormatInt(a.Version, 10), OccurredAt: time.UnixMicro(a.Version).UTC(),
		}
		f.Key = billing.FactKey(f.Provider, f.Type, f.ProviderID, f.Mark)
		o := owner{provider: a.Ref.Provider, providerCustomerID: a.ProviderCustomerID, customerID: a.CustomerID}
		if _, err := s.note(ctx, q, []billing.Fact{f}, o, now); err != nil {
			return err
		}
	}
	return nil
}

// linkedFact tells that a provider's customer became one of ours: we made him there, or
// found him.
func linkedFact(customer billing.Object, o owner, now time.Time) billing.Fact {
	f := billing.Fact{
		Type: billing.FactCustomerLinked, Provider: o.provider, Kind: billing.KindCustomer, ProviderID: o.providerCustomerID,
		Mark: o.customerID, Version: customer.ObjectVersion(), OccurredAt: now, Object: customer,
	}
	f.Key = billing.FactKey(f.Provider, f.Type, f.ProviderID, f.Mark)
	return f
}

// knownOf reads what the facts of an object depend on. It is false for a kind whose facts
// depend on nothing, and for an object that is not here.
func knownOf(ctx context.Context, q *gen.Queries, ref billing.Ref) (known billing.Known, have bool, err error) {
	switch ref.Kind {
	case billing.KindSubscription:
		var row gen.KnownSubscriptionRow
		row, err = q.KnownSubscription(ctx, gen.KnownSubscriptionParams{Provider: ref.Provider, ProviderID: ref.ProviderID})
		known = billing.Known{Status: row.Status, CanceledAt: maybeMoment(row.CanceledAt), PeriodStart: moment(row.PeriodStart)}
	case billing.KindGrant:
		var text string
		text, err = q.KnownGrant(ctx, gen.KnownGrantParams{Provider: ref.Provider, ProviderID: ref.ProviderID})
		if err == nil {
			var properties map[string]string
			err = json.Unmarshal([]byte(text), &properties)
			known.CreditedAt = properties[billing.LastCreditedAt]
		}
	default:
		return known, false, nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return billing.Known{}, false, nil
	}
	if err != nil {
		return billing.Known{}, false, fmt.Errorf("what is known of %s %s: %w", ref.Kind, ref.ProviderID, err)
	}
	return known, true, nil
}
