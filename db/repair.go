package db

import (
	"context"
	"fmt"
	"math"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// After a restore the ledger is as old as the copy: what was used since is missing, so a
// wallet may show more than there is. Nothing of that is guessed. The restore freezes every
// wallet, in the transaction that says that it happened, and holds back the usage that the
// copy had yet to report. The provider's own record, read for each customer whose figure
// moved, brings the missing facts back under the ids that they had; a use that was held and
// is in that record was reported, at the latest figure that this can be known. A wallet
// thaws when its figure is the provider's, to the unit.

// Reasons why a wallet is frozen.
const (
	FrozenByRestore = "restored" // not compared yet
	FrozenDiffers   = "differs"  // compared, and the provider's figure cannot be explained
)

// RestoreSettles is how long after a restore a provider's figure may not count yet what
// happened before it (Polar adds up within 15 seconds to minutes; its documentation,
// Meters, 2026-08). A figure that was read earlier proves nothing.
const RestoreSettles = 2 * time.Minute

// heldUsage is the next try of usage that waits until its customer's wallets are proven:
// the last millisecond of the year 9999.
const heldUsage = 253402300799999

// Settled is from when on figures of the provider count; zero if nothing was restored.
func (r Restored) Settled() time.Time {
	if r.At.IsZero() {
		return time.Time{}
	}
	return r.At.Add(RestoreSettles)
}

// FrozenWallet is a wallet that is to be proven.
type FrozenWallet struct {
	ID         string // of its ledger account
	CustomerID string
	Meter      billing.Ref
	MeterName  string // told by Differing alone
	Reason     string

	Balance            billing.Credits // ours
	Provider           billing.Credits // the provider's; zero if it has none
	ProviderCustomerID string          // empty while nobody there is this customer
	ReadAt             time.Time       // when the customer's record there was last read

	// Proven says that nothing of the figure is unexplained: it is the provider's, less the
	// uses that it has yet to get, or may have yet to add up; or the provider has none:
	// nobody there is this customer, or the meter does not add up. A wallet in which
	// anything moved since the restore is proven only when the record was read since figures
	// count, since uses of one size may make up for each other.
	Proven bool
}

// Subject names the wallet in an alarm.
func (f FrozenWallet) Subject() string { return f.CustomerID + "/" + f.Meter.ProviderID }

// FrozenWallets lists up to most frozen wallets of a provider after an id, in the order of
// their ids, as they are when figures count that were read since settled.
func (s *Store) FrozenWallets(ctx context.Context, provider, after string, most int, settled time.Time) ([]FrozenWallet, error) {
	rows, err := s.r.FrozenWallets(ctx, gen.FrozenWalletsParams{Provider: provider, After: after, Most: int64(most)})
	if err != nil {
		return nil, fmt.Errorf("frozen wallets: %w", err)
	}
	wallets := make([]FrozenWallet, len(rows))
	for i, r := range rows {
		f := FrozenWallet{
			ID: r.ID, CustomerID: r.CustomerID, Meter: meterRef(provider, r.ProviderMeterID), Reason: r.FrozenReason,
			Balance: billing.Credits(r.Balance), Provider: billing.Credits(r.ProviderBalance),
			ProviderCustomerID: r.ProviderCustomerID, ReadAt: moment(r.EventsReadAt),
		}
		aggregation := billing.Aggregation(r.Aggregation)
		switch quiet := r.LastSeq == r.FrozenSeq; {
		case f.ProviderCustomerID == "", aggregation != billing.AggregateCount && aggregation != billing.AggregateSum:
			f.Proven = true
		case quiet || !f.ReadAt.Before(settled):
			if f.Proven, err = s.explained(ctx, f, quiet); err != nil {
				return nil, fmt.Errorf("frozen wallet of customer %s on meter %s: %w", r.CustomerID, r.ProviderMeterID, err)
			}
		}
		wallets[i] = f
	}
	return wallets, nil
}

const (
	// addsUpWithin is how long before the record was read a use may have been taken that the
	// provider's figure lacks.
	addsUpWithin = time.Minute
	addsUpMost   = 10_000 // uses looked at
)

// explained compares the figures. Of the latest uses that the provider took, its figure may
// lack as many as it has not added up: it takes them in the order in which they came.
func (s *Store) explained(ctx context.Context, f FrozenWallet, quiet bool) (bool, error) {
	reset, err := lastReset(ctx, s.r, walletKey{f.CustomerID, f.Meter}, math.MaxInt64)
	if err != nil {
		return false, err
	}
	waiting, err := s.r.UseNotCountedYet(ctx, gen.UseNotCountedYetParams{
		CustomerID: f.CustomerID, Provider: f.Meter.Provider, ProviderMeterID: f.Meter.ProviderID, Since: reset.OccurredAt,
	})
	if err != nil {
		return false, err
	}
	counted := f.Balance - summed(waiting.Millions, waiting.Rest)
	if quiet || counted == f.Provider {
		return counted == f.Provider, nil
	}
	latest, err := s.r.UsesSentSince(ctx, gen.UsesSentSinceParams{
		CustomerID: f.CustomerID, Provider: f.Meter.Provider, ProviderMeterID: f.Meter.ProviderID,
		Since: millis(f.ReadAt.Add(-addsUpWithin)), Most: addsUpMost,
	})
	if err != nil {
		return false, err
	}
	for i, use := range latest {
		counted -= billing.Credits(use.Credits)
		whole := i+1 == len(latest) || latest[i+1].SentAt != use.SentAt
		if whole && counted == f.Provider {
			return true, nil
		}
	}
	return false, nil
}

// Thaw lets wallets count again. What was proven when they were listed stays true: facts
// that come meanwhile are posted once, whoever tells them.
func (s *Store) Thaw(ctx context.Context, wallets ...FrozenWallet) error {
	return s.ofFrozen(ctx, wallets, func(q *gen.Queries, f FrozenWallet) error {
		_, err := q.ThawWallet(ctx, f.ID)
		return err
	})
}

// Refreeze keeps a wallet frozen for another reason.
func (s *Store) Refreeze(ctx context.Context, f FrozenWallet, reason string) error {
	return s.ofFrozen(ctx, []FrozenWallet{f}, func(q *gen.Queries, f FrozenWallet) error {
		_, err := q.RefreezeWallet(ctx, gen.RefreezeWalletParams{ID: f.ID, Reason: reason})
		return err
	})
}

func (s *Store) ofFrozen(ctx context.Context, wallets []FrozenWallet, work func(*gen.Queries, FrozenWallet) error) error {
	if len(wallets) == 0 {
		return nil
	}
	err := s.inTx(ctx, func(q *gen.Queries) error {
		for _, f := range wallets {
			if err := work(q, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%d frozen wallets: %w", len(wallets), err)
	}
	return nil
}

// Differing lists up to most wallets whose figure the provider's record does not explain,
// and counts those that are still being compared, for operators.
func (s *Store) Differing(ctx context.Context, provider string, most int) (wallets []FrozenWallet, comparing int64, err error) {
	rows, err := s.r.WalletsFrozenFor(ctx, gen.WalletsFrozenForParams{Provider: provider, Reason: FrozenDiffers, Most: int64(most)})
	if err == nil {
		comparing, err = s.r.CountFrozen(ctx, gen.CountFrozenParams{Provider: provider, Reason: FrozenByRestore})
	}
	if err != nil {
		return nil, 0, fmt.Errorf("wallets that differ: %w", err)
	}
	return mapEach(rows, func(r gen.WalletsFrozenForRow) FrozenWallet {
		return FrozenWallet{
			ID: r.ID, CustomerID: r.CustomerID, Meter: meterRef(provider, r.ProviderMeterID), MeterName: r.MeterName, Reason: FrozenDiffers,
			Balance: billing.Credits(r.Balance), Provider: billing.Credits(r.ProviderBalance),
		}
	}), comparing, nil
}

// LetCount lets a wallet count whose figure could not be explained, as it stands here: an
// operator has looked at it. ErrNotFound: none like that is frozen.
func (s *Store) LetCount(ctx context.Context, id string, now time.Time) error {
	ms := millis(now)
	return s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := q.ThawWalletFrozenFor(ctx, gen.ThawWalletFrozenForParams{ID: id, Reason: FrozenDiffers})
		if err != nil {
			return fmt.Errorf("let wallet %s count: %w", id, err)
		}
		if len(rows) == 0 {
			return fmt.Errorf("frozen wallet %s: %w", id, billing.ErrNotFound)
		}
		f := FrozenWallet{CustomerID: rows[0].CustomerID, Meter: billing.Ref{ProviderID: rows[0].ProviderMeterID}}
		_, err = q.ClearAlarm(ctx, gen.ClearAlarmParams{Now: &ms, Kind: string(billing.AlarmCreditsDiffer), Subject: f.Subject()})
		return err
	})
}

// LetUsageGo lets the worker report what a restore held back of customers none of whose
// wallets waits to be compared, and returns how many events that are.
func (s *Store) LetUsageGo(ctx context.Context, now time.Time) (n int64, err error) {
	held, err := s.r.UsageIsHeld(ctx, heldUsage)
	if err != nil || !held {
		return 0, err
	}
	err = s.inTx(ctx, func(q *gen.Queries) error {
		n, err = q.LetUsageGo(ctx, gen.LetUsageGoParams{Now: millis(now), Held: heldUsage, Reason: FrozenByRestore})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("let usage go that a restore held back: %w", err)
	}
	return n, nil
}

// reportedSinceCopy writes down that the provider has an event which waited, or was parked,
// in the copy that was restored: it was taken after the copy, and after it happened. It
// answers when, or nil if nothing was restored since.
func (p *poster) reportedSinceCopy(ctx context.Context, l *ledger, have gen.UsageEvent) (*int64, error) {
	restored, err := restoredOf(ctx, l.q)
	if err != nil || restored.At.IsZero() || have.ReceivedAt > millis(restored.At) {
		return nil, err
	}
	at := max(have.OccurredAt, millis(restored.CopiedAt))
	if err := l.q.MarkUsageSent(ctx, gen.MarkUsageSentParams{SentAt: &at, ID: have.ID}); err != nil {
		return nil, fmt.Errorf("event %s, which was reported before the restore: %w", have.ID, err)
	}
	return &at, nil
}

// restoredOf reads when the database was restored within a transaction.
func restoredOf(ctx context.Context, q *gen.Queries) (r Restored, err error) {
	if r.At, err = readMoment(ctx, q, settingRestored); err != nil || r.At.IsZero() {
		return Restored{}, err
	}
	r.CopiedAt, err = readMoment(ctx, q, settingCopied)
	return r, err
}
