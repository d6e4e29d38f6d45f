package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Teams is what a Provider can do that knows the people of a customer and sells seats.
// Not every one does: ask a Provider with TeamsOf. The errors are those of Provider.
type Teams interface {
	// Members lists the people of a customer.
	Members(ctx context.Context, providerCustomerID string) ([]Member, error)
	// AddMember has somebody belong to a team customer. One of the same address is
	// answered as it is.
	AddMember(ctx context.Context, m Member) (Member, error)
	// ChangeMember gives a member another role; nobody becomes or ceases to be the owner.
	ChangeMember(ctx context.Context, providerMemberID string, role Role) (Member, error)
	// RemoveMember ends what a member may do at the provider, and his seats. One that is
	// gone already is no error.
	RemoveMember(ctx context.Context, providerMemberID string) error
	// MemberPortalURL is Provider.PortalURL for one member of a customer.
	MemberPortalURL(ctx context.Context, providerCustomerID, providerMemberID, returnURL string) (string, error)

	// Seats reads the seats of a subscription, those included that were taken back.
	Seats(ctx context.Context, providerSubscriptionID string) (Seating, error)
	// AssignSeat gives a free seat to somebody. ErrConflict or ErrInvalid: none is free,
	// or he has one.
	AssignSeat(ctx context.Context, r SeatRequest) (Seat, error)
	// RevokeSeat takes a seat back, with what it brought. It may be repeated.
	RevokeSeat(ctx context.Context, providerSeatID string) (Seat, error)
	// ResendSeat mails the invitation to a seat that waits again.
	ResendSeat(ctx context.Context, providerSeatID string) (Seat, error)
	// ChangeSeats buys more seats of a subscription, or fewer.
	ChangeSeats(ctx context.Context, c SeatChange) (Subscription, error)
}

// TeamsOf is what a provider can do for teams; false if nothing.
func TeamsOf(p Provider) (Teams, bool) {
	teams, ok := p.(Teams)
	return teams, ok
}

// Member is a person who belongs to a customer of a provider. A customer there has one
// owner.
type Member struct {
	ProviderID         string
	ProviderCustomerID string
	UserID             string // ours, the member's external id; empty for one whom we did not add
	Email              string // lower case
	Name               string // may be empty
	Role               Role
}

// SeatRequest gives a seat to a member or, without one, to an address.
type SeatRequest struct {
	ProviderSubscriptionID string
	ProviderMemberID       string // empty: whoever has Email
	Email                  string
	Claim                  bool // it is his at once; else an invitation is mailed by the provider
}

// SeatChange is another number of seats of a subscription. Now: the difference for the
// rest of the period is charged at once, and nothing changes if that fails; else it
// stands on the next invoice.
type SeatChange struct {
	ProviderSubscriptionID string
	Seats                  int
	Now                    bool
}

// Seating is what was bought and who has it.
type Seating struct {
	Total int
	Seats []Seat
}

// SeatStatus is where a seat stands.
type SeatStatus string

// Statuses of a seat.
const (
	SeatPending SeatStatus = "pending" // somebody is invited to it
	SeatClaimed SeatStatus = "claimed" // it is somebody's
	SeatRevoked SeatStatus = "revoked" // it was taken back: free
)

// Seat is one place of what was bought by the seat. It counts until it is taken back.
type Seat struct {
	Source
	ProviderSubscriptionID string     `json:"provider_subscription_id"` // empty for one of an order
	ProviderOrderID        string     `json:"provider_order_id"`        // empty for one of a subscription
	ProviderCustomerID     string     `json:"provider_customer_id"`     // who pays; may be empty
	ProviderMemberID       string     `json:"provider_member_id"`       // who sits; may be empty
	UserID                 string     `json:"user_id"`                  // ours, if we made the member
	Email                  string     `json:"email"`                    // lower case
	Name                   string     `json:"name"`
	Status                 SeatStatus `json:"status"`
	ExpiresAt              time.Time  `json:"expires_at,omitzero"` // of the invitation
	ClaimedAt              time.Time  `json:"claimed_at,omitzero"`
	RevokedAt              time.Time  `json:"revoked_at,omitzero"`
}

