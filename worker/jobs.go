package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

const (
	// jobTimeout bounds one run of a job; the lease is longer, so that no second run
	// can begin while the first is still ending.
	jobTimeout = 90 * time.Second
	jobLease   = 2 * time.Minute
	// jobTries is after how many failures a job is parked. Failures of the provider
	// do not park: however long it is down, everything catches up afterwards.
	jobTries = 8
)

// jobs makes the loop that does one kind of job, runners at once. An error of do of
// kind billing.ErrProvider is tried again for as long as it takes, an *unfit error
// parks the job at once, any other parks it after jobTries.
func (w *Worker) jobs(kind string, runners int, do func(ctx context.Context, job db.Job) error) loop {
	step := func(ctx context.Context) (int, error) {
		job, err := w.Store.ClaimJob(ctx, kind, w.Now().Add(jobLease), w.Now())
		if errors.Is(err, billing.ErrNotFound) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		run, cancel := context.WithTimeout(ctx, jobTimeout)
		defer cancel()
		err = safely(func() error { return do(run, job) })
		// Even while stopping, how the job ended is worth the write.
		return 1, w.endJob(context.WithoutCancel(ctx), job, err, ctx.Err() != nil)
	}
	return loop{name: kind, every: 2 * time.Second, runners: runners, step: step}
}

// endJob writes down how a run ended.
func (w *Worker) endJob(ctx context.Context, job db.Job, err error, stopping bool) error {
	log := w.Log.With("job", job.Kind, "key", job.Key, "tries", job.Tries)
	switch {
	case err == nil:
		return w.Store.CompleteJob(ctx, job, w.Now())
	case stopping:
		return w.Store.ReleaseJob(ctx, job)
	case parks(job, err):
		log.ErrorContext(ctx, "job parked: it needs an operator", "err", err)
		return w.Store.ParkJob(ctx, job, err.Error())
	}
	next := w.Now().Add(max(backoff(job.Tries), retryAfter(err)))
	log.WarnContext(ctx, "job failed, will be tried again", "next", next, "err", err)
	return w.Store.RetryJob(ctx, job, err.Error(), next)
}

func parks(job db.Job, err error) bool {
	if _, ok := errors.AsType[*unfit](err); ok {
		return true
	}
	_, wait := errors.AsType[*later](err)
	return job.Tries >= jobTries && !wait && !errors.Is(err, billing.ErrProvider)
}

// later is a failure of a server that is neither ours nor the provider's: the job is
// tried again for as long as its handler says so.
type later struct{ err error }

func (e *later) Error() string { return e.err.Error() }
func (e *later) Unwrap() error { return e.err }

// unfit is a failure that trying again cannot mend. Its sentence tells an operator
// what to do.
type unfit struct {
	sentence string
	err      error // may be nil
}

func (e *unfit) Error() string {
	if e.err == nil {
		return e.sentence
	}
	return e.sentence + " (" + e.err.Error() + ")"
}

func (e *unfit) Unwrap() error { return e.err }

// backoff is the wait after that many failed tries: 2 s, doubling up to 10 minutes,
// jittered.
func backoff(tries int) time.Duration {
	const first, longest = 2 * time.Second, 10 * time.Minute
	return jitter(min(longest, first<<min(max(tries-1, 0), 10)))
}

// safely turns a panic into an error, so that one poisonous fact cannot stop the
// process at every start.
func safely(work func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return work()
}
