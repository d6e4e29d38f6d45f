package worker

import (
	"context"
	"errors"
	"fmt"

	"counterfoil/billing"
	"counterfoil/db"
)

// errNoTeams ends what is asked of a provider that sells no seats.
var errNoTeams = fmt.Errorf("the provider sells no seats: %w", billing.ErrInvalid)

// lookUpSeat finds out whether what was asked for about a seat is so already: before the
// first try as well as after an answer that was lost, since seats are given and taken
// back at the provider too.
func (w *Worker) lookUpSeat(ctx context.Context, a billing.Action) (changed billing.Object, happened bool, err error) {
	teams, ok := billing.TeamsOf(w.Provider)
	if !ok {
		return nil, false, errNoTeams
	}
	seating, err := askNow(ctx, w, func(ctx context.Context) (billing.Seating, error) {
		return teams.Seats(ctx, a.Seat.ProviderSubscriptionID)
	})
	if err != nil {
		return nil, false, err
	}
	switch a.Kind {
	case billing.ActionAssignSeat:
		seat, has := seating.SeatOf(a.Seat.UserID, a.Seat.Email)
		return seat, has && (seat.Status == billing.SeatClaimed || !a.Seat.Claim), nil
	case billing.ActionRevokeSeat, billing.ActionResendSeat:
		for _, seat := range seating.Seats {
			if seat.ProviderID != a.Seat.ProviderSeatID {
				continue
			}
			if a.Kind == billing.ActionRevokeSeat {
				return seat, !seat.Taken(), nil
			}
			later := seat.ExpiresAt.UnixMilli() > a.Seat.ExpiresAt.UnixMilli() // as exactly as the mirror has it
			return seat, seat.Status != billing.SeatPending || later, nil
		}
	}
	return nil, true, nil // the provider has no such seat: it is nobody's
}

// askForSeats makes a change of seats that has not happened.
func (w *Worker) askForSeats(ctx context.Context, a billing.Action) (billing.Object, error) {
	teams, ok := billing.TeamsOf(w.Provider)
	if !ok {
		return nil, errNoTeams
	}
	switch a.Kind {
	case billing.ActionRevokeSeat:
		return teams.RevokeSeat(ctx, a.Seat.ProviderSeatID)
	case billing.ActionResendSeat:
		return teams.ResendSeat(ctx, a.Seat.ProviderSeatID)
	case billing.ActionChangeSeats:
		return teams.ChangeSeats(ctx, a.Seats)
	}
	return w.assignSeat(ctx, teams, a)
}

// assignSeat gives a seat to a member of the organisation, as a member at the provider
// whom our id names, or to an address that is invited. A seat that waits for somebody who
// claims it is taken back and given anew: the provider has no other way than the link in
// its own mail. Cut short between the two, the next try finds none and gives it.
func (w *Worker) assignSeat(ctx context.Context, teams billing.Teams, a billing.Action) (billing.Object, error) {
	want := billing.SeatRequest{ProviderSubscriptionID: a.Seat.ProviderSubscriptionID, Email: a.Seat.Email}
	holder, err := w.Store.SeatHolder(ctx, a.CustomerID, a.Seat.Email)
	switch {
	case errors.Is(err, billing.ErrNotFound) && a.Seat.UserID != "":
		return nil, fmt.Errorf("he does not belong to the organisation any more: %w", billing.ErrDenied)
	case err == nil:
		m, err := billing.EnsureMember(ctx, teams, billing.Member{
			ProviderCustomerID: a.Seat.ProviderCustomerID, UserID: holder.UserID, Email: holder.Email, Name: holder.Name, Role: holder.Role,
		})
		if err != nil {
			return nil, err
		}
		want.ProviderMemberID, want.Claim = m.ProviderID, true
	case !errors.Is(err, billing.ErrNotFound):
		return nil, err
	}
	if want.Claim {
		seating, err := teams.Seats(ctx, a.Seat.ProviderSubscriptionID)
		if err != nil {
			return nil, err
		}
		if seat, waits := seating.SeatOf(holder.UserID, holder.Email); waits {
			if _, err := teams.RevokeSeat(ctx, seat.ProviderID); err != nil {
				return nil, err
			}
		}
	}
	return teams.AssignSeat(ctx, want)
}

