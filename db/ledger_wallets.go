package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Wallet is what a customer has of one meter.
type Wallet struct {
	Meter       billing.Ref
	MeterName   string // empty while the meter was not copied
	Aggregation billing.Aggregation
	Balance     billing.Credits // what is left: the sum of all entries

	// The current period: since when (zero if nothing was ever reset), what came in,
	// and what was used of it. Credited less Consumed is the balance.
	PeriodStart time.Time
	Credited    billing.Credits
	Consumed    billing.Credits

	// Provider is the provider's own figure, as of ProviderAsOf (zero: none copied).
	Provider     billing.Credits
	ProviderAsOf time.Time
	// Waiting says that events have not reached the provider yet, so that its figure
	// must differ from ours.
	Waiting bool

	// FrozenAt is since when the balance is being checked, because it may be from before a
	// restore: nobody may spend by it. Zero: it counts.
	FrozenAt     time.Time
	FrozenReason string // FrozenByRestore or FrozenDiffers
}

// Frozen reports whether nobody may spend by the balance.
func (w Wallet) Frozen() bool { return !w.FrozenAt.IsZero() }

// Drift is what the provider says less what the ledger says. It is false while that
// tells nothing: no figure was copied, or events are on their way, or the meter cannot
// be counted event by event, so that the provider's figure is the only one.
func (w Wallet) Drift() (billing.Credits, bool) {
	additive := w.Aggregation == billing.AggregateCount || w.Aggregation == billing.AggregateSum
	if w.ProviderAsOf.IsZero() || w.Waiting || !additive {
		return 0, false
	}
	return w.Provider - w.Balance, true
}

// Wallets lists what a customer has, one per meter that ever moved. It is one query,
// whose cost does not grow with the number of events: the balance of an account is
// written together with the entries that it sums (CheckLedger proves it).
func (s *Store) Wallets(ctx context.Context, customerID string) ([]Wallet, error) {
	rows, err := s.r.Wallets(ctx, customerID)
	if err != nil {
		return nil, fmt.Errorf("wallets of customer %s: %w", customerID, err)
	}
	return mapEach(rows, func(r gen.WalletsRow) Wallet {
		balance, credited := billing.Credits(r.Balance), billing.Credits(r.Credited)
		return Wallet{
			Meter: meterRef(r.Provider, r.ProviderMeterID), MeterName: r.MeterName,
			Aggregation: billing.Aggregation(r.Aggregation), Balance: balance, PeriodStart: moment(r.PeriodStart),
			// A reset leaves exactly zero, so what came in since and is not left was used.
			Credited: credited, Consumed: credited - balance,
			Provider: billing.Credits(r.ProviderBalance), ProviderAsOf: moment(r.ProviderCopiedAt),
			Waiting: r.Waiting != 0, FrozenAt: maybeMoment(r.FrozenAt), FrozenReason: r.FrozenReason,
		}
	}), nil
}

// lastReset is the latest posted reset before a moment, or the zero row.
func lastReset(ctx context.Context, q *gen.Queries, w walletKey, before int64) (gen.LastResetRow, error) {
	row, err := q.LastReset(ctx, gen.LastResetParams{
		CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID, BeforeAt: before,
	})
	if err = found(err); err != nil && !errors.Is(err, billing.ErrNotFound) {
		return row, fmt.Errorf("last reset: %w", err)
	}
	return row, nil
}

// noteRollover marks credits that may be carried over, in ledger_transactions.note.
const noteRollover = "rollover"
