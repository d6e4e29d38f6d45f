package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Hindrance is why nobody can be erased at the moment.
type Hindrance struct{ Reasons []HindranceReason }

// HindranceReason is one thing that must end first.
type HindranceReason struct {
	Kind         HindranceKind
	Organization string    // the name of whose it is; empty for the person's own
	Slug         string    // of that organisation
	Until        time.Time // when it ends by itself; zero when that is not known
}

// HindranceKind is what hinders an erasure.
type HindranceKind string

// The kinds.
const (
	HinderedBySubscription HindranceKind = "subscription" // one runs
	HinderedByOrder        HindranceKind = "order"        // a payment is under way
	HinderedByCheckout     HindranceKind = "checkout"     // one can still be paid
	HinderedByPurchase     HindranceKind = "purchase"     // one was paid, and what it bought is not here yet
	HinderedByAction       HindranceKind = "action"       // a cancellation or refund waits for the provider
	HinderedByMembers      HindranceKind = "members"      // an organisation would be left without an owner
)

func (h *Hindrance) Error() string {
	return fmt.Sprintf("%d things must end first, among them: %s", len(h.Reasons), h.Reasons[0].Kind)
}

// Unwrap makes it an ErrConflict.
func (h *Hindrance) Unwrap() error { return billing.ErrConflict }

// unhindered returns the customers that end with a user, his own first, or a *Hindrance.
func (s *Store) unhindered(ctx context.Context, q *gen.Queries, userID string, now time.Time) (payers []string, err error) {
	var h Hindrance
	owned, err := q.OwnedAlone(ctx, userID)
	if err != nil {
		return nil, fmt.Errorf("organisations: %w", err)
	}
	about := []HindranceReason{{}}
	payers = []string{userID}
	for _, o := range owned {
		if o.Company > 0 {
			h.Reasons = append(h.Reasons, HindranceReason{Kind: HinderedByMembers, Organization: o.Name, Slug: o.Slug})
			continue
		}
		payers, about = append(payers, o.ID), append(about, HindranceReason{Organization: o.Name, Slug: o.Slug})
	}
	for i, payer := range payers {
		reasons, err := running(ctx, q, payer, now)
		if err != nil {
			return nil, err
		}
		for _, reason := range reasons {
			reason.Organization, reason.Slug = about[i].Organization, about[i].Slug
			h.Reasons = append(h.Reasons, reason)
		}
	}
	if len(h.Reasons) > 0 {
		return nil, &h
	}
	return payers, nil
}

// running is what is billed to a customer, or may be.
func running(ctx context.Context, q *gen.Queries, customerID string, now time.Time) (reasons []HindranceReason, err error) {
	row, err := q.RunningOf(ctx, gen.RunningOfParams{ID: &customerID, OpenAfter: millis(now.Add(-paidLateFor)), SettledAfter: millis(now.Add(-settlesFor))})
	if err != nil {
		return nil, fmt.Errorf("what runs of customer %s: %w", customerID, err)
	}
	for _, running := range []struct {
		kind  HindranceKind
		is    bool
		until int64
	}{
		{HinderedBySubscription, row.Subscription > 0, row.Subscription}, {HinderedByOrder, row.Pending > 0, 0},
		{HinderedByCheckout, row.Open > 0 || row.Confirmed > 0, max(later(row.Open, paidLateFor), later(row.Confirmed, settlesFor))},
		{HinderedByPurchase, row.Purchase > 0, later(row.Purchase, settlesFor)}, {HinderedByAction, row.Waiting > 0, 0},
	} {
		if running.is {
			reason := HindranceReason{Kind: running.kind}
			if running.until > 1 {
				reason.Until = moment(running.until)
			}
			reasons = append(reasons, reason)
		}
	}
	return reasons, nil
}

// later is a moment and some time; 0 for none.
func later(moment int64, by time.Duration) int64 {
	if moment == 0 {
		return 0
	}
	return moment + by.Milliseconds()
}

// Running says what is billed to a customer, or may be, and so must end before an
// organisation does; nothing when nothing is.
func (s *Store) Running(ctx context.Context, customerID string, now time.Time) ([]HindranceReason, error) {
	return running(ctx, s.r, customerID, now)
}

// ErasurePlan is what erasing a user would do.
type ErasurePlan struct {
	Hindrances    []HindranceReason // why it cannot be done now
	Organizations []string          // names of those that end with him
	Papers        int               // orders and refunds that stay
	LatestPaper   time.Time
}

// PlanErasure says what erasing a user would do, and changes nothing.
func (s *Store) PlanErasure(ctx context.Context, userID string, now time.Time) (ErasurePlan, error) {
	var plan ErasurePlan
	_, err := s.unhindered(ctx, s.r, userID, now)
	if h, hindered := errors.AsType[*Hindrance](err); hindered {
		plan.Hindrances = h.Reasons
	} else if err != nil {
		return plan, fmt.Errorf("plan the erasure of user %s: %w", userID, err)
	}
	owned, err := s.r.OwnedAlone(ctx, userID)
	if err != nil {
		return plan, fmt.Errorf("organisations of user %s: %w", userID, err)
	}
	payers := []string{userID}
	for _, o := range owned {
		if o.Company == 0 {
			plan.Organizations, payers = append(plan.Organizations, o.Name), append(payers, o.ID)
		}
	}
	for _, payer := range payers {
		books, err := s.r.BooksOf(ctx, &payer)
		if err != nil {
			return plan, fmt.Errorf("books of customer %s: %w", payer, err)
		}
		plan.Papers += int(books.Papers)
		if latest := moment(books.Latest); latest.After(plan.LatestPaper) {
			plan.LatestPaper = latest
		}
	}
	return plan, nil
}
