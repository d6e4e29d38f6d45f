package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// actionRequest is what an action's column request holds.
type actionRequest struct {
	Cancellation billing.Cancellation  `json:"cancellation,omitzero"`
	Refund       billing.RefundRequest `json:"refund,omitzero"`
	Seat         billing.SeatWish      `json:"seat,omitzero"`
	Seats        billing.SeatChange    `json:"seats,omitzero"`
}

// Ask keeps an action and the job that does it, in one transaction. Asking for the same
// again while it waits answers the one that waits; asking for another change of the same
// object then is billing.ErrConflict. The ID of a refund becomes its key. ErrDenied: a seat
// is wanted that is not free, or for somebody who may not have it, or fewer seats than are
// given (the rules are in the SQL).
func (s *Store) Ask(ctx context.Context, a billing.Action, now time.Time) (billing.Action, error) {
	a.ID, a.State, a.AskedAt = NewID(), billing.ActionWaiting, now
	if a.Kind == billing.ActionRefund {
		a.Refund.Key = a.ID
	}
	request, err := json.Marshal(actionRequest{a.Cancellation, a.Refund, a.Seat, a.Seats})
	if err != nil {
		return a, fmt.Errorf("ask for %s: %w", a.Kind, err)
	}
	err = s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := insertAction(ctx, q, a, string(request), millis(now))
		if err != nil {
			return err
		}
		if rows > 0 {
			return enqueue(ctx, q, Job{Kind: JobAction, Key: a.ID, CustomerID: a.CustomerID}, time.Time{}, now)
		}
		waiting, err := latestAction(ctx, q, a.Object)
		if errors.Is(err, billing.ErrNotFound) || err == nil && waiting.State != billing.ActionWaiting {
			return fmt.Errorf("its rules do not hold: %w", billing.ErrDenied) // those of AskForSeat and AskToChangeSeats
		}
		if err != nil {
			return err
		}
		if waiting.Kind != a.Kind || waiting.Seats != a.Seats {
			return fmt.Errorf("a %s waits: %w", waiting.Kind, billing.ErrConflict)
		}
		a = waiting
		return nil
	})
	if err != nil {
		return a, fmt.Errorf("ask for %s of %s: %w", a.Kind, a.Object.ProviderID, err)
	}
	return a, nil
}

// insertAction writes a wish down. Those that take something which there is only so much
// of have a statement of their own, which writes nothing when it would be too much.
func insertAction(ctx context.Context, q *gen.Queries, a billing.Action, request string, now int64) (int64, error) {
	switch a.Kind {
	case billing.ActionAssignSeat:
		claim := int64(0)
		if a.Seat.Claim {
			claim = 1
		}
		return q.AskForSeat(ctx, gen.AskForSeatParams{
			ID: a.ID, Provider: a.Object.Provider, ObjectID: a.Object.ProviderID, CustomerID: a.CustomerID, AskedBy: a.AskedBy,
			Request: request, AskedAt: now, ScopeID: a.Seat.ProviderSubscriptionID, Email: a.Seat.Email, Claim: claim,
		})
	case billing.ActionChangeSeats:
		return q.AskToChangeSeats(ctx, gen.AskToChangeSeatsParams{
			ID: a.ID, Provider: a.Object.Provider, ObjectID: a.Object.ProviderID, CustomerID: a.CustomerID, AskedBy: a.AskedBy,
			Request: request, AskedAt: now, Seats: int64(a.Seats.Seats),
		})
	}
	return q.AskAction(ctx, gen.AskActionParams{
		ID: a.ID, Kind: string(a.Kind), Provider: a.Object.Provider, ObjectKind: string(a.Object.Kind),
		ObjectID: a.Object.ProviderID, CustomerID: a.CustomerID, AskedBy: a.AskedBy, Request: request, AskedAt: now,
		ScopeID: a.Seat.ProviderSubscriptionID,
	})
}

