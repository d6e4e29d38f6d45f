package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/db/gen"
)

// Kinds of jobs in the outbox. The worker knows what each does.
const (
	JobCreateCustomer    = "create_customer"    // key: our customer id
	JobReconcileCustomer = "reconcile_customer" // key: our customer id
	JobReconcileCatalog  = "reconcile_catalog"  // key: provider
	JobSyncCredits       = "sync_credits"       // key: provider, slash, the provider's customer id
	JobSendMail          = "send_mail"          // key: an id of the mail; payload: a Mail
)

// Job is one thing to do outside, wished for in the transaction that makes it
// necessary. Kind and Key name it (see the outbox table); Payload is JSON.
type Job struct {
	ID         string
	Kind       string
	Key        string
	CustomerID string // ours; empty when it is nobody's
	Payload    string
	Generation int64
	Tries      int
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
