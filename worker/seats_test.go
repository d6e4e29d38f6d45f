package worker

import (
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// crew is an organisation that bought seats of a plan with one benefit.
type crew struct {
	*stage
	org, owner, member string // our ids
	customer           billing.Customer
	sub                billing.Subscription
}

const (
	ownerMail  = "noor@example.com"
	memberMail = "kim@example.com"
)

func newCrew(t *testing.T, seats int64) *crew {
	t.Helper()
	c := &crew{stage: newStage(t, false), org: db.NewID()}
	c.owner, c.member = c.signUp(ownerMail), c.signUp(memberMail)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Store.AddOrganization(t.Context(), db.Organization{ID: c.org, Name: "Acme", Slug: "acme"}, c.owner, db.BillingAddress{Email: "billing@acme.example"}, true, c.now()))
	must(c.Store.AddMember(t.Context(), c.org, c.member, billing.RoleMember, c.now()))
	c.step(db.JobCreateCustomer)
	var err error
	c.customer, err = c.Store.ProviderCustomer(t.Context(), "polar", c.org)
	must(err)
	e, name := c.twin.Engine, "Team"
	benefit, err := e.CreateBenefit(t.Context(), twin.Benefit{Type: twin.BenefitFeatureFlag, Description: "Team feature"})
	must(err)
	product, err := e.CreateProduct(t.Context(), twin.ProductInput{Name: &name, Interval: twin.Month, Prices: []twin.Price{{
		Kind: twin.Seats, TierType: "volume", Currency: "usd", Tiers: []twin.SeatTier{{Min: 1, Price: 1000}},
	}}})
	must(err)
	_, err = e.SetBenefits(t.Context(), product.ID, []string{benefit.ID})
	must(err)
	checkout, err := e.CreateCheckout(t.Context(), twin.CheckoutInput{
		ProductIDs: []string{product.ID}, CustomerID: c.customer.ProviderID, Edit: twin.CheckoutEdit{SeatCount: &seats},
	})
	must(err)
	_, err = e.ConfirmCheckout(t.Context(), checkout.ID, twin.CheckoutEdit{}, twin.CardSucceeds)
	must(err)
	c.read()
	subs, err := c.Store.Subscriptions(t.Context(), c.org)
	must(err)
	if len(subs) != 1 || subs[0].Seats != int(seats) {
		t.Fatalf("bought %+v", subs)
	}
	c.sub = subs[0]
	return c
}

// read reads what the organisation has, and what it costs nothing to read beside.
func (c *crew) read() {
	c.t.Helper()
	if err := c.Store.Enqueue(c.t.Context(), db.Job{Kind: db.JobReconcileCustomer, Key: c.org, CustomerID: c.org}, time.Time{}, c.now()); err != nil {
		c.t.Fatal(err)
	}
	c.step(db.JobReconcileCustomer)
}

