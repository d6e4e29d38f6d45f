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

// post posts one fact of the provider's record.
func (p *poster) post(ctx context.Context, l *ledger, f providerFact) error {
	if f.use != nil {
		return p.postUse(ctx, l, *f.use)
	}
	known := slices.ContainsFunc(p.meters, func(m billing.Meter) bool {
		return m.Provider == p.news.Provider && m.ProviderID == f.credit.ProviderMeterID
	})
	if !known {
		if !slices.Contains(p.report.UnknownMeters, f.credit.ProviderMeterID) {
			p.report.UnknownMeters = append(p.report.UnknownMeters, f.credit.ProviderMeterID)
		}
		return nil
	}
	w := walletKey{p.news.Cursor.CustomerID, meterRef(p.news.Provider, f.credit.ProviderMeterID)}
	period, err := p.period(ctx, l, w)
	if err != nil {
		return err
	}
	if f.credit.Reset {
		return p.postReset(ctx, l, w, period, *f.credit)
	}
	return p.postCredit(ctx, l, w, period, *f.credit)
}

// period is the credited side of the period that is open at this point of the record.
// At first that is where reading began, worked out from what was posted before.
func (p *poster) period(ctx context.Context, l *ledger, w walletKey) (*billing.Wallet, error) {
	if period := p.periods[w.meter.ProviderID]; period != nil {
		return period, nil
	}
	reset, err := lastReset(ctx, l.q, w, millis(p.news.Since))
	if err != nil {
		return nil, err
	}
	row, err := l.q.CreditedBetween(ctx, gen.CreditedBetweenParams{
		CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID,
		FromAt: reset.OccurredAt, ToAt: millis(p.news.Since),
	})
	if err != nil {
		return nil, fmt.Errorf("credited before: %w", err)
	}
	period := &billing.Wallet{Credited: billing.Credits(row.Credited), Rollover: max(0, billing.Credits(row.Rollover))}
	p.periods[w.meter.ProviderID] = period
	return period, nil
}

// postCredit posts a grant, what was carried over, or a revocation.
func (p *poster) postCredit(ctx context.Context, l *ledger, w walletKey, period *billing.Wallet, e billing.CreditEvent) error {
	next, m, err := period.Credit(e)
	if err != nil {
		return err
	}
	*period = next
	note := ""
	if e.Rollover {
		note = noteRollover
	}
	posted, err := l.post(ctx, w, m, note)
	if err != nil || !posted {
		return err
	}
	p.report.Posted++
	return l.settleLate(ctx, w, m, e.OccurredAt)
}

// postReset ends a period: what is left of it expires, or its overage is settled.
//
// The ledger holds entries of the next period already: uses are posted when they
// happen, and the provider counts in the new period all that it took at or after the
// reset, or has yet to take. What is left of the old period is the balance without them.
func (p *poster) postReset(ctx context.Context, l *ledger, w walletKey, period *billing.Wallet, e billing.CreditEvent) error {
	left, posted, err := l.postedReset(ctx, w, e)
	if err != nil {
		return err
	}
	if !posted {
		if left, err = l.leftAt(ctx, w, e.OccurredAt); err != nil {
			return fmt.Errorf("balance at reset %s: %w", e.ProviderID, err)
		}
	}
	period.Consumed = period.Credited - left
	next, m, err := period.Credit(e)
	if err != nil {
		return err
	}
	*period = next
	if posted {
		return nil
	}
	p.report.Posted++
	_, err = l.post(ctx, w, m, "")
	return err
}

// postUse posts an event that others reported to the provider. Ours come back in the
// same list and are known by the id that we gave them.
func (p *poster) postUse(ctx context.Context, l *ledger, f billing.ForeignEvent) error {
	event := f.Event()
	event.CustomerID = p.news.Cursor.CustomerID
	u, err := newUse(event, p.news.Provider, p.meters, p.now)
	if err != nil {
		return fmt.Errorf("event %s: %w", f.ProviderID, err)
	}
	have, err := l.q.UsageEvent(ctx, event.ID)
	switch err = found(err); {
	case errors.Is(err, billing.ErrNotFound):
		u.state, u.providerEventID, u.countedAt = UsageForeign, f.ProviderID, p.counted(f)
		recorded, err := l.record(ctx, u)
		if recorded {
			p.report.Posted++
		}
		if errors.Is(err, errReused) {
			return nil // the provider's id is here already, under another one of ours
		}
		return err
	case err != nil:
		return fmt.Errorf("event %s: %w", f.ProviderID, err)
	case have.CustomerID != event.CustomerID || have.Provider != p.news.Provider:
		return fmt.Errorf("event %s carries the id of another customer's: %w", f.ProviderID, billing.ErrConflict)
	}
	if have.SentAt == nil && (have.NextTryAt == heldUsage || have.State == string(UsageParked)) {
		if have.SentAt, err = p.reportedSinceCopy(ctx, l, have); err != nil {
			return err
		}
	}
	// Known. Meters that were not known when it came count it now.
	u.OccurredAt, u.countedAt = moment(have.OccurredAt), maybeMoment(have.SentAt)
	return l.count(ctx, u, false)
}

// counted is when the provider took an event that others sent. The provider tells only
// when it happened, and counts it when it arrives. An event from a time that was read
// before, long enough ago, and that was not there then, has arrived since.
func (p *poster) counted(f billing.ForeignEvent) time.Time {
	read := p.news.Cursor.ReadAt.Add(-EventLag)
	if !p.news.Cursor.ReadAt.IsZero() && f.OccurredAt.Before(p.news.Cursor.Until) && f.OccurredAt.Before(read) {
		return read
	}
	return f.OccurredAt
}
