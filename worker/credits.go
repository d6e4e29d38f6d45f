package worker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// lateReport is how long before its period an event may have happened to be found when
// balances differ: others report in batches too, but hardly a week late.
const lateReport = 7 * 24 * time.Hour

// syncCredits brings the ledger of one customer up to the provider's own record:
// grants, revocations, resets, and what others reported as used. Then it compares the
// balances. job.Key is the provider, a slash, and the provider's customer id.
func (w *Worker) syncCredits(ctx context.Context, job db.Job) error {
	provider, customer, ok := strings.Cut(job.Key, "/")
	if !ok || customer == "" || provider != w.Provider.Name() {
		return &unfit{sentence: fmt.Sprintf("the job names no customer of %s: %q", w.Provider.Name(), job.Key)}
	}
	cursor, err := w.Store.EventCursor(ctx, provider, customer)
	if errors.Is(err, billing.ErrNotFound) {
		return nil // nobody here owns these credits; linking the customer asks again
	}
	if err != nil {
		return err
	}
	posted, next, err := w.readCredits(ctx, customer, cursor, cursor.Since(), w.eventsAtOnce)
	if err != nil {
		return err
	}
	if !next.IsZero() {
		if ended, err := w.readOn(ctx, job, cursor); err != nil || !ended {
			return err
		}
	}
	if posted > 0 {
		if err := w.copyNewBalances(ctx, cursor.CustomerID); err != nil {
			return err
		}
	}
	differs, err := w.compareBalances(ctx, cursor)
	if err != nil {
		return err
	}
	if len(differs) == 0 {
		w.drifts.searched(cursor.CustomerID, time.Time{})
		return nil
	}
	// Something happened long ago and was reported late, before the time that was read:
	// the period is read once more, from before its beginning.
	since := differs[0].PeriodStart
	for _, wallet := range differs {
		since = earlier(since, wallet.PeriodStart)
	}
	if !since.IsZero() {
		since = since.Add(-lateReport)
	}
	if ended, err := w.searchLate(ctx, customer, cursor, since); err != nil {
		return err
	} else if !ended {
		return w.syncAgain(ctx, job)
	}
	if differs, err = w.compareBalances(ctx, cursor); err != nil {
		return err
	}
	for _, wallet := range differs {
		by, _ := wallet.Drift()
		w.Log.WarnContext(ctx, "the provider counts credits differently", "customer", cursor.CustomerID,
			"meter", wallet.Meter.ProviderID, "ours", wallet.Balance, "provider", wallet.Provider, "drift", by)
	}
	w.drifts.remember(cursor.CustomerID, differs)
	return nil
}

