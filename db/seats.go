package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

func (w *writer) seat(ctx context.Context, o billing.Seat) (int64, error) {
	return w.q.UpsertSeat(ctx, gen.UpsertSeatParams{
		Provider: o.Provider, ProviderID: o.ProviderID, ProviderSubscriptionID: o.ProviderSubscriptionID,
		ProviderOrderID: o.ProviderOrderID, ProviderCustomerID: o.ProviderCustomerID, ProviderMemberID: o.ProviderMemberID,
		UserID: o.UserID, Email: o.Email, Name: o.Name, Status: string(o.Status), ExpiresAt: maybeMillis(o.ExpiresAt),
		ClaimedAt: maybeMillis(o.ClaimedAt), RevokedAt: maybeMillis(o.RevokedAt),
		CreatedAt: millis(o.CreatedAt), Version: o.Version, CopiedAt: w.now, DeletedAt: w.deletedAt,
	})
}

func seatOf(row gen.Seat) billing.Seat {
	return billing.Seat{
		Source:                 source(row.Provider, row.ProviderID, row.Version, row.CreatedAt),
		ProviderSubscriptionID: row.ProviderSubscriptionID, ProviderOrderID: row.ProviderOrderID,
		ProviderCustomerID: row.ProviderCustomerID, ProviderMemberID: row.ProviderMemberID,
		UserID: row.UserID, Email: row.Email, Name: row.Name, Status: billing.SeatStatus(row.Status),
		ExpiresAt: maybeMoment(row.ExpiresAt), ClaimedAt: maybeMoment(row.ClaimedAt), RevokedAt: maybeMoment(row.RevokedAt),
	}
}

// TakenSeats lists the seats that count of all that a customer has bought.
func (s *Store) TakenSeats(ctx context.Context, customerID string) ([]billing.Seat, error) {
	rows, err := s.r.TakenSeats(ctx, &customerID)
	if err != nil {
		return nil, fmt.Errorf("seats of customer %s: %w", customerID, err)
	}
	return mapEach(rows, seatOf), nil
}

// SeatActions lists what was asked for about a customer's seats and waits, or was refused
// since a time.
func (s *Store) SeatActions(ctx context.Context, customerID string, refusedSince time.Time) ([]billing.Action, error) {
	rows, err := s.r.SeatActions(ctx, gen.SeatActionsParams{CustomerID: customerID, RefusedSince: millis(refusedSince)})
	if err != nil {
		return nil, fmt.Errorf("what waits for the seats of customer %s: %w", customerID, err)
	}
	return tryEach(rows, actionOf)
}

// SeatHolder finds the user of an address who belongs to an organisation, or answers
// ErrNotFound: nobody there has proven that address.
func (s *Store) SeatHolder(ctx context.Context, organizationID, email string) (Member, error) {
	row, err := s.r.SeatHolder(ctx, gen.SeatHolderParams{OrganizationID: organizationID, Email: email})
	if err != nil {
		return Member{}, fmt.Errorf("who has a seat of organisation %s: %w", organizationID, found(err))
	}
	return Member{UserID: row.ID, Email: row.Email, Name: row.Name, Role: billing.Role(row.Role)}, nil
}

// SweepSeatActions removes what was asked for about seats and ended before a time.
func (s *Store) SweepSeatActions(ctx context.Context, before time.Time) (int64, error) {
	var swept int64
	err := s.inTx(ctx, func(q *gen.Queries) error {
		var err error
		swept, err = q.SweepSeatActions(ctx, maybeMillis(before))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep what was asked about seats: %w", err)
	}
	return swept, nil
}

// SeatPerson is whom a JobSyncMember is about, as he is now.
type SeatPerson struct {
	OrganizationID, UserID string
	Email, Name            string       // Email as it was when the job was asked for, if he is erased since
	Verified               bool         // he has proven the address
	Role                   billing.Role // empty: he does not belong any more
}

// memberJob asks for what follows, at the provider, from what somebody is in an organisation.
func memberJob(ctx context.Context, q *gen.Queries, organizationID, userID string, now time.Time) error {
	user, err := q.User(ctx, userID)
	if err != nil {
		return fmt.Errorf("user %s: %w", userID, found(err))
	}
	payload, err := json.Marshal(user.Email)
	if err != nil {
		return err
	}
	job := Job{Kind: JobSyncMember, Key: organizationID + "/" + userID, CustomerID: organizationID, Payload: string(payload)}
	return enqueue(ctx, q, job, time.Time{}, now)
}

// leaveSeats takes back what was asked for the seats of somebody who leaves, unless it has
// begun; the job frees those that he has, or gets in the end.
func leaveSeats(ctx context.Context, q *gen.Queries, organizationID, userID string, now time.Time) error {
	user, err := q.User(ctx, userID)
	if err != nil {
		return fmt.Errorf("user %s: %w", userID, found(err))
	}
	at := millis(now)
	if err := q.WithdrawSeats(ctx, gen.WithdrawSeatsParams{Now: &at, CustomerID: organizationID, Email: user.Email}); err != nil {
		return err
	}
	return memberJob(ctx, q, organizationID, userID, now)
}

// SeatPerson reads whom a job is about. ErrInvalid: the job names nobody.
func (s *Store) SeatPerson(ctx context.Context, job Job) (SeatPerson, error) {
	organizationID, userID, ok := strings.Cut(job.Key, "/")
	if !ok {
		return SeatPerson{}, fmt.Errorf("job %s names nobody: %w", job.Key, billing.ErrInvalid)
	}
	who := SeatPerson{OrganizationID: organizationID, UserID: userID}
	if err := json.Unmarshal([]byte(job.Payload), &who.Email); err != nil {
		return who, fmt.Errorf("job %s: %w", job.Key, err)
	}
	role, err := s.Membership(ctx, organizationID, userID)
	if errors.Is(err, billing.ErrNotFound) {
		return who, nil
	}
	if err != nil {
		return who, err
	}
	user, err := s.User(ctx, userID)
	if err != nil {
		return who, err
	}
	who.Role, who.Email, who.Name, who.Verified = role, user.Email, user.Name, !user.EmailVerifiedAt.IsZero()
	return who, nil
}
