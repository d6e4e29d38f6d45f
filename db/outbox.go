package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Kinds of jobs in the outbox. The worker knows what each does.
const (
	JobCreateCustomer    = "create_customer"    // key: our customer id
	JobUpdateCustomer    = "update_customer"    // key: our customer id
	JobEraseCustomer     = "erase_customer"     // key: the customer id that was ours
	JobReconcileCustomer = "reconcile_customer" // key: our customer id
	JobReconcileCatalog  = "reconcile_catalog"  // key: provider
	JobSyncCredits       = "sync_credits"       // key: provider, slash, the provider's customer id
	JobAction            = "do_action"          // key: an action's id
	JobSyncMember        = "sync_member"        // key: our organisation id, slash, user id; payload: his address
	JobSendMail          = "send_mail"          // key: an id of the mail; payload: a Mail
)

// jobKinds are all kinds; the indexes of the outbox begin with one.
var jobKinds = []string{JobCreateCustomer, JobUpdateCustomer, JobEraseCustomer, JobReconcileCustomer, JobReconcileCatalog, JobSyncCredits, JobAction, JobSyncMember, JobSendMail}

// Job is one thing to do outside, wished for in the transaction that makes it
// necessary. Kind and Key name it (see the outbox table); Payload is JSON.
type Job struct {
	ID          string
	Kind        string
	Key         string
	CustomerID  string // ours; empty when it is nobody's
	Payload     string
	Generation  int64
	Tries       int       // counting the run under way
	State       string    // waiting, done or parked
	Error       string    // why the last run failed; empty if it did not
	CreatedAt   time.Time // when it was first asked for
	NextTryAt   time.Time
	leasedUntil int64
}

// CreditsJob makes the job that reads a customer's credit events.
func CreditsJob(provider, providerCustomerID, customerID string) Job {
	return Job{Kind: JobSyncCredits, Key: provider + "/" + providerCustomerID, CustomerID: customerID}
}

// Enqueue asks for a job at due, or now when due is zero.
func (s *Store) Enqueue(ctx context.Context, job Job, due, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error { return enqueue(ctx, q, job, due, now) })
}

func enqueue(ctx context.Context, q *gen.Queries, job Job, due, now time.Time) error {
	if job.Payload == "" {
		job.Payload = "{}"
	}
	if due.IsZero() {
		due = now
	}
	err := q.EnqueueJob(ctx, gen.EnqueueJobParams{
		ID: NewID(), Kind: job.Kind, Key: job.Key, CustomerID: job.CustomerID,
		Payload: job.Payload, NextTryAt: millis(due), CreatedAt: millis(now),
	})
	if err != nil {
		return fmt.Errorf("enqueue %s %s: %w", job.Kind, job.Key, err)
	}
	return nil
}

// ClaimJob takes the job of a kind that has been due longest and leases it until a
// time: nobody else claims it before, and after a crash it is due again then. It
// counts one more try. billing.ErrNotFound: none is due.
func (s *Store) ClaimJob(ctx context.Context, kind string, until, now time.Time) (Job, error) {
	due, err := s.r.JobIsDue(ctx, gen.JobIsDueParams{Kind: kind, Now: millis(now)})
	if err != nil {
		return Job{}, fmt.Errorf("look for a %s job: %w", kind, err)
	}
	if due == 0 {
		return Job{}, fmt.Errorf("%s job: %w", kind, billing.ErrNotFound)
	}
	var job Job
	err = s.inTx(ctx, func(q *gen.Queries) error {
		row, err := q.ClaimJob(ctx, gen.ClaimJobParams{LeasedUntil: millis(until), Kind: kind, Now: millis(now)})
		if err != nil {
			return fmt.Errorf("claim a %s job: %w", kind, found(err))
		}
		job = jobOf(row)
		return nil
	})
	return job, err
}

func jobOf(row gen.Outbox) Job {
	return Job{
		ID: row.ID, Kind: row.Kind, Key: row.Key, CustomerID: row.CustomerID, Payload: row.Payload,
		Generation: row.Generation, Tries: int(row.Tries), State: row.State, Error: row.Error,
		CreatedAt: moment(row.CreatedAt), NextTryAt: moment(row.NextTryAt), leasedUntil: row.LeasedUntil,
	}
}