func (c *crew) wish(kind billing.ActionKind, by, email, userID string, claim bool, seat billing.Seat) billing.Action {
	c.t.Helper()
	a, err := c.Store.Ask(c.t.Context(), billing.Action{
		Kind: kind, Object: billing.SeatPlace("polar", c.sub.ProviderID, email), CustomerID: c.org, AskedBy: by,
		Seat: billing.SeatWish{
			ProviderSubscriptionID: c.sub.ProviderID, ProviderCustomerID: c.customer.ProviderID, Email: email, UserID: userID, Claim: claim,
			ProviderSeatID: seat.ProviderID, ExpiresAt: seat.ExpiresAt,
		},
	}, c.now())
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// taken are the seats that count at the provider, and in the mirror.
func (c *crew) taken() (there []*twin.Seat, here []billing.Seat) {
	c.t.Helper()
	bought, err := c.twin.Engine.SeatingOf(c.sub.ProviderID)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, seat := range bought.Seats {
		if seat.Taken() {
			there = append(there, seat)
		}
	}
	if here, err = c.Store.TakenSeats(c.t.Context(), c.org); err != nil {
		c.t.Fatal(err)
	}
	return there, here
}

// work does a kind of job as often as an hour of failures needs.
func (c *crew) work(kind string) {
	for range 5 {
		c.step(kind)
		c.later(time.Hour)
	}
}

// TestASeatIsGivenOnceWhateverTheProviderAnswers: through outages and lost answers, the
// member has one seat, which is his at once, as the member at the provider whom our id names.
func TestASeatIsGivenOnceWhateverTheProviderAnswers(t *testing.T) {
	const path = "/v1/customer-seats"
	for _, tt := range []struct {
		name  string
		fault *twin.Fault
	}{
		{"it answers", nil},
		{"the answer is lost", &twin.Fault{Kind: "lost", Method: "POST", Path: path, Count: 1}},
		{"cut before it was done", &twin.Fault{Kind: "cut", Method: "POST", Path: path, Count: 1}},
		{"the look before is lost", &twin.Fault{Kind: "status", Status: 503, Method: "GET", Path: path, Count: 2}},
		{"the member's answer is lost", &twin.Fault{Kind: "lost", Method: "POST", Path: "/v1/members", Count: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCrew(t, 2)
			if tt.fault != nil {
				c.strike(*tt.fault)
			}
			a := c.wish(billing.ActionAssignSeat, c.owner, memberMail, c.member, false, billing.Seat{})
			c.work(db.JobAction)
			there, here := c.taken()
			if c.stateOf(a) != billing.ActionDone || len(there) != 1 || len(here) != 1 {
				t.Fatalf("%s with %d seats there and %d here, want one each", c.stateOf(a), len(there), len(here))
			}
			if here[0].Status != billing.SeatClaimed || here[0].UserID != c.member || here[0].Email != memberMail {
				t.Errorf("given to %+v", here[0])
			}
		})
	}
}

// TestAnInvitedAddressClaimsItsSeatByJoining: whoever joins with the address that a seat
// waits for has it, and no mail of the provider's is needed for that.
func TestAnInvitedAddressClaimsItsSeatByJoining(t *testing.T) {
	c := newCrew(t, 1)
	err := c.Store.Invite(t.Context(), db.Invitation{
		ID: db.NewID(), OrganizationID: c.org, Email: "ana@example.com", Role: billing.RoleMember, TokenHash: "hash", InvitedBy: c.owner,
		CreatedAt: c.now(), ExpiresAt: c.now().Add(72 * time.Hour),
	}, db.InvitationLimit{PerOrganization: 9, PerAddress: 9, Since: c.now().Add(-time.Hour)}, db.Mail{Subject: "join", Text: "join"})
	if err != nil {
		t.Fatal(err)
	}
	c.wish(billing.ActionAssignSeat, c.owner, "ana@example.com", "", false, billing.Seat{})
	c.step(db.JobAction)
	there, here := c.taken()
	if len(there) != 1 || there[0].Status != twin.SeatPending || len(here) != 1 || here[0].Status != billing.SeatPending {
		t.Fatalf("there %+v, here %+v; want one that waits", there, here)
	}
	c.later(time.Minute)
	again := c.wish(billing.ActionResendSeat, c.owner, "ana@example.com", "", false, here[0])
	c.strike(twin.Fault{Kind: "lost", Method: "POST", Path: "/v1/customer-seats", Count: 1})
	mails := len(c.twin.Engine.Mails())
	c.step(db.JobAction)
	c.later(time.Hour)
	c.step(db.JobAction)
	if sent := len(c.twin.Engine.Mails()) - mails; c.stateOf(again) != billing.ActionDone || sent != 1 {
		t.Errorf("sent again is %s with %d mails, want one", c.stateOf(again), sent)
	}
	ana := c.signUp("ana@example.com")
	if _, err := c.Store.AcceptInvitation(t.Context(), "hash", ana, c.now()); err != nil {
		t.Fatal(err)
	}
	c.work(db.JobSyncMember)
	c.work(db.JobAction)
	there, here = c.taken()
	if len(there) != 1 || there[0].Status != twin.SeatClaimed || len(here) != 1 || here[0].Status != billing.SeatClaimed || here[0].Email != "ana@example.com" {
		t.Errorf("there %+v, here %+v; want one that is hers", there, here)
	}
}

// TestWhoLeavesFreesHisSeat: at the provider and here, with his benefits and what he could
// do there; a lost answer and an outage change nothing about it.
func TestWhoLeavesFreesHisSeat(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault *twin.Fault
	}{
		{"it answers", nil},
		{"the answer is lost", &twin.Fault{Kind: "lost", Method: "DELETE", Path: "/v1/customer-seats", Count: 1}},
		{"the member's answer is lost", &twin.Fault{Kind: "lost", Method: "DELETE", Path: "/v1/members", Count: 1}},
		{"failing", &twin.Fault{Kind: "status", Status: 503, Method: "GET", Path: "/v1/customer-seats", Count: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCrew(t, 1)
			c.wish(billing.ActionAssignSeat, c.owner, memberMail, c.member, false, billing.Seat{})
			c.step(db.JobAction)
			if tt.fault != nil {
				c.strike(*tt.fault)
			}
			if err := c.Store.RemoveMember(t.Context(), c.org, c.member, c.member, c.now()); err != nil {
				t.Fatal(err)
			}
			c.work(db.JobSyncMember)
			there, here := c.taken()
			if len(there) != 0 || len(here) != 0 {
				t.Errorf("who left keeps %d seats there and %d here", len(there), len(here))
			}
			for _, m := range c.twin.Engine.MembersOf(c.customer.ProviderID) {
				if m.Email == memberMail {
					t.Errorf("who left is still a member there: %+v", m)
				}
			}
			c.read()
			grants, err := c.Store.Grants(t.Context(), c.org)
			if err != nil || len(grants) != 1 || grants[0].RevokedAt.IsZero() {
				t.Errorf("his benefits: %+v (%v)", grants, err)
			}
		})
	}
}

