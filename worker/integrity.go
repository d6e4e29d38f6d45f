package worker

import (
	"context"
	"errors"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	// sumsRound is how often the ledger is proved from its entries; the first time is right
	// after the start, beside everything else.
	sumsRound = time.Hour
	sumsBatch = 50 // customers in one step
	// integrityEvery is how old the last proof of the whole file may become, and
	// integrityLook how often its age is looked at.
	integrityEvery = 24 * time.Hour
	integrityLook  = time.Hour
)

// sums is how far the pass over the ledger has come, by its loop alone: the last customer.
type sums struct{ after string }

// checkSums proves the ledgers of the next customers. What does not add up is an alarm of
// the customer; nothing is changed, for which of the figures is wrong nobody can tell.
func (w *Worker) checkSums(ctx context.Context) (int, error) {
	customers, err := w.Store.LedgerCustomers(ctx, w.sums.after, sumsBatch)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, customer := range customers {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if err := w.checkSum(ctx, customer); err != nil {
			failed = errors.Join(failed, err) // one that cannot be read hides nobody behind it
		}
		w.sums.after = customer
	}
	if len(customers) < sumsBatch {
		w.sums.after = "" // from the beginning, in the next round
		return 0, failed
	}
	return len(customers), failed
}

func (w *Worker) checkSum(ctx context.Context, customer string) error {
	err := w.Store.CheckLedger(ctx, customer)
	fault, wrong := errors.AsType[*db.LedgerError](err)
	switch {
	case wrong:
		w.Log.ErrorContext(ctx, "the ledger does not add up", "customer", customer, "faults", fault.Faults)
		_, err = w.Store.Raise(ctx, billing.Alarm{Kind: billing.AlarmLedger, Subject: customer, Detail: strings.Join(fault.Faults, "; ")}, w.Now())
	case err == nil:
		_, err = w.Store.Clear(ctx, billing.AlarmLedger, customer, w.Now())
	}
	return err
}

// integritySubject is what the alarm of a damaged file is about: there is one.
const integritySubject = "database"

// checkIntegrity reads the whole database file once a day, also across restarts.
func (w *Worker) checkIntegrity(ctx context.Context) (int, error) {
	last, err := w.Store.IntegrityChecked(ctx)
	if err != nil || w.Now().Sub(last) < integrityEvery {
		return 0, err
	}
	began := time.Now() // of a duration
	err = w.Store.CheckIntegrity(ctx)
	switch {
	case db.Damaged(err) && ctx.Err() == nil:
		w.Log.ErrorContext(ctx, "the database file is damaged: restore a backup (docs/operations.md)", "err", err)
		_, err = w.Store.Raise(ctx, billing.Alarm{Kind: billing.AlarmIntegrity, Subject: integritySubject, Detail: err.Error()}, w.Now())
		return 0, err
	case err != nil:
		return 0, err
	}
	w.Log.InfoContext(ctx, "the database file is sound", "took", time.Since(began).Round(time.Millisecond))
	if _, err := w.Store.Clear(ctx, billing.AlarmIntegrity, integritySubject, w.Now()); err != nil {
		return 0, err
	}
	return 0, w.Store.MarkIntegrity(ctx, w.Now())
}