// CompleteJob ends a job that was done. If it was asked for again meanwhile, it
// stays and may be claimed at once.
func (s *Store) CompleteJob(ctx context.Context, job Job, now time.Time) error {
	ms := millis(now)
	return s.end(ctx, job, func(q *gen.Queries) (int64, error) {
		return q.CompleteJob(ctx, gen.CompleteJobParams{Now: &ms, ID: job.ID, Generation: job.Generation})
	})
}

// RetryJob keeps a job that failed, with the reason, and lets it be tried again at next.
func (s *Store) RetryJob(ctx context.Context, job Job, reason string, next time.Time) error {
	return s.end(ctx, job, func(q *gen.Queries) (int64, error) {
		return q.RetryJob(ctx, gen.RetryJobParams{
			NextTryAt: millis(next), Error: reason, ID: job.ID, Generation: job.Generation, Tries: int64(job.Tries),
		})
	})
}

// ParkJob sets a job aside for an operator, with a sentence that says why. Asking
// for it again starts it anew.
func (s *Store) ParkJob(ctx context.Context, job Job, reason string) error {
	return s.end(ctx, job, func(q *gen.Queries) (int64, error) {
		return q.ParkJob(ctx, gen.ParkJobParams{
			Error: reason, ID: job.ID, Generation: job.Generation, Tries: int64(job.Tries),
		})
	})
}

// ReleaseJob gives a job back that was cut short, as at a shutdown.
func (s *Store) ReleaseJob(ctx context.Context, job Job) error {
	return s.end(ctx, job, func(*gen.Queries) (int64, error) { return 0, nil })
}

// end runs one ending of a claimed job. When it touches no row, something newer was
// asked for, or another run holds the job: then only our own lease is given back.
func (s *Store) end(ctx context.Context, job Job, ending func(q *gen.Queries) (int64, error)) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := ending(q)
		if err != nil || rows > 0 {
			return err
		}
		return q.ReleaseJob(ctx, gen.ReleaseJobParams{ID: job.ID, LeasedUntil: job.leasedUntil})
	})
	if err != nil {
		return fmt.Errorf("end of %s %s: %w", job.Kind, job.Key, err)
	}
	return nil
}

// Backlog is how much of a kind waits, is done or is parked.
type Backlog struct {
	Kind   string // of jobs; empty for deliveries
	State  string // waiting, done or parked
	Count  int
	Oldest time.Time
}

// OutboxBacklog counts the jobs by kind and state, for operators.
func (s *Store) OutboxBacklog(ctx context.Context) ([]Backlog, error) {
	rows, err := s.r.OutboxCounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	return mapEach(rows, func(row gen.OutboxCountsRow) Backlog {
		return Backlog{Kind: row.Kind, State: row.State, Count: int(row.Jobs), Oldest: moment(row.Oldest)}
	}), nil
}

// TroubledJobs returns up to most jobs that are parked and as many whose last run failed,
// the parked ones first, for operators.
func (s *Store) TroubledJobs(ctx context.Context, most int) ([]Job, error) {
	parked, err := s.r.JobsSetAside(ctx, int64(most))
	if err != nil {
		return nil, fmt.Errorf("parked jobs: %w", err)
	}
	failing, err := s.r.FailingJobs(ctx, int64(most))
	if err != nil {
		return nil, fmt.Errorf("failing jobs: %w", err)
	}
	return mapEach(append(parked, failing...), jobOf), nil
}

// RestartJob begins a job anew that is parked or fails, as often as a new one, and clears
// its alarm. ErrNotFound: there is no such job, or nothing to begin anew: it is done, or a
// mail, whose text is emptied when it is parked.
func (s *Store) RestartJob(ctx context.Context, id string, now time.Time) error {
	return s.wish(ctx, "restart job "+id, func(q *gen.Queries) (int64, error) {
		return q.RestartJob(ctx, gen.RestartJobParams{Now: millis(now), ID: id})
	})
}