// TestMoreSeatsAreBoughtOnce: the answer to a change that costs money is lost, and nobody
// pays twice.
func TestMoreSeatsAreBoughtOnce(t *testing.T) {
	c := newCrew(t, 1)
	c.strike(twin.Fault{Kind: "lost", Method: "PATCH", Path: "/v1/subscriptions/", Count: 1})
	a, err := c.Store.Ask(t.Context(), billing.Action{
		Kind: billing.ActionChangeSeats, Object: c.sub.Ref(), CustomerID: c.org, AskedBy: c.owner,
		Seats: billing.SeatChange{ProviderSubscriptionID: c.sub.ProviderID, Seats: 3, Now: true},
	}, c.now())
	if err != nil {
		t.Fatal(err)
	}
	c.work(db.JobAction)
	sub, err := c.Store.Subscription(t.Context(), c.org, c.sub.ProviderID)
	if err != nil || c.stateOf(a) != billing.ActionDone || sub.Seats != 3 || sub.Amount != 3000 {
		t.Errorf("%s: %+v (%v)", c.stateOf(a), sub, err)
	}
	if orders := c.twin.Engine.OrdersOf(c.customer.ProviderID); len(orders) != 2 {
		t.Errorf("%d orders, want the purchase and one for more seats", len(orders))
	}
}

// TestSeatsAreRightWithoutWebhooks: what was given at the provider is here after a pass.
func TestSeatsAreRightWithoutWebhooks(t *testing.T) {
	c := newCrew(t, 2)
	if _, err := c.twin.Engine.AssignSeat(t.Context(), twin.SeatInput{SubscriptionID: c.sub.ProviderID, Email: "Bo@Example.com"}); err != nil {
		t.Fatal(err)
	}
	c.step("reconcile")
	if _, here := c.taken(); len(here) != 1 || here[0].Email != "bo@example.com" || here[0].Status != billing.SeatPending {
		t.Errorf("mirrored %+v", here)
	}
}