// syncMember brings what somebody is in an organisation to the provider: his role, and
// when he has left, the end of what he could do there and of his seats. The seats that
// wait for him become his. It looks first, so it may be repeated.
func (w *Worker) syncMember(ctx context.Context, job db.Job) error {
	who, err := w.Store.SeatPerson(ctx, job)
	if err != nil {
		return err
	}
	teams, ok := billing.TeamsOf(w.Provider)
	customer, err := w.Store.ProviderCustomer(ctx, w.Provider.Name(), who.OrganizationID)
	if !ok || errors.Is(err, billing.ErrNotFound) {
		return nil // nobody there knows him
	}
	if err != nil {
		return err
	}
	if who.Role == "" {
		return w.freeSeats(ctx, teams, customer, who)
	}
	_, err = ask(ctx, w, func(ctx context.Context) (billing.Member, error) {
		want := billing.Member{ProviderCustomerID: customer.ProviderID, UserID: who.UserID, Email: who.Email, Role: who.Role}
		have, err := billing.MemberOf(ctx, teams, want)
		if err != nil || have.Role == billing.RoleOwner {
			return have, err
		}
		return billing.EnsureMember(ctx, teams, want)
	})
	if err != nil && !errors.Is(err, billing.ErrNotFound) && !errors.Is(err, billing.ErrConflict) {
		return fmt.Errorf("role of a member at %s: %w", w.Provider.Name(), err)
	}
	if who.Verified {
		return w.claimSeats(ctx, customer, who)
	}
	return nil
}

// claimSeats asks for the seats that wait for somebody who belongs now.
func (w *Worker) claimSeats(ctx context.Context, customer billing.Customer, who db.SeatPerson) error {
	seats, err := w.Store.TakenSeats(ctx, who.OrganizationID)
	if err != nil {
		return err
	}
	for _, seat := range seats {
		if seat.Status != billing.SeatPending || seat.Email != who.Email {
			continue
		}
		_, err := w.Store.Ask(ctx, billing.Action{
			Kind: billing.ActionAssignSeat, Object: billing.SeatPlace(seat.Provider, seat.ProviderSubscriptionID, who.Email),
			CustomerID: who.OrganizationID, AskedBy: who.UserID, Seat: billing.SeatWish{
				ProviderSubscriptionID: seat.ProviderSubscriptionID, ProviderCustomerID: customer.ProviderID,
				Email: who.Email, UserID: who.UserID, Name: who.Name, Role: who.Role, Claim: true,
			},
		}, w.Now())
		if errors.Is(err, billing.ErrConflict) {
			return &later{err} // another change of the seat comes first
		}
		if err != nil && !errors.Is(err, billing.ErrDenied) {
			return err
		}
		w.Poke()
	}
	return nil
}

// freeSeats takes back what somebody had who has left. A seat that is just being given to
// him is waited for.
func (w *Worker) freeSeats(ctx context.Context, teams billing.Teams, customer billing.Customer, who db.SeatPerson) error {
	asked, err := w.Store.SeatActions(ctx, who.OrganizationID, w.Now())
	if err != nil {
		return err
	}
	for _, a := range asked {
		if a.Kind == billing.ActionAssignSeat && a.Seat.Email == who.Email {
			return &later{fmt.Errorf("a seat is being given to user %s, who has left", who.UserID)}
		}
	}
	subs, err := w.Store.Subscriptions(ctx, who.OrganizationID)
	if err != nil {
		return err
	}
	for _, sub := range subs {
		if sub.Seats == 0 || !sub.Live() {
			continue
		}
		freed, err := ask(ctx, w, func(ctx context.Context) ([]billing.Object, error) {
			return freeSeat(ctx, teams, sub.ProviderID, who)
		})
		if err != nil {
			return fmt.Errorf("free the seat of somebody who has left: %w", err)
		}
		if _, err := w.Store.ApplyAll(ctx, freed, w.Now()); err != nil {
			return err
		}
	}
	_, err = ask(ctx, w, func(ctx context.Context) (billing.Member, error) {
		m, err := billing.MemberOf(ctx, teams, billing.Member{ProviderCustomerID: customer.ProviderID, UserID: who.UserID, Email: who.Email})
		if err != nil || m.Role == billing.RoleOwner {
			return m, err
		}
		return m, teams.RemoveMember(ctx, m.ProviderID)
	})
	if errors.Is(err, billing.ErrNotFound) || errors.Is(err, billing.ErrConflict) {
		return nil // no member, or another person of that address
	}
	return err
}

// freeSeat takes back the seat that somebody has of one subscription.
func freeSeat(ctx context.Context, teams billing.Teams, subscriptionID string, who db.SeatPerson) ([]billing.Object, error) {
	seating, err := teams.Seats(ctx, subscriptionID)
	if err != nil {
		return nil, err
	}
	var freed []billing.Object
	for {
		seat, has := seating.SeatOf(who.UserID, who.Email)
		if !has {
			return freed, nil
		}
		gone, err := teams.RevokeSeat(ctx, seat.ProviderID)
		if err != nil {
			return freed, err
		}
		freed = append(freed, gone)
		for i := range seating.Seats {
			if seating.Seats[i].ProviderID == seat.ProviderID {
				seating.Seats[i].Status = billing.SeatRevoked
			}
		}
	}
}