// Ref implements Object.
func (s Seat) Ref() Ref { return s.ref(KindSeat) }

// Taken reports whether the seat counts against the number bought.
func (s Seat) Taken() bool { return s.Status != SeatRevoked }

// IsOf reports whether a seat is a user's, or waits for him.
func (s Seat) IsOf(userID, email string) bool { return sameUser(s.UserID, s.Email, userID, email) }

// sameUser tells a person by our id where the provider has one, else by the address.
func sameUser(haveID, haveEmail, userID, email string) bool {
	if haveID != "" && userID != "" {
		return haveID == userID
	}
	return haveEmail != "" && haveEmail == email
}

// SeatOf finds the seat that counts of somebody; userID may be empty.
func (s Seating) SeatOf(userID, email string) (Seat, bool) {
	for _, seat := range s.Seats {
		if seat.Taken() && seat.IsOf(userID, email) {
			return seat, true
		}
	}
	return Seat{}, false
}

// Free is how many seats are nobody's.
func (s Seating) Free() int {
	free := s.Total
	for _, seat := range s.Seats {
		if seat.Taken() {
			free--
		}
	}
	return max(0, free)
}

// EnsureMember has somebody belong to a customer with at least the role that he has here.
// It looks first, so it may be repeated, and a lost answer costs one more look. Whoever
// is the owner there stays it. ErrConflict: his address is another member's.
func EnsureMember(ctx context.Context, teams Teams, want Member) (Member, error) {
	want.Email = strings.ToLower(want.Email)
	if want.Role == RoleOwner {
		want.Role = RoleBillingManager // a customer has one owner there: its address
	}
	have, err := MemberOf(ctx, teams, want)
	if errors.Is(err, ErrNotFound) {
		return teams.AddMember(ctx, want)
	}
	if err != nil || have.Role == want.Role || have.Role == RoleOwner {
		return have, err
	}
	return teams.ChangeMember(ctx, have.ProviderID, want.Role)
}

// MemberOf finds somebody among the members of a customer, by our id, else by his
// address. ErrNotFound: he is none; ErrConflict: his address is another member's.
func MemberOf(ctx context.Context, teams Teams, who Member) (Member, error) {
	list, err := teams.Members(ctx, who.ProviderCustomerID)
	if err != nil {
		return Member{}, err
	}
	var taken bool
	for _, m := range list {
		if sameUser(m.UserID, m.Email, who.UserID, who.Email) {
			return m, nil
		}
		taken = taken || m.Email == who.Email
	}
	if taken {
		return Member{}, fmt.Errorf("the address is another member's: %w", ErrConflict)
	}
	return Member{}, fmt.Errorf("member %s of customer %s: %w", who.UserID, who.ProviderCustomerID, ErrNotFound)
}

// PortalOf makes a link to the provider's own portal for a person of a customer. Of a
// team (who.Role is then his role here) he must be a member, and becomes one; a person
// who has bought seats for himself is the owner of his own team.
func PortalOf(ctx context.Context, p Provider, who Member, returnURL string) (string, error) {
	teams, ok := TeamsOf(p)
	if who.Role == "" || !ok {
		url, err := p.PortalURL(ctx, who.ProviderCustomerID, returnURL)
		if !ok || !errors.Is(err, ErrInvalid) {
			return url, err
		}
	}
	member, err := MemberOf(ctx, teams, who)
	if who.Role != "" {
		member, err = EnsureMember(ctx, teams, who)
	}
	if err != nil {
		return "", fmt.Errorf("portal of customer %s: %w", who.ProviderCustomerID, err)
	}
	return teams.MemberPortalURL(ctx, who.ProviderCustomerID, member.ProviderID, returnURL)
}
