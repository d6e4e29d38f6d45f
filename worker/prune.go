package worker

import (
	"context"
	"time"
)

const (
	// keepDone is how long deliveries and jobs that are done stay, to be looked at.
	keepDone = 30 * 24 * time.Hour
	// keepReadings is how long reports of passes stay.
	keepReadings = 90 * 24 * time.Hour
	// keepRefused is how long a mail that could not be sent is shown to operators.
	keepRefused = 3 * 24 * time.Hour
	pruneRound  = time.Hour
	pruneBatch  = 200 // few enough that a webhook never waits long for the writer
)

// prune removes what was done long ago, so that the database grows with what people
// have and use, and not with every call that told us about it.
func (w *Worker) prune(ctx context.Context) (int, error) {
	n, err := w.Store.Prune(ctx, w.Now().Add(-keepDone), pruneBatch)
	if err != nil {
		return 0, err
	}
	mails, err := w.Store.PruneRefusedMails(ctx, w.Now().Add(-keepRefused), pruneBatch)
	if err != nil {
		return 0, err
	}
	hooks, err := w.Store.PruneHooks(ctx, w.Now().Add(-keepDone), pruneBatch)
	if err != nil {
		return 0, err
	}
	readings, err := w.Store.PruneReadings(ctx, w.Provider.Name(), w.Now().Add(-keepReadings), pruneBatch)
	if err != nil {
		return 0, err
	}
	seats, err := w.Store.SweepSeatActions(ctx, w.Now().Add(-keepDone))
	if err != nil {
		return 0, err
	}
	books, err := w.Store.ForgetOldBooks(ctx, w.TaxYears, w.Now())
	return int(n + mails + hooks + readings + seats + books), err
}
