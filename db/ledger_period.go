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

// factLate is the kind of fact that settles another one, which came to light after
// its period had ended; its id is the other's kind and id.
const factLate = "late"

// settleLate takes the effect of a movement back when a reset after it was posted
// already. The reset emptied the period that the movement belongs to; had it been
// known then, that much less would have expired, or that much more been settled.
// Without this the fact would weigh on the present period, where the provider does
// not count it. countedAt is when the provider did; zero for not yet, which is now.
func (l *ledger) settleLate(ctx context.Context, w walletKey, m billing.Movement, countedAt time.Time) error {
	if countedAt.IsZero() || m.Units == 0 {
		return nil
	}
	reset, err := lastReset(ctx, l.q, w, math.MaxInt64)
	if err != nil || millis(countedAt) >= reset.OccurredAt {
		return err
	}
	_, err = l.post(ctx, w, billing.Movement{
		Cause: billing.Cause(reset.Cause), FactKind: factLate, FactID: m.FactKind + " " + m.FactID,
		Units: -m.Units, OccurredAt: moment(reset.OccurredAt),
	}, "")
	return err
}

// postedReset finds what was left at a reset that was posted before. A reset that a
// later one has overtaken counts as posted too, with nothing left: the later one ended
// both periods.
func (l *ledger) postedReset(ctx context.Context, w walletKey, e billing.CreditEvent) (left billing.Credits, posted bool, err error) {
	units, err := l.q.PostedUnits(ctx, gen.PostedUnitsParams{
		Provider: w.meter.Provider, CauseKind: billing.FactCredit, CauseID: e.ProviderID, ProviderMeterID: w.meter.ProviderID,
	})
	if err = found(err); err == nil {
		return -billing.Credits(units), true, nil
	}
	if !errors.Is(err, billing.ErrNotFound) {
		return 0, false, fmt.Errorf("reset %s: %w", e.ProviderID, err)
	}
	latest, err := lastReset(ctx, l.q, w, math.MaxInt64)
	return 0, latest.OccurredAt > millis(e.OccurredAt), err
}

// leftAt is the balance that counts before a moment: all entries, less those of
// credits that moved after it and of uses that the provider took since or has yet to
// take.
func (l *ledger) leftAt(ctx context.Context, w walletKey, at time.Time) (billing.Credits, error) {
	if err := l.flush(ctx); err != nil {
		return 0, err
	}
	balance, err := l.q.WalletBalance(ctx, gen.WalletBalanceParams{
		CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID,
	})
	if err = found(err); errors.Is(err, billing.ErrNotFound) {
		return 0, nil // nothing ever moved
	} else if err != nil {
		return 0, err
	}
	credited, err := l.q.CreditsMovedAfter(ctx, gen.CreditsMovedAfterParams{
		CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID, AfterAt: millis(at),
	})
	if err != nil {
		return 0, err
	}
	counted, err := l.q.UseCountedSince(ctx, gen.UseCountedSinceParams{
		CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID, Since: millis(at),
	})
	if err != nil {
		return 0, err
	}
	waiting, err := l.q.UseNotCountedYet(ctx, gen.UseNotCountedYetParams{
		CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID, Since: millis(at),
	})
	if err != nil {
		return 0, err
	}
	return billing.Credits(balance-credited) - summed(counted.Millions, counted.Rest) - summed(waiting.Millions, waiting.Rest), nil
}

// LedgerError is what CheckLedger found to be wrong.
type LedgerError struct{ Faults []string }

func (e *LedgerError) Error() string { return fmt.Sprintf("the ledger does not add up: %q", e.Faults) }

// CheckLedger proves a customer's ledger from its entries: every transaction adds up
// to zero, every balance is the sum of its account's entries, which are numbered
// without a gap, the accounts of a meter add up to zero, and the days of a wallet add
// up to its balance. It reads every entry: not for a page. A fault is a *LedgerError.
func (s *Store) CheckLedger(ctx context.Context, customerID string) error {
	rows, err := s.r.LedgerCheck(ctx, customerID)
	if err != nil {
		return fmt.Errorf("check the ledger of customer %s: %w", customerID, err)
	}
	unbalanced, err := s.r.UnbalancedTransactions(ctx, customerID)
	if err != nil {
		return fmt.Errorf("check the transactions of customer %s: %w", customerID, err)
	}
	var faults []string
	if unbalanced > 0 {
		faults = append(faults, fmt.Sprintf("%d transactions are not zero", unbalanced))
	}
	meters := map[billing.Ref]int64{}
	for _, r := range rows {
		name := fmt.Sprintf("%s of meter %s", r.Kind, r.ProviderMeterID)
		meters[meterRef(r.Provider, r.ProviderMeterID)] += r.Balance
		balance := billing.Credits(r.Balance)
		if entries := summed(r.EntriesMillions, r.EntriesRest); balance != entries {
			faults = append(faults, fmt.Sprintf("%s has %d, its entries %d", name, balance, entries))
		}
		if r.LastSeq != r.EntriesCount {
			faults = append(faults, fmt.Sprintf("%s counts %d entries and has %d", name, r.LastSeq, r.EntriesCount))
		}
		if days := summed(r.DaysMillions, r.DaysRest); r.Kind == string(billing.AccountWallet) && balance != days {
			faults = append(faults, fmt.Sprintf("%s has %d, its days %d", name, balance, days))
		}
	}
	for meter, sum := range meters {
		if sum != 0 {
			faults = append(faults, fmt.Sprintf("the accounts of meter %s add up to %d", meter.ProviderID, sum))
		}
	}
	if len(faults) > 0 {
		return &LedgerError{faults}
	}
	return nil
}
