package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// seated is org for who gives and takes seats. The statements look again.
func (s *Server) seated(h orgHandler) handler {
	return s.org(func(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
		if !o.Role.Bills() {
			return fmt.Errorf("role %s: %w", o.Role, billing.ErrNotFound)
		}
		return h(w, r, who, o)
	})
}

// giveSeat handles POST /orgs/{slug}/seats.
func (s *Server) giveSeat(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	wish := billing.SeatWish{ProviderSubscriptionID: r.PostFormValue("subscription"), Email: strings.ToLower(strings.TrimSpace(r.PostFormValue("email")))}
	return s.seatWish(w, r, who, o, billing.ActionAssignSeat, wish, "given")
}

// seatNamed finds a seat of an organisation that counts.
func (s *Server) seatNamed(r *http.Request, o db.Organization) (billing.Seat, error) {
	taken, err := s.Store.TakenSeats(r.Context(), o.ID)
	if err != nil {
		return billing.Seat{}, err
	}
	for _, seat := range taken {
		if seat.ProviderID == r.PathValue("id") {
			return seat, nil
		}
	}
	return billing.Seat{}, fmt.Errorf("seat of organisation %s: %w", o.ID, billing.ErrNotFound)
}

func wishAbout(seat billing.Seat) billing.SeatWish {
	return billing.SeatWish{
		ProviderSubscriptionID: seat.ProviderSubscriptionID, Email: seat.Email, ProviderSeatID: seat.ProviderID, ExpiresAt: seat.ExpiresAt,
	}
}

// revokeSeat handles POST /orgs/{slug}/seats/{id}/revoke.
func (s *Server) revokeSeat(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	seat, err := s.seatNamed(r, o)
	if err != nil {
		return err
	}
	return s.seatWish(w, r, who, o, billing.ActionRevokeSeat, wishAbout(seat), "revoked")
}

// resendSeat handles POST /orgs/{slug}/seats/{id}/resend.
func (s *Server) resendSeat(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	seat, err := s.seatNamed(r, o)
	if err != nil {
		return err
	}
	return s.seatWish(w, r, who, o, billing.ActionResendSeat, wishAbout(seat), "resent")
}

// claimSeat handles POST /orgs/{slug}/seats/{id}/claim: a member takes the seat that waits
// for his address. To anybody else it is a missing page.
func (s *Server) claimSeat(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	seat, err := s.seatNamed(r, o)
	if err == nil && (seat.Email != who.Email || !who.EmailVerified) {
		err = fmt.Errorf("claim another's seat: %w", billing.ErrNotFound)
	}
	if err != nil {
		return err
	}
	wish := wishAbout(seat)
	wish.UserID, wish.Claim = who.UserID, true
	return s.seatWish(w, r, who, o, billing.ActionAssignSeat, wish, "claimed")
}

// seatWish keeps a wish about a seat and stays for its end, as change does.
func (s *Server) seatWish(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization, kind billing.ActionKind, wish billing.SeatWish, done string) error {
	ctx, provider := r.Context(), s.Provider.Name()
	customer, err := s.Store.ProviderCustomer(ctx, provider, o.ID)
	if err != nil {
		return err
	}
	wish.ProviderCustomerID = customer.ProviderID
	if kind == billing.ActionAssignSeat { // to an invited address, too, whose user nobody knows yet
		holder, err := s.Store.SeatHolder(ctx, o.ID, wish.Email)
		if err != nil && !errors.Is(err, billing.ErrNotFound) {
			return err
		}
		if err == nil {
			wish.UserID, wish.Name, wish.Role = holder.UserID, holder.Name, holder.Role
		}
	}
	a, err := s.Store.Ask(ctx, billing.Action{
		Kind: kind, Object: billing.SeatPlace(provider, wish.ProviderSubscriptionID, wish.Email), CustomerID: o.ID, AskedBy: who.UserID, Seat: wish,
	}, s.Now())
	switch {
	case errors.Is(err, billing.ErrConflict):
		return errors.Join(say(billing.ErrConflict, "failure.action_begun"), err)
	case errors.Is(err, billing.ErrDenied):
		return say(billing.ErrConflict, "seats.refused") // the rules of the statement: a 409, not a 403
	case err != nil:
		return err
	}
	s.Poke()
	if a, err = s.actionEnd(ctx, a.ID); err != nil {
		return err
	}
	switch a.State {
	case billing.ActionDone:
		return s.orgDone(w, o, "seat_"+done)
	case billing.ActionRefused:
		return say(billing.ErrConflict, "failure.action_refused")
	}
	return s.orgDone(w, o, "seat_queued")
}
