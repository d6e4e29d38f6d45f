package worker

import (
	"context"
	"maps"
	"math"
	"sync"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// searchParts is how many parts one job reads of a period that is searched: with the pace
// of the background well within the time that a job has.
const searchParts = 20

// searchLate reads the record once more since a time, in parts that fit into the time of a
// request, and says whether it has come to the end. If not, the next search of this
// customer goes on where this one stopped: a job that fails on the way, or has read enough
// for once, begins nothing anew. That is forgotten at a restart, which costs the reading.
func (w *Worker) searchLate(ctx context.Context, customer string, cursor db.EventCursor, since time.Time) (ended bool, err error) {
	if at := w.drifts.searchedTo(cursor.CustomerID); at.After(since) {
		since = at
	}
	next, err := w.readParts(ctx, customer, cursor, since, searchParts, func(next time.Time) { w.drifts.searched(cursor.CustomerID, next) })
	return err == nil && next.IsZero(), err
}

// readParts reads the record since a time, up to so many parts of it, tells read where it
// goes on after each, and returns that; zero at its end.
func (w *Worker) readParts(ctx context.Context, customer string, cursor db.EventCursor, since time.Time, parts int, read func(next time.Time)) (next time.Time, err error) {
	most := w.eventsAtOnce
	for range parts {
		if _, next, err = w.readCredits(ctx, customer, cursor, since, most); err != nil {
			return next, err
		}
		read(next)
		if next.IsZero() {
			return next, nil
		}
		if most = w.eventsAtOnce; !next.After(since) {
			most = math.MaxInt // a single moment has more than a part: only all at once gets on
		}
		since = next
	}
	return next, nil
}

// drifts remembers which differences were searched for, so that one that stays is not
// searched for at every reading. Forgetting them at a restart costs one search each.
type drifts struct {
	mu   sync.Mutex
	seen map[driftKey]billing.Credits
	at   map[string]time.Time // how far the search has come that is under way, by customer
}

type driftKey struct {
	customerID string
	meter      billing.Ref
}

func (d *drifts) remember(customerID string, wallets []db.Wallet) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil {
		d.seen = map[driftKey]billing.Credits{}
	}
	for _, wallet := range wallets {
		d.seen[driftKey{customerID, wallet.Meter}], _ = wallet.Drift()
	}
}

// forget lets the wallets of a customer be searched for again.
func (d *drifts) forget(customerID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.seen, func(key driftKey, _ billing.Credits) bool { return key.customerID == customerID })
}

func (d *drifts) known(customerID string, wallet db.Wallet) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	drift, _ := wallet.Drift()
	seen, ok := d.seen[driftKey{customerID, wallet.Meter}]
	return ok && seen == drift
}

// searched keeps where a search goes on; zero when it has ended.
func (d *drifts) searched(customerID string, next time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if next.IsZero() {
		delete(d.at, customerID)
		return
	}
	if d.at == nil {
		d.at = map[string]time.Time{}
	}
	d.at[customerID] = next
}

// searchedTo is where a search goes on; zero if none is under way.
func (d *drifts) searchedTo(customerID string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at[customerID]
}
