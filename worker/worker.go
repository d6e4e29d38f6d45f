// Package worker does what waits: it applies deliveries to the mirror, does the jobs
// of the outbox at the provider and by mail, and reads the provider anew from time to
// time, so that everything comes right even when no webhook ever arrives.
//
// It knows the providers by billing.Provider and the facts by db.Store. It knows no
// HTTP, shows nothing, and keeps nothing in memory that matters: killed at any
// moment, it goes on from the database.
package worker

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// Config is what a Worker needs. All fields are required but the ones that say so.
type Config struct {
	Store          *db.Store
	Provider       billing.Provider
	Mailer         *Mailer
	Now            func() time.Time
	Log            *slog.Logger
	Hooks          []Hook        // who is told facts; may be empty. Store.CallHooks must have named them
	ReconcileEvery time.Duration // how old a full copy may become; 0 is DefaultReconcileEvery

	// CustomerMetadata is what new customers carry at the provider; may be nil.
	CustomerMetadata func(ctx context.Context, c db.Customer) (map[string]string, error)

	// TaxYears is how many years after its own an order is kept of whom was erased; 0 is
	// DefaultTaxYears.
	TaxYears int

	WebhookURLs []string                             // where the provider should send webhooks; empty: nobody looks whether it does
	Operators   []string                             // are mailed each urgent alarm; without any, who became one by a start-up token is
	AlarmMail   func(billing.Alarm) (db.Mail, error) // words it; nil for no mail
}

// DefaultReconcileEvery bounds how long a lost webhook can go unnoticed.
const DefaultReconcileEvery = 15 * time.Minute

// Worker runs the loops. Make one with New.
type Worker struct {
	Config
	circuit *circuit
	loops   []loop
	wakes   []chan struct{} // one per loop, with room for each of its runners

	began          time.Time // by the reconcile loop alone: when it first looked for a pass
	endpointsSeen  time.Time // by the provider loop alone: when the endpoints were last read
	unsettledAfter string    // by the unsettled loop alone: the id of the last checkout that it read
	awaited        awaited
	drifts         drifts
	disk           func() (db.Disk, error) // of the database
	sums           sums
	eventsAtOnce   int // of one job; see the constant

	repairAsked map[string]time.Time // by the repair loop alone: by customer, when his record was asked for
}

// New returns a Worker whose loops have not begun.
func New(config Config) *Worker {
	if config.ReconcileEvery == 0 {
		config.ReconcileEvery = DefaultReconcileEvery
	}
	if config.TaxYears == 0 {
		config.TaxYears = db.DefaultTaxYears
	}
	w := &Worker{Config: config, circuit: newCircuit(), awaited: awaited{until: map[billing.Ref]wish{}}, eventsAtOnce: eventsAtOnce}
	w.disk = config.Store.Disk
	w.loops = w.table()
	w.wakes = make([]chan struct{}, len(w.loops))
	for i := range w.wakes {
		w.wakes[i] = make(chan struct{}, max(1, w.loops[i].runners))
	}
	return w
}

// table is everything that a Worker does. A loop without a job of its own looks for
// work itself; the others each do one kind of job of the outbox, so that mail never
// waits behind a slow provider.
func (w *Worker) table() []loop {
	const idle = 2 * time.Second
	loops := []loop{
		{name: "inbox", every: idle, step: w.applyInbox},
		{name: "reconcile", every: passRound, step: w.runPass},
		{name: "awaited", every: awaitEvery, step: w.readAwaited},
		{name: "unsettled", every: unsettledRound, step: w.readUnsettled},
		w.jobs(db.JobSendMail, 2, w.sendMail),
		w.jobs(db.JobAction, 2, w.doAction),
		w.jobs(db.JobCreateCustomer, 2, w.createCustomer),
		w.jobs(db.JobUpdateCustomer, 1, w.updateCustomer),
		w.jobs(db.JobSyncMember, 1, w.syncMember),
		w.jobs(db.JobEraseCustomer, 1, w.eraseCustomer),
		w.jobs(db.JobReconcileCustomer, 2, w.reconcileCustomer),
		w.jobs(db.JobReconcileCatalog, 1, w.reconcileCatalog),
		w.jobs(db.JobSyncCredits, 2, w.syncCredits),
		{name: "usage", every: idle, step: w.sendUsage},
		{name: "usage deadlines", every: usageWatchRound, step: w.watchUsage},
		{name: "watch", every: watchRound, step: w.watchParked},
		{name: "provider", every: watchRound, step: w.watchProvider},
		{name: "repair", every: repairRound, step: w.repair},
		{name: "prune", every: pruneRound, step: w.prune},
		{name: "disk", every: diskRound, step: w.watchDisk},
		{name: "sums", every: sumsRound, step: w.checkSums},
		{name: "integrity", every: integrityLook, step: w.checkIntegrity},
	}
	for _, hook := range w.Hooks {
		loops = append(loops, w.hookLoop(hook))
	}
	return loops
}

// loop is one thing that is done again and again. step does what is due and reports
// how many things it did; it is called again at once while it finds some, else when
// poked or after every.
type loop struct {
	name    string
	every   time.Duration
	runners int // how many at once; 0 is one
	step    func(ctx context.Context) (int, error)
}

// Run works until ctx ends, and returns when everything under way has ended too.
func (w *Worker) Run(ctx context.Context) {
	var running sync.WaitGroup
	for i, l := range w.loops {
		for range max(1, l.runners) {
			running.Go(func() { w.run(ctx, l, w.wakes[i]) })
		}
	}
	running.Wait()
}

// Poke says that there may be something to do now. It never blocks.
func (w *Worker) Poke() {
	for _, wake := range w.wakes {
		for range cap(wake) {
			select {
			case wake <- struct{}{}:
			default: // all are awake already
			}
		}
	}
}

func (w *Worker) run(ctx context.Context, l loop, wake <-chan struct{}) {
	for ctx.Err() == nil {
		var n int
		err := safely(func() (err error) {
			n, err = l.step(ctx)
			return err
		})
		if err != nil && ctx.Err() == nil {
			w.Log.ErrorContext(ctx, "worker loop", "loop", l.name, "err", err)
		}
		if n > 0 && err == nil {
			continue // more may be waiting
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-time.After(jitter(l.every)):
		}
	}
}

// jitter spreads a wait by a quarter to both sides, so that many do not move in step.
func jitter(d time.Duration) time.Duration {
	if d < 2 {
		return d
	}
	return d - d/4 + rand.N(d/2)
}