// Action returns one action.
func (s *Store) Action(ctx context.Context, id string) (billing.Action, error) {
	row, err := s.r.Action(ctx, id)
	if err != nil {
		return billing.Action{}, fmt.Errorf("action %s: %w", id, found(err))
	}
	return actionOf(row)
}

// LatestAction returns what was last asked for of an object; billing.ErrNotFound: nothing.
func (s *Store) LatestAction(ctx context.Context, ref billing.Ref) (billing.Action, error) {
	return latestAction(ctx, s.r, ref)
}

func latestAction(ctx context.Context, q *gen.Queries, ref billing.Ref) (billing.Action, error) {
	row, err := q.LatestAction(ctx, gen.LatestActionParams{Provider: ref.Provider, ObjectKind: string(ref.Kind), ObjectID: ref.ProviderID})
	if err != nil {
		return billing.Action{}, fmt.Errorf("latest action on %s %s: %w", ref.Kind, ref.ProviderID, found(err))
	}
	return actionOf(row)
}

func actionOf(row gen.Action) (billing.Action, error) {
	a := billing.Action{
		ID: row.ID, Kind: billing.ActionKind(row.Kind), CustomerID: row.CustomerID, AskedBy: row.AskedBy,
		Object: billing.Ref{Provider: row.Provider, Kind: billing.Kind(row.ObjectKind), ProviderID: row.ObjectID},
		State:  billing.ActionState(row.State), Reason: row.Reason,
		AskedAt: moment(row.AskedAt), BegunAt: maybeMoment(row.BegunAt), EndedAt: maybeMoment(row.EndedAt),
	}
	var request actionRequest
	if err := json.Unmarshal([]byte(row.Request), &request); err != nil {
		return a, fmt.Errorf("read action %s: %w", row.ID, err)
	}
	a.Cancellation, a.Refund, a.Seat, a.Seats = request.Cancellation, request.Refund, request.Seat, request.Seats
	return a, nil
}

// BeginAction says that the provider is about to be asked: from then on it may have
// happened. billing.ErrConflict: the action has ended, or was withdrawn.
func (s *Store) BeginAction(ctx context.Context, id string, now time.Time) error {
	ms := millis(now)
	return s.actionStep(ctx, "begin", id, func(q *gen.Queries) (int64, error) {
		return q.BeginAction(ctx, gen.BeginActionParams{Now: &ms, ID: id})
	})
}

// HoldAction says that the provider was not reached, for a reason: nothing has happened.
func (s *Store) HoldAction(ctx context.Context, id, reason string) error {
	return s.actionStep(ctx, "hold", id, func(q *gen.Queries) (int64, error) {
		return 1, q.HoldAction(ctx, gen.HoldActionParams{Reason: reason, ID: id})
	})
}

// EndAction ends an action that waits. One that has ended already stays as it is.
func (s *Store) EndAction(ctx context.Context, id string, state billing.ActionState, reason string, now time.Time) error {
	ms := millis(now)
	return s.actionStep(ctx, "end", id, func(q *gen.Queries) (int64, error) {
		_, err := q.EndAction(ctx, gen.EndActionParams{State: string(state), Reason: reason, Now: &ms, ID: id})
		return 1, err
	})
}

// WithdrawAction takes back what has not begun. billing.ErrConflict: it has begun or ended.
func (s *Store) WithdrawAction(ctx context.Context, customerID, id string, now time.Time) error {
	ms := millis(now)
	return s.actionStep(ctx, "withdraw", id, func(q *gen.Queries) (int64, error) {
		return q.WithdrawAction(ctx, gen.WithdrawActionParams{Now: &ms, ID: id, CustomerID: customerID})
	})
}

func (s *Store) actionStep(ctx context.Context, verb, id string, step func(q *gen.Queries) (int64, error)) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := step(q)
		if err == nil && rows == 0 {
			err = billing.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s action %s: %w", verb, id, err)
	}
	return nil
}
