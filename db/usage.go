package db

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// RecordUsage keeps one use for ever, in one transaction with the roll-ups of every
// meter that counts it and the debit of its wallets; the worker reports it to the
// provider later. An archived meter counts no more. It is false when the same event was
// recorded before, which changes nothing. A wallet may go below zero: see noFloor.
//
// An event without a time happens now. Sent again, as after a lost answer, it is the same
// event however much later that is; one that names its time must name the same again.
//
// Many callers at once share one transaction, so the disk is waited for once.
// ErrInvalid: the event can never be accepted. ErrConflict: its id was used for
// something else. If ctx ends while waiting the outcome is open; repeat it.
func (s *Store) RecordUsage(ctx context.Context, event billing.Event, provider string, meters []billing.Meter, now time.Time) (recorded bool, err error) {
	happensNow := event.OccurredAt.IsZero()
	if happensNow {
		event.OccurredAt = now.UTC()
	}
	if err := event.Validate(now); err != nil {
		return false, fmt.Errorf("record usage: %w", err)
	}
	open := slices.DeleteFunc(slices.Clone(meters), func(m billing.Meter) bool { return m.Archived })
	u, err := newUse(event, provider, open, now)
	if err != nil {
		return false, fmt.Errorf("record usage: %w", err)
	}
	u.state, u.happensNow = UsageWaiting, happensNow
	r, err := s.usage.do(ctx, recording{use: u}, mostTogether, s.recordTogether)
	if err != nil {
		return false, fmt.Errorf("record event %.60q of customer %s: %w", event.ID, event.CustomerID, err)
	}
	return r.recorded, nil
}

// use is an event on its way into the database. What it counts is worked out before
// the transaction, which is everybody's, begins.
type use struct {
	billing.Event
	provider        string
	providerEventID string // of a foreign event
	metadata        string // as it is stored
	counts          []count
	state           UsageState
	countedAt       time.Time // when the provider took it; zero for not yet
	at              time.Time // when we learned of it
	happensNow      bool      // whoever told us named no time
}

// count is what an event adds to one meter. One that is not additive (the largest, the
// number of different ones) has no units: the figure is the provider's business.
type count struct {
	meter    billing.Ref
	units    billing.Credits
	additive bool
}

func newUse(event billing.Event, provider string, meters []billing.Meter, now time.Time) (use, error) {
	metadata, err := writeMetadata(event.Metadata)
	if err != nil {
		return use{}, err
	}
	u := use{Event: event, provider: provider, metadata: metadata, at: now}
	for _, meter := range meters {
		if meter.Provider == provider && meter.Matches(event) {
			units, additive := meter.Units(event)
			u.counts = append(u.counts, count{meter.Ref(), units, additive})
		}
	}
	return u, nil
}

// errReused is how record refuses an id with other content. Nothing was written, so
// the rest of a batch can go on.
var errReused = fmt.Errorf("the id was used for another event: %w", billing.ErrConflict)

// record writes the event and posts its debits. An event that is here already is
// posted on meters that did not count it yet, because they were not known when it
// came; on all others its business key stops it.
func (l *ledger) record(ctx context.Context, u use) (recorded bool, err error) {
	row := gen.InsertUsageEventParams{
		ID: u.ID, CustomerID: u.CustomerID, Provider: u.provider, ProviderEventID: u.providerEventID,
		Name: u.Name, Metadata: u.metadata, OccurredAt: millis(u.OccurredAt), ReceivedAt: millis(u.at),
		State: string(u.state), NextTryAt: millis(u.at), SentAt: millis(u.countedAt),
	}
	n, err := l.q.InsertUsageEvent(ctx, row)
	if err != nil {
		return false, fmt.Errorf("insert: %w", err)
	}
	if n == 0 {
		if u.OccurredAt, err = l.sameEvent(ctx, row, u.happensNow); err != nil {
			return false, err
		}
	}
	return n > 0, l.count(ctx, u, n > 0)
}

// sameEvent checks that a repeated id says the same as the first time, and returns when
// that was. It counts in whole milliseconds, unless it was not said.
func (l *ledger) sameEvent(ctx context.Context, row gen.InsertUsageEventParams, anyTime bool) (time.Time, error) {
	have, err := l.q.UsageEvent(ctx, row.ID)
	if err := found(err); err != nil {
		if errors.Is(err, billing.ErrNotFound) {
			return time.Time{}, errReused // the provider's id is here under another one of ours
		}
		return time.Time{}, fmt.Errorf("read the first: %w", err)
	}
	if have.CustomerID != row.CustomerID || have.Provider != row.Provider || have.Name != row.Name ||
		have.Metadata != row.Metadata || !anyTime && have.OccurredAt != row.OccurredAt {
		return time.Time{}, errReused
	}
	return moment(have.OccurredAt), nil
}

// count adds the event to its meters: the hour's roll-up, and the debit. A meter
// without units has nothing to stop a repetition, so only a new event counts there.
func (l *ledger) count(ctx context.Context, u use, isNew bool) error {
	for _, c := range u.counts {
		w := walletKey{u.CustomerID, c.meter}
		counts := isNew
		if c.additive {
			m := billing.Movement{
				Cause: billing.CauseUsed, FactKind: billing.FactUse, FactID: u.ID,
				Units: -c.units, OccurredAt: u.OccurredAt,
			}
			var err error
			if counts, err = l.post(ctx, w, m, ""); err != nil {
				return err
			}
			if counts {
				if err = l.settleLate(ctx, w, m, u.countedAt); err != nil {
					return err
				}
			}
		}
		if !counts {
			continue
		}
		if err := l.hours.add(usageHour{w, floorDiv(millis(u.OccurredAt), hour)}, c.units); err != nil {
			return err
		}
	}
	return nil
}