// copyNewBalances asks for a reading of the customer when a wallet has no figure of the
// provider's yet: the first credits of a meter make one there. It is asked for only
// after something was posted, so a provider without a figure is not asked for ever.
func (w *Worker) copyNewBalances(ctx context.Context, customerID string) error {
	wallets, err := w.Store.Wallets(ctx, customerID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(wallets, func(wallet db.Wallet) bool { return wallet.ProviderAsOf.IsZero() }) {
		return nil
	}
	job := db.Job{Kind: db.JobReconcileCustomer, Key: customerID, CustomerID: customerID}
	if err := w.Store.Enqueue(ctx, job, time.Time{}, w.Now()); err != nil {
		return err
	}
	w.Poke()
	return nil
}

// eventsAtOnce is how many events one job reads: ten requests, a few seconds within what
// Polar allows. A long history is read by one job after the other.
const eventsAtOnce = 1_000

// readOn asks for the next part of a history of which one part was posted. The cursor
// has moved; if it has not, more events than one job reads fall into the overlap of two
// readings, and it is read on past them. ended says that this came to the end.
func (w *Worker) readOn(ctx context.Context, job db.Job, before db.EventCursor) (ended bool, err error) {
	_, customer, _ := strings.Cut(job.Key, "/")
	after, err := w.Store.EventCursor(ctx, w.Provider.Name(), customer)
	if err != nil {
		return false, err
	}
	if !after.Until.After(before.Until) {
		// However many: the cursor keeps how far this comes.
		next, err := w.readParts(ctx, customer, after, after.Since(), math.MaxInt, func(time.Time) {})
		return err == nil && next.IsZero(), err
	}
	return false, w.syncAgain(ctx, job)
}

// syncAgain asks for the same job once more, after this run of it.
func (w *Worker) syncAgain(ctx context.Context, job db.Job) error {
	if err := w.Store.Enqueue(ctx, db.Job{Kind: job.Kind, Key: job.Key, CustomerID: job.CustomerID}, time.Time{}, w.Now()); err != nil {
		return err
	}
	w.Poke()
	return nil
}

// readCredits reads the provider's record since a time, of about most events, posts it,
// and returns how many movements were news and where the record goes on: zero at its end.
func (w *Worker) readCredits(ctx context.Context, customer string, cursor db.EventCursor, since time.Time, most int) (posted int, next time.Time, err error) {
	var more bool
	news := db.CreditNews{Provider: w.Provider.Name(), Cursor: cursor, Since: since.Truncate(time.Millisecond), ReadAt: w.Now()}
	// Uses first: a reset that comes in between then ends what was read, not less.
	news.Uses, err = ask(ctx, w, func(ctx context.Context) (uses []billing.ForeignEvent, err error) {
		uses, more, err = w.Provider.UsageEvents(ctx, customer, news.Since, most)
		return uses, err
	})
	if err != nil {
		return 0, next, fmt.Errorf("read what customer %s used: %w", customer, err)
	}
	news.Credits, err = ask(ctx, w, func(ctx context.Context) ([]billing.CreditEvent, error) {
		return w.Provider.CreditEvents(ctx, customer, news.Since)
	})
	if err != nil {
		return 0, next, fmt.Errorf("read the credits of customer %s: %w", customer, err)
	}
	if more { // what was granted after the last use belongs to the next part
		last := news.Uses[len(news.Uses)-1].OccurredAt
		next = last.Truncate(time.Millisecond)
		news.Credits = slices.DeleteFunc(news.Credits, func(e billing.CreditEvent) bool { return e.OccurredAt.After(last) })
	}
	meters, err := w.Store.Meters(ctx)
	if err != nil {
		return 0, next, err
	}
	report, err := w.Store.PostCredits(ctx, news, meters, w.Now())
	if err != nil {
		return 0, next, err
	}
	w.Log.DebugContext(ctx, "credits read", "customer", cursor.CustomerID, "since", news.Since, "posted", report.Posted)
	if len(report.UnknownMeters) == 0 {
		return report.Posted, next, nil
	}
	catalog := db.Job{Kind: db.JobReconcileCatalog, Key: w.Provider.Name()}
	if err := w.Store.Enqueue(ctx, catalog, time.Time{}, w.Now()); err != nil {
		return 0, next, err
	}
	w.Poke()
	return 0, next, fmt.Errorf("credits of customer %s on meters %v, which the catalog has not shown yet: %w",
		cursor.CustomerID, report.UnknownMeters, billing.ErrNotFound)
}

// compareBalances reads the provider's figures anew and returns the wallets that
// differ and were not searched for that before. A figure older than the last event
// known tells nothing: providers add up with a delay (Polar: 15 seconds to minutes).
func (w *Worker) compareBalances(ctx context.Context, cursor db.EventCursor) ([]db.Wallet, error) {
	balances, err := w.Store.Balances(ctx, cursor.CustomerID)
	if err != nil {
		return nil, err
	}
	fresh := map[billing.Ref]billing.Balance{}
	for _, b := range balances {
		if b.Provider != w.Provider.Name() {
			continue
		}
		object, err := ask(ctx, w, func(ctx context.Context) (billing.Object, error) { return w.Provider.Fetch(ctx, b.Ref()) })
		if err != nil {
			return nil, fmt.Errorf("read balance %s: %w", b.ProviderID, err)
		}
		if b, ok := object.(billing.Balance); ok {
			fresh[billing.Ref{Provider: b.Provider, Kind: billing.KindMeter, ProviderID: b.ProviderMeterID}] = b
		}
		if _, err := w.Store.Apply(ctx, billing.Change{Object: object}, w.Now()); err != nil {
			return nil, err
		}
	}
	wallets, err := w.Store.Wallets(ctx, cursor.CustomerID)
	if err != nil {
		return nil, err
	}
	var differs []db.Wallet
	for _, wallet := range wallets {
		drift, tells := wallet.Drift()
		figure, read := fresh[wallet.Meter]
		if tells && drift != 0 && read && figure.Version >= cursor.Until.UnixMicro() && !w.drifts.known(cursor.CustomerID, wallet) {
			differs = append(differs, wallet)
		}
	}
	return differs, nil
}
