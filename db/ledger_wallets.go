package db

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Wallet is what a customer has of one meter.
type Wallet struct {
	Meter       billing.Ref
	MeterName   string // empty while the meter was not copied
	Aggregation billing.Aggregation
	Sums        CreditSums // over all time: Opening is zero, Balance is what is left

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
}

// Drift is what the provider says less what the ledger says. It is false while that
// tells nothing: no figure was copied, or events are on their way, or the meter cannot
// be counted event by event, so that the provider's figure is the only one.
func (w Wallet) Drift() (billing.Credits, bool) {
	additive := w.Aggregation == billing.AggregateCount || w.Aggregation == billing.AggregateSum
	if w.ProviderAsOf.IsZero() || w.Waiting || !additive {
		return 0, false
	}
	return w.Provider - w.Sums.Balance, true
}

// Wallets lists what a customer has, one per meter that ever moved. Its cost does not
// grow with the number of events: sums come from one row per day and cause, which
// are written together with the entries that they sum (CheckLedger proves it).
func (s *Store) Wallets(ctx context.Context, customerID string) ([]Wallet, error) {
	rows, err := s.r.Wallets(ctx, customerID)
	if err != nil {
		return nil, fmt.Errorf("wallets of customer %s: %w", customerID, err)
	}
	var out []Wallet
	for _, r := range rows {
		w := Wallet{
			Meter: meterRef(r.Provider, r.ProviderMeterID), MeterName: r.MeterName,
			Aggregation: billing.Aggregation(r.Aggregation),
			Provider:    billing.Credits(r.ProviderBalance), ProviderAsOf: moment(r.ProviderCopiedAt),
		}
		if err := s.fillWallet(ctx, customerID, &w); err != nil {
			return nil, fmt.Errorf("wallet of customer %s on meter %s: %w", customerID, w.Meter.ProviderID, err)
		}
		out = append(out, w)
	}
	return out, nil
}

func (s *Store) fillWallet(ctx context.Context, customerID string, w *Wallet) error {
	var err error
	if w.Sums, err = s.CreditSums(ctx, customerID, w.Meter, time.Time{}); err != nil {
		return err
	}
	reset, err := lastReset(ctx, s.r, walletKey{customerID, w.Meter}, math.MaxInt64)
	if err != nil {
		return err
	}
	w.PeriodStart = moment(reset.OccurredAt)
	credited, err := s.r.CreditedBetween(ctx, gen.CreditedBetweenParams{
		CustomerID: customerID, Provider: w.Meter.Provider, ProviderMeterID: w.Meter.ProviderID,
		FromAt: reset.OccurredAt, ToAt: math.MaxInt64,
	})
	if err != nil {
		return fmt.Errorf("credited since %s: %w", w.PeriodStart, err)
	}
	// A reset leaves exactly zero, so what came in since and is not left was used.
	w.Credited = billing.Credits(credited.Credited)
	w.Consumed = w.Credited - w.Sums.Balance
	waiting, err := s.r.UsageWaiting(ctx, gen.UsageWaitingParams{CustomerID: customerID, Provider: w.Meter.Provider})
	if err != nil {
		return fmt.Errorf("events on their way: %w", err)
	}
	w.Waiting = waiting
	return nil
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
