package db_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// office is an organisation that bought seats.
type office struct {
	*db.Store
	t      *testing.T
	id     string // of the organisation
	people []string
	sub    billing.Subscription
}

// openOffice has an owner and members of those roles, and that many seats.
func openOffice(t *testing.T, seats int, roles ...billing.Role) *office {
	t.Helper()
	o := &office{Store: dbtest.Open(t), t: t}
	o.id, o.people = founded(t, o.Store, roles...)
	o.sub = billing.Subscription{
		Source: o.source("sub"), ProviderCustomerID: "payer", ProviderProductID: "team", Status: billing.Active, Seats: seats, Currency: "usd",
	}
	payer := billing.Customer{Source: o.source("payer"), ExternalID: o.id, Email: "billing@acme.example"}
	if _, err := o.ApplyAll(t.Context(), []billing.Object{payer, o.sub}, foundedAt); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) source(id string) billing.Source {
	return billing.Source{Provider: "polar", ProviderID: id, Version: foundedAt.UnixMicro(), CreatedAt: foundedAt}
}

// email is the address of one of the people, the owner's first.
func (o *office) email(i int) string {
	if i == 0 {
		return o.id + "-owner@example.com"
	}
	return fmt.Sprintf("%s-%d@example.com", o.id, i-1)
}

// has puts a seat into the mirror.
func (o *office) has(id, email string, status billing.SeatStatus, age time.Duration) bool {
	o.t.Helper()
	seat := billing.Seat{Source: o.source(id), ProviderSubscriptionID: "sub", ProviderCustomerID: "payer", Email: email, Status: status}
	seat.Version += age.Microseconds()
	applied, err := o.Apply(o.t.Context(), billing.Change{Object: seat}, foundedAt)
	if err != nil {
		o.t.Fatal(err)
	}
	return applied.Changed
}

func (o *office) assign(by, email string, claim bool) (billing.Action, error) {
	return o.Ask(o.t.Context(), billing.Action{
		Kind: billing.ActionAssignSeat, Object: billing.SeatPlace("polar", "sub", email), CustomerID: o.id, AskedBy: by,
		Seat: billing.SeatWish{ProviderSubscriptionID: "sub", ProviderCustomerID: "payer", Email: email, Claim: claim},
	}, foundedAt)
}

func (o *office) invite(email string) {
	o.t.Helper()
	err := o.Invite(o.t.Context(), db.Invitation{
		ID: db.NewID(), OrganizationID: o.id, Email: email, Role: billing.RoleMember, TokenHash: db.NewID(), InvitedBy: o.people[0],
		CreatedAt: foundedAt, ExpiresAt: foundedAt.Add(time.Hour),
	}, db.InvitationLimit{PerOrganization: 9, PerAddress: 9, Since: foundedAt.Add(-time.Hour)}, db.Mail{Subject: "join", Text: "join"})
	if err != nil {
		o.t.Fatal(err)
	}
}

