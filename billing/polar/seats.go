package polar

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/polarsource/polar-go/models/components"

	"counterfoil/billing"
)

// wireSeat is one place that was bought. Email and CustomerEmail are the same person's;
// which of them is filled depends on Polar's version.
type wireSeat struct {
	stamps
	Status         string     `json:"status"`
	SubscriptionID string     `json:"subscription_id"`
	OrderID        string     `json:"order_id"`
	CustomerID     string     `json:"customer_id"`
	MemberID       string     `json:"member_id"`
	Member         wireMember `json:"member"`
	Email          string     `json:"email"`
	CustomerEmail  string     `json:"customer_email"`
	ExpiresAt      time.Time  `json:"invitation_token_expires_at"`
	ClaimedAt      time.Time  `json:"claimed_at"`
	RevokedAt      time.Time  `json:"revoked_at"`
}

// seatStatuses translates Polar's seat status.
var seatStatuses = map[string]billing.SeatStatus{
	"pending": billing.SeatPending, "claimed": billing.SeatClaimed, "revoked": billing.SeatRevoked,
}

func seat(w wireSeat) (billing.Seat, error) {
	source, err := w.source()
	if err != nil {
		return billing.Seat{}, err
	}
	status, known := seatStatuses[w.Status]
	if !known {
		return billing.Seat{}, fmt.Errorf("seat %s: unknown status %q", w.ID, clip(w.Status))
	}
	email := w.Email
	for _, other := range []string{w.CustomerEmail, w.Member.Email} {
		if email == "" {
			email = other
		}
	}
	return billing.Seat{
		Source: source, ProviderSubscriptionID: w.SubscriptionID, ProviderOrderID: w.OrderID, ProviderCustomerID: w.CustomerID,
		ProviderMemberID: w.MemberID, UserID: w.Member.ExternalID, Email: lower(email), Name: w.Member.Name, Status: status,
		ExpiresAt: utc(w.ExpiresAt), ClaimedAt: utc(w.ClaimedAt), RevokedAt: utc(w.RevokedAt),
	}, nil
}

// Seats implements billing.Teams. It is how a lost answer is looked up, so that one seat
// which cannot be understood is an error: left out, it might be given twice.
func (p *Provider) Seats(ctx context.Context, providerSubscriptionID string) (billing.Seating, error) {
	if err := safeID(providerSubscriptionID); err != nil {
		return billing.Seating{}, fmt.Errorf("seats of a subscription: %w", err)
	}
	var answer struct {
		Seats []json.RawMessage `json:"seats"`
		Total *int              `json:"total_seats"`
	}
	err := p.call(ctx, repeatable, &answer, func(ctx context.Context) error {
		_, err := p.api.CustomerSeats.ListSeats(ctx, &providerSubscriptionID, nil)
		return err
	})
	if err == nil && (answer.Seats == nil || answer.Total == nil) {
		err = fmt.Errorf("%w: the answer is no list of seats", billing.ErrProvider)
	}
	if err != nil {
		return billing.Seating{}, fmt.Errorf("seats of subscription %s: %w", providerSubscriptionID, err)
	}
	seating := billing.Seating{Total: *answer.Total}
	for _, raw := range answer.Seats {
		object, err := p.object(billing.KindSeat, raw)
		if err != nil {
			return billing.Seating{}, fmt.Errorf("seats of subscription %s: %w: %w", providerSubscriptionID, billing.ErrProvider, err)
		}
		if s := object.(billing.Seat); s.ProviderSubscriptionID == providerSubscriptionID {
			seating.Seats = append(seating.Seats, s)
		}
	}
	return seating, nil
}

// AssignSeat implements billing.Teams.
func (p *Provider) AssignSeat(ctx context.Context, r billing.SeatRequest) (billing.Seat, error) {
	request := components.SeatAssign{SubscriptionID: optional(r.ProviderSubscriptionID), ImmediateClaim: &r.Claim}
	if r.ProviderMemberID != "" {
		request.MemberID = optional(r.ProviderMemberID)
	} else {
		request.Email = optional(r.Email)
	}
	return p.oneSeat(ctx, once, "assign a seat of subscription "+r.ProviderSubscriptionID, func(ctx context.Context) error {
		_, err := p.api.CustomerSeats.AssignSeat(ctx, request)
		return err
	})
}

// RevokeSeat implements billing.Teams.
func (p *Provider) RevokeSeat(ctx context.Context, providerSeatID string) (billing.Seat, error) {
	if err := safeID(providerSeatID); err != nil {
		return billing.Seat{}, fmt.Errorf("revoke seat: %w", err)
	}
	return p.oneSeat(ctx, repeatable, "revoke seat "+providerSeatID, func(ctx context.Context) error {
		_, err := p.api.CustomerSeats.RevokeSeat(ctx, providerSeatID)
		return err
	})
}

// ResendSeat implements billing.Teams. Polar makes the invitation count for a day more.
func (p *Provider) ResendSeat(ctx context.Context, providerSeatID string) (billing.Seat, error) {
	if err := safeID(providerSeatID); err != nil {
		return billing.Seat{}, fmt.Errorf("invite to seat: %w", err)
	}
	return p.oneSeat(ctx, once, "invite to seat "+providerSeatID, func(ctx context.Context) error {
		_, err := p.api.CustomerSeats.ResendInvitation(ctx, providerSeatID)
		return err
	})
}

func (p *Provider) oneSeat(ctx context.Context, m mode, what string, operation func(context.Context) error) (billing.Seat, error) {
	object, err := p.one(ctx, m, billing.KindSeat, operation)
	if err != nil {
		return billing.Seat{}, fmt.Errorf("%s: %w", what, err)
	}
	return object.(billing.Seat), nil
}

// ChangeSeats implements billing.Teams.
func (p *Provider) ChangeSeats(ctx context.Context, c billing.SeatChange) (billing.Subscription, error) {
	if err := safeID(c.ProviderSubscriptionID); err != nil {
		return billing.Subscription{}, fmt.Errorf("change seats: %w", err)
	}
	how := components.SubscriptionProrationBehaviorProrate
	if c.Now {
		how = components.SubscriptionProrationBehaviorInvoice
	}
	change := components.CreateSubscriptionUpdateSubscriptionUpdateSeats(
		components.SubscriptionUpdateSeats{Seats: int64(c.Seats), ProrationBehavior: how.ToPointer()})
	changed, err := p.one(ctx, once, billing.KindSubscription, func(ctx context.Context) error {
		_, err := p.api.Subscriptions.Update(ctx, c.ProviderSubscriptionID, change)
		return err
	})
	if err != nil {
		return billing.Subscription{}, fmt.Errorf("change seats of subscription %s: %w", c.ProviderSubscriptionID, err)
	}
	return changed.(billing.Subscription), nil
}

// seatsOf reads the seats of those subscriptions that were bought by the seat.
func (p *Provider) seatsOf(ctx context.Context, objects []billing.Object) ([]billing.Object, error) {
	var seats []billing.Object
	for _, object := range objects {
		sub, ok := object.(billing.Subscription)
		if !ok || sub.Seats == 0 || !sub.Live() {
			continue
		}
		seating, err := p.Seats(ctx, sub.ProviderID)
		if err != nil {
			return nil, err
		}
		for _, seat := range seating.Seats {
			seats = append(seats, seat)
		}
	}
	return seats, nil
}
