package db_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

var foundedAt = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// somebody makes a user with a proven address, who is signed in.
func somebody(t *testing.T, store *db.Store, email string) string {
	t.Helper()
	entry, err := store.SignInWithIdentity(t.Context(),
		db.Identity{Provider: "test", Subject: email, Email: email, EmailVerified: true},
		db.SignIn{Now: foundedAt, Session: db.Session{ID: "session of " + email, TokenHash: "hash of " + email, Data: "{}", CreatedAt: foundedAt, SeenAt: foundedAt, ExpiresAt: foundedAt.Add(time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	return entry.User.ID
}

// founded is an organisation with an owner and others of the roles that are given.
func founded(t *testing.T, store *db.Store, roles ...billing.Role) (id string, people []string) {
	t.Helper()
	id = db.NewID()
	owner := somebody(t, store, id+"-owner@example.com")
	err := store.AddOrganization(t.Context(), db.Organization{ID: id, Name: "Acme", Slug: "acme-" + id}, owner, db.BillingAddress{Email: "billing@acme.example"}, true, foundedAt)
	if err != nil {
		t.Fatal(err)
	}
	people = []string{owner}
	for i, role := range roles {
		user := somebody(t, store, fmt.Sprintf("%s-%d@example.com", id, i))
		if err := store.AddMember(t.Context(), id, user, role, foundedAt); err != nil {
			t.Fatal(err)
		}
		people = append(people, user)
	}
	return id, people
}

func TestAnOrganizationHasAnOwnerACustomerAndAJob(t *testing.T) {
	store := dbtest.Open(t)
	id, people := founded(t, store)
	role, err := store.Membership(t.Context(), id, people[0])
	if err != nil || role != billing.RoleOwner {
		t.Errorf("who made it is %q (%v), want an owner", role, err)
	}
	customer, err := store.Customer(t.Context(), id)
	if err != nil || customer.UserID != "" || customer.Email != "billing@acme.example" || customer.Name != "Acme" {
		t.Errorf("its customer is %+v (%v)", customer, err)
	}
	jobs, err := store.OutboxBacklog(t.Context())
	if err != nil || len(jobs) != 1 || jobs[0].Kind != db.JobCreateCustomer {
		t.Errorf("jobs: %v (%v), want one that makes the customer known", jobs, err)
	}
	err = store.AddOrganization(t.Context(), db.Organization{ID: db.NewID(), Name: "Other", Slug: "acme-" + id}, people[0], db.BillingAddress{Email: "x@example.com"}, true, foundedAt)
	if !errors.Is(err, billing.ErrConflict) {
		t.Errorf("a slug that is taken: %v, want a conflict", err)
	}
}

func TestWhoMayChangeWhoBelongs(t *testing.T) {
	const owner, manager, member, stranger = 0, 1, 2, 3
	tests := []struct {
		name     string
		by, whom int
		role     billing.Role // empty: remove
		want     error
	}{
		{"an owner makes a member an owner", owner, member, billing.RoleOwner, nil},
		{"an owner removes a manager", owner, manager, "", nil},
		{"a member leaves", member, member, "", nil},
		{"a manager makes himself an owner", manager, manager, billing.RoleOwner, billing.ErrDenied},
		{"a manager removes the owner", manager, owner, "", billing.ErrDenied},
		{"a member removes a manager", member, manager, "", billing.ErrDenied},
		{"a stranger makes himself an owner", stranger, stranger, billing.RoleOwner, billing.ErrNotFound},
		{"a stranger removes a member", stranger, member, "", billing.ErrDenied},
		{"an owner gives a stranger a role", owner, stranger, billing.RoleMember, billing.ErrNotFound},
		{"the last owner leaves", owner, owner, "", billing.ErrConflict},
		{"the last owner becomes a member", owner, owner, billing.RoleMember, billing.ErrConflict},
		{"the last owner stays one", owner, owner, billing.RoleOwner, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			store := dbtest.Open(t)
			id, people := founded(t, store, billing.RoleBillingManager, billing.RoleMember)
			people = append(people, somebody(t, store, "stranger@example.com"))
			var err error
			if test.role == "" {
				err = store.RemoveMember(t.Context(), id, people[test.whom], people[test.by], foundedAt)
			} else {
				err = store.ChangeRole(t.Context(), id, people[test.whom], test.role, people[test.by], foundedAt)
			}
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if n := owners(t, store, id); n == 0 {
				t.Error("nobody owns it any more")
			}
		})
	}
}

func owners(t *testing.T, store *db.Store, id string) (n int) {
	t.Helper()
	members, err := store.Members(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.Role == billing.RoleOwner {
			n++
		}
	}
	return n
}

// Two owners who take each other's role, or remove each other, at the same time leave
// one owner, however the two meet.
func TestTwoOwnersCannotBothFall(t *testing.T) {
	store := dbtest.Open(t)
	for round := range 20 {
		id, people := founded(t, store, billing.RoleOwner)
		var both sync.WaitGroup
		for i := range people {
			both.Go(func() {
				by, whom := people[i], people[1-i]
				if round%3 == 2 {
					whom = by // both leave
				}
				var err error
				if round%3 == 0 {
					err = store.ChangeRole(t.Context(), id, whom, billing.RoleMember, by, foundedAt)
				} else {
					err = store.RemoveMember(t.Context(), id, whom, by, foundedAt)
				}
				if err != nil && !errors.Is(err, billing.ErrDenied) && !errors.Is(err, billing.ErrConflict) {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if n := owners(t, store, id); n != 1 {
			t.Fatalf("round %d left %d owners, want 1", round, n)
		}
	}
}

// Somebody who is removed acts for himself at his very next request, and the same
// question that finds his session tells it.
func TestARemovedMemberActsForHimself(t *testing.T) {
	store := dbtest.Open(t)
	id, people := founded(t, store, billing.RoleBillingManager)
	hash, session := "hash of "+id+"-0@example.com", "session of "+id+"-0@example.com"
	if err := store.ActFor(t.Context(), session, people[1], id, hash, foundedAt); err != nil {
		t.Fatal(err)
	}
	row, _, err := store.SessionByToken(t.Context(), hash, foundedAt)
	if err != nil || row.For != id || row.ForName != "Acme" || row.ForRole != billing.RoleBillingManager {
		t.Fatalf("acts for %q, %q as %q (%v)", row.For, row.ForName, row.ForRole, err)
	}
	if err := store.RemoveMember(t.Context(), id, people[1], people[0], foundedAt); err != nil {
		t.Fatal(err)
	}
	if row, _, err = store.SessionByToken(t.Context(), hash, foundedAt); err != nil || row.For != "" || row.ForRole != "" {
		t.Errorf("still acts for %q as %q (%v)", row.For, row.ForRole, err)
	}
	if err := store.ActFor(t.Context(), session, people[1], id, hash, foundedAt); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("acts for it again: %v", err)
	}
	if err := store.AddMember(t.Context(), id, people[1], billing.RoleMember, foundedAt); err != nil {
		t.Fatal(err)
	}
	if row, _, err = store.SessionByToken(t.Context(), hash, foundedAt); err != nil || row.For != "" {
		t.Errorf("who comes back acts for it without having said so: %q (%v)", row.For, err)
	}
}

// An owner who erases himself leaves no invitation behind by which somebody of his comes in.
func TestAnErasedOwnersInvitationsFall(t *testing.T) {
	store := dbtest.Open(t)
	id, people := founded(t, store, billing.RoleOwner)
	guest := somebody(t, store, "guest@example.com")
	err := store.Invite(t.Context(), db.Invitation{
		ID: db.NewID(), OrganizationID: id, Email: "guest@example.com", Role: billing.RoleBillingManager, TokenHash: "token",
		InvitedBy: people[1], CreatedAt: foundedAt, ExpiresAt: foundedAt.Add(time.Hour),
	}, db.InvitationLimit{PerOrganization: 5, PerAddress: 5}, db.Mail{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Erase(t.Context(), db.Erasure{UserID: people[1]}, foundedAt); err != nil {
		t.Fatal(err)
	}
	if _, err := store.AcceptInvitation(t.Context(), "token", guest, foundedAt); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("an invitation of somebody who was erased let his guest in: %v", err)
	}
	if open, err := store.Invitations(t.Context(), id, foundedAt); err != nil || len(open) != 0 {
		t.Errorf("%d invitations are open (%v)", len(open), err)
	}
}

// TestAnOrganizationIsNotDeletedWhileAWishWaits: a refund that was asked for is still to be
// made, and somebody must be able to see whether it was.
func TestAnOrganizationIsNotDeletedWhileAWishWaits(t *testing.T) {
	store := dbtest.Open(t)
	id, people := founded(t, store)
	order := billing.Ref{Provider: "polar", Kind: billing.KindOrder, ProviderID: "order-1"}
	wish, err := store.Ask(t.Context(), billing.Action{Kind: billing.ActionRefund, Object: order, CustomerID: id, AskedBy: people[0]}, foundedAt)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteOrganization(t.Context(), id, people[0], foundedAt); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("while it waits: %v, want a conflict", err)
	}
	if role, err := store.Membership(t.Context(), id, people[0]); err != nil || role != billing.RoleOwner {
		t.Errorf("its owner is %q (%v)", role, err)
	}
	if err := store.WithdrawAction(t.Context(), id, wish.ID, foundedAt); err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteOrganization(t.Context(), id, people[0], foundedAt); err != nil {
		t.Errorf("after it was withdrawn: %v", err)
	}
}