// TestWhoGetsASeat: the rules stand in the statement, whoever calls it.
func TestWhoGetsASeat(t *testing.T) {
	manager, member, other := 1, 2, 3
	tests := []struct {
		name  string
		seats int
		given []billing.SeatStatus // of others, in the order of people from the owner on
		by    int
		email func(o *office) string
		claim bool
		set   func(o *office)
		want  error
	}{
		{"the owner to a member", 1, nil, 0, func(o *office) string { return o.email(member) }, false, nil, nil},
		{"a billing manager to himself", 1, nil, manager, func(o *office) string { return o.email(manager) }, false, nil, nil},
		{"to an address that is invited", 1, nil, 0, func(*office) string { return "kim@example.com" }, false, func(o *office) { o.invite("kim@example.com") }, nil},
		{"to an address that is not", 1, nil, 0, func(*office) string { return "kim@example.com" }, false, nil, billing.ErrDenied},
		{"a member to himself", 1, nil, member, func(o *office) string { return o.email(member) }, false, nil, billing.ErrDenied},
		{"all are taken", 1, []billing.SeatStatus{billing.SeatClaimed}, 0, func(o *office) string { return o.email(member) }, false, nil, billing.ErrDenied},
		{"all are promised", 1, []billing.SeatStatus{billing.SeatPending}, 0, func(o *office) string { return o.email(member) }, false, nil, billing.ErrDenied},
		{"one was taken back", 1, []billing.SeatStatus{billing.SeatRevoked}, 0, func(o *office) string { return o.email(member) }, false, nil, nil},
		{"he has one", 2, []billing.SeatStatus{billing.SeatClaimed}, 0, func(o *office) string { return o.email(0) }, false, nil, billing.ErrDenied},
		{"he is invited to one", 2, []billing.SeatStatus{billing.SeatPending}, 0, func(o *office) string { return o.email(0) }, false, nil, billing.ErrDenied},
		{"he claims the one that waits", 1, nil, member, func(o *office) string { return o.email(member) }, true,
			func(o *office) { o.has("waits", o.email(member), billing.SeatPending, 0) }, nil},
		{"he claims one that does not wait", 1, nil, member, func(o *office) string { return o.email(member) }, true, nil, billing.ErrDenied},
		{"he claims another's", 1, nil, member, func(o *office) string { return o.email(other) }, true,
			func(o *office) { o.has("waits", o.email(other), billing.SeatPending, 0) }, billing.ErrDenied},
		{"fewer are being bought", 5, nil, 0, func(o *office) string { return o.email(member) }, false, func(o *office) {
			if _, err := o.Ask(o.t.Context(), o.change(2), foundedAt); err != nil {
				o.t.Fatal(err)
			}
		}, billing.ErrDenied},
		{"the plan has ended", 5, nil, 0, func(o *office) string { return o.email(member) }, false, func(o *office) {
			o.sub.Status, o.sub.Version = billing.Canceled, o.sub.Version+1
			if _, err := o.Apply(o.t.Context(), billing.Change{Object: o.sub}, foundedAt); err != nil {
				o.t.Fatal(err)
			}
		}, billing.ErrDenied},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := openOffice(t, test.seats, billing.RoleBillingManager, billing.RoleMember, billing.RoleMember)
			for i, status := range test.given {
				o.has(fmt.Sprintf("seat-%d", i), o.email(i), status, 0)
			}
			if test.set != nil {
				test.set(o)
			}
			if _, err := o.assign(o.people[test.by], test.email(o), test.claim); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func (o *office) change(seats int) billing.Action {
	return billing.Action{
		Kind: billing.ActionChangeSeats, Object: o.sub.Ref(), CustomerID: o.id, AskedBy: o.people[0],
		Seats: billing.SeatChange{ProviderSubscriptionID: "sub", Seats: seats},
	}
}

// TestNeverMoreSeatsThanBought: of many who ask at once, as many get one as there are; and
// a seat that came to be while it was asked for counts once.
func TestNeverMoreSeatsThanBought(t *testing.T) {
	o := openOffice(t, 3, billing.RoleMember, billing.RoleMember, billing.RoleMember, billing.RoleMember, billing.RoleMember, billing.RoleMember)
	o.has("first", o.email(0), billing.SeatClaimed, 0)
	var given atomic.Int64
	var all sync.WaitGroup
	for i := 1; i < len(o.people); i++ {
		all.Go(func() {
			_, err := o.assign(o.people[0], o.email(i), false)
			if err == nil {
				given.Add(1)
			} else if !errors.Is(err, billing.ErrDenied) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	waiting, err := o.SeatActions(t.Context(), o.id, foundedAt)
	if given.Load() != 2 || err != nil || len(waiting) != 2 {
		t.Fatalf("%d were promised, and %d wait (%v): 2 are free", given.Load(), len(waiting), err)
	}
	if _, err := o.Ask(t.Context(), o.change(2), foundedAt); !errors.Is(err, billing.ErrDenied) {
		t.Errorf("fewer seats than are given: %v", err)
	}
	// The webhook about one of them is faster than the answer.
	o.has("second", waiting[0].Seat.Email, billing.SeatClaimed, 0)
	if _, err := o.Ask(t.Context(), o.change(3), foundedAt); err != nil {
		t.Errorf("a seat that came to be counts twice: %v", err)
	}
	// Twice the same wish is one.
	again, err := o.assign(o.people[0], waiting[1].Seat.Email, false)
	if err != nil || again.ID != waiting[1].ID {
		t.Errorf("asked twice: %v (%v), want %s", again.ID, err, waiting[1].ID)
	}
}

// TestSeatsAreMirroredInAnyOrder: the newest copy stays, whatever arrives last.
func TestSeatsAreMirroredInAnyOrder(t *testing.T) {
	o := openOffice(t, 2)
	steps := []struct {
		status  billing.SeatStatus
		age     time.Duration
		changed bool
	}{
		{billing.SeatPending, time.Second, true}, {billing.SeatRevoked, 3 * time.Second, true}, {billing.SeatClaimed, 2 * time.Second, false},
		{billing.SeatRevoked, 3 * time.Second, false}, {billing.SeatClaimed, 3 * time.Second, false}, {billing.SeatPending, 4 * time.Second, true},
		{billing.SeatClaimed, 4 * time.Second, true},
	}
	for i, step := range steps {
		if changed := o.has("seat", "kim@example.com", step.status, step.age); changed != step.changed {
			t.Errorf("step %d changed it: %v, want %v", i, changed, step.changed)
		}
	}
	seats, err := o.TakenSeats(t.Context(), o.id)
	if err != nil || len(seats) != 1 || seats[0].Status != billing.SeatClaimed {
		t.Errorf("mirrored %+v (%v)", seats, err)
	}
	if seats, err = o.TakenSeats(t.Context(), db.NewID()); err != nil || len(seats) != 0 {
		t.Errorf("of another customer: %+v (%v)", seats, err)
	}
}

// TestWhoLeavesGetsNoSeat: what was asked for him falls, and a job frees what he has.
func TestWhoLeavesGetsNoSeat(t *testing.T) {
	o := openOffice(t, 2, billing.RoleMember)
	asked, err := o.assign(o.people[0], o.email(1), false)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.RemoveMember(t.Context(), o.id, o.people[1], o.people[0], foundedAt); err != nil {
		t.Fatal(err)
	}
	if a, err := o.Action(t.Context(), asked.ID); err != nil || a.State != billing.ActionWithdrawn {
		t.Errorf("what was asked for is %s (%v)", a.State, err)
	}
	job, err := o.ClaimJob(t.Context(), db.JobSyncMember, foundedAt.Add(time.Minute), foundedAt)
	if err != nil {
		t.Fatal(err)
	}
	who, err := o.SeatPerson(t.Context(), job)
	if err != nil || who.Role != "" || who.Email != o.email(1) || who.UserID != o.people[1] || who.OrganizationID != o.id {
		t.Errorf("the job is about %+v (%v)", who, err)
	}
	ended, err := o.SweepSeatActions(t.Context(), foundedAt.Add(time.Second))
	if err != nil || ended != 1 {
		t.Errorf("swept %d (%v): they name addresses", ended, err)
	}
}

// TestTheProviderHearsOfANewOwner: whoever gives an organisation away and whoever gets it
// are both told anew at the provider, where the one loses rights and the other gains some.
func TestTheProviderHearsOfANewOwner(t *testing.T) {
	o := openOffice(t, 2, billing.RoleMember)
	if err := o.TransferOwnership(t.Context(), o.id, o.people[0], o.people[1], foundedAt); err != nil {
		t.Fatal(err)
	}
	roles := map[string]billing.Role{}
	for range o.people {
		job, err := o.ClaimJob(t.Context(), db.JobSyncMember, foundedAt.Add(time.Minute), foundedAt)
		if err != nil {
			t.Fatal(err)
		}
		who, err := o.SeatPerson(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		roles[who.UserID] = who.Role
	}
	if roles[o.people[1]] != billing.RoleOwner || roles[o.people[0]] != billing.RoleBillingManager {
		t.Errorf("told %v", roles)
	}
}
