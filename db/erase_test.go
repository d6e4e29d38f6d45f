package db_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// canary is in everything that names the person of these tests.
const canary = "canary-7f3a"

// known makes a person whom the mirror knows, with an order, and returns his id.
func known(t *testing.T, store *db.Store) string {
	t.Helper()
	me := person(t, store, canary+"@example.com")
	for _, change := range traces(me, 5) {
		apply(t, store, change)
	}
	return me
}

// traces is what the provider may tell of him, in the version of a moment.
func traces(externalID string, version int64) []billing.Change {
	customer := payer("cus_1", externalID, version)
	customer.Email, customer.Name, customer.Raw = canary+"@example.com", canary, `{"email":"`+canary+`@example.com"}`
	ended := subscription(billing.Canceled, version)
	ended.ProviderCheckoutID = "co_1"
	ended.EndedAt, ended.CancelComment, ended.Raw = nine, canary, `{"comment":"`+canary+`"}`
	paid := order(billing.OrderPaid, 0, version)
	paid.Raw = `{"billing_name":"` + canary + `"}`
	refund := billing.Refund{
		Source: src("re_1", version), ProviderOrderID: "ord_1", ProviderCustomerID: "cus_1", Status: "succeeded", Amount: 100, Currency: "usd",
		Metadata: map[string]string{"note": canary},
	}
	grant := billing.Grant{
		Source: src("gr_1", version), ProviderCustomerID: "cus_1", ProviderBenefitID: "be_1", Kind: billing.BenefitDiscord, GrantedAt: nine,
		Properties: map[string]string{"account": canary},
	}
	buying := checkout(billing.CheckoutSucceeded, version)
	buying.ExternalCustomerID, buying.ProviderCustomerID, buying.URL = externalID, "cus_1", "https://polar.example/"+canary
	list := []billing.Change{{Object: customer}}
	for _, object := range []billing.Object{ended, paid, refund, grant, buying} {
		list = append(list, billing.Change{Object: object, ProviderCustomerID: "cus_1"})
	}
	return list
}

// hits are the lines of the database that hold the canary.
func hits(t *testing.T, url string) (found []string) {
	t.Helper()
	for line := range strings.Lines(dbtest.Contents(t, url)) {
		if strings.Contains(line, canary) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// TestErasedStaysErased (SEC-18): nothing of the person is left but the books, and nothing
// that comes late brings him back: a delivery, a whole reading, the answer to a request
// that was under way, another customer with his id, an event.
func TestErasedStaysErased(t *testing.T) {
	url := dbtest.URL(t)
	store := dbtest.OpenAt(t, url)
	err := store.CallHooks(t.Context(), nine.Add(-time.Hour), 0, db.HookTarget{Name: "go", Wants: func(string) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	me := known(t, store)
	event := billing.Event{ID: "use 1", CustomerID: me, Name: "upload", Metadata: map[string]any{"file": canary}, OccurredAt: nine}
	if _, err := store.RecordUsage(t.Context(), event, "polar", nil, nine); err != nil {
		t.Fatal(err)
	}
	if err := store.Notify(t.Context(), me, db.Mail{Subject: "before"}, nine); err != nil {
		t.Fatal(err)
	}
	if n := len(hits(t, url)); n < 10 {
		t.Fatalf("only %d rows name the person: the test plants too little", n)
	}
	if err := store.Erase(t.Context(), db.Erasure{UserID: me}, nine); err != nil {
		t.Fatal(err)
	}
	if found := hits(t, url); len(found) > 0 {
		t.Fatalf("left after erasing:\n%s", strings.Join(found, "\n"))
	}
	if err := store.Erase(t.Context(), db.Erasure{UserID: me}, nine); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("erased twice: %v", err)
	}

	late := nine.Add(time.Minute)
	for _, change := range traces(me, 9) { // deliveries
		change.Type, change.Told, change.ToldAt = "some.event", change.Object, late
		change.Raw = json.RawMessage(`{"name":"` + canary + `"}`)
		if applied := apply(t, store, change); !applied.Erased || applied.CustomerID != "" || len(applied.Jobs) > 0 {
			t.Errorf("%T: %+v", change.Object, applied)
		}
	}
	var objects []billing.Object
	for _, change := range traces(me, 12) {
		objects = append(objects, change.Object)
	}
	if _, err := store.ApplyReading(t.Context(), db.Reading{Objects: objects}, late); err != nil {
		t.Fatal(err)
	}
	if read, err := store.ApplyReading(t.Context(), db.Reading{Objects: objects}, late); err != nil || read.Written != 0 {
		t.Errorf("a quiet reading wrote: %+v (%v)", read, err)
	}
	if err := store.SaveCheckout(t.Context(), me, objects[len(objects)-1].(billing.Checkout), late); err != nil {
		t.Fatal(err)
	}
	again := payer("cus_2", me, 3)
	again.Email, again.Name = canary+"@example.com", canary
	apply(t, store, billing.Change{Object: again})
	event.ID = "use 2"
	if recorded, err := store.RecordUsage(t.Context(), event, "polar", nil, nine); recorded || err == nil {
		t.Errorf("an event of nobody was recorded (%v)", err)
	}
	if found := hits(t, url); len(found) > 0 {
		t.Fatalf("brought back:\n%s", strings.Join(found, "\n"))
	}

	at, err := store.ErasedAtProviders(t.Context(), me)
	if err != nil || len(at) != 2 || at[0].Ref.ProviderID != "cus_1" || at[1].Ref.ProviderID != "cus_2" {
		t.Errorf("the provider is to erase %+v (%v)", at, err)
	}
	if job, err := store.ClaimJob(t.Context(), db.JobEraseCustomer, late, nine); err != nil || job.Key != me {
		t.Errorf("job %+v (%v)", job, err)
	}
	books := dbtest.Contents(t, url, "orders")
	for _, want := range []string{"A-1", "1900", "Pro", "cus_1"} {
		if !strings.Contains(books, want) {
			t.Errorf("the books lack %s:\n%s", want, books)
		}
	}
	if id := person(t, store, canary+"@example.com"); id == me {
		t.Error("whoever comes back has the id of who was erased")
	}
}

// TestHooksHearOfNobody: a hook that had not been told yet is told what ended and whose id
// it was, and not whose name.
func TestHooksHearOfNobody(t *testing.T) {
	store := dbtest.Open(t)
	err := store.CallHooks(t.Context(), nine.Add(-24*time.Hour), 0, db.HookTarget{Name: "go", Wants: func(string) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	me := known(t, store)
	if err := store.Erase(t.Context(), db.Erasure{UserID: me}, nine); err != nil {
		t.Fatal(err)
	}
	revoked := traces(me, 9)[4]
	grant := revoked.Object.(billing.Grant)
	grant.RevokedAt = nine
	revoked.Object = grant
	apply(t, store, revoked)
	calls, err := store.ClaimHooks(t.Context(), "go", 100, nine.Add(time.Hour), nine.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, call := range calls {
		text, err := json.Marshal(call.Fact)
		if err != nil || strings.Contains(string(text), canary) {
			t.Errorf("a hook is told: %s (%v)", text, err)
		}
		if call.Fact.Type == "benefit_grant.revoked" && call.Fact.CustomerID != me {
			t.Errorf("nobody can tell whose benefit ended: %s", text)
		}
		types = append(types, call.Fact.Type)
	}
	for _, want := range []string{"order.created", "subscription.revoked", "benefit_grant.revoked"} {
		if !slices.Contains(types, want) {
			t.Errorf("no hook hears of %s: %v", want, types)
		}
	}
}

// TestWhatHindersErasing: as long as something is billed or may be, or others would be
// left without an owner, nothing happens, and the reason is told.
func TestWhatHindersErasing(t *testing.T) {
	tests := []struct {
		name string
		with func(t *testing.T, store *db.Store, me string)
		want db.HindranceKind // "" for none
	}{
		{"nothing", func(*testing.T, *db.Store, string) {}, ""},
		{"an ended subscription", func(t *testing.T, store *db.Store, me string) { apply(t, store, traces(me, 1)...) }, ""},
		{"a running one", func(t *testing.T, store *db.Store, _ string) {
			apply(t, store, billing.Change{Object: subscription(billing.Active, 2)})
		}, db.HinderedBySubscription},
		{"one that ends later", func(t *testing.T, store *db.Store, _ string) {
			sub := subscription(billing.Active, 2)
			sub.CancelAtPeriodEnd = true
			apply(t, store, billing.Change{Object: sub})
		}, db.HinderedBySubscription},
		{"a payment under way", func(t *testing.T, store *db.Store, _ string) {
			apply(t, store, billing.Change{Object: order(billing.OrderPending, 0, 2)})
		}, db.HinderedByOrder},
		{"an open checkout", func(t *testing.T, store *db.Store, me string) {
			if err := store.SaveCheckout(t.Context(), me, checkout(billing.CheckoutOpen, 2), nine); err != nil {
				t.Fatal(err)
			}
		}, db.HinderedByCheckout},
		{"a refund under way", func(t *testing.T, store *db.Store, me string) {
			_, err := store.Ask(t.Context(), billing.Action{
				Kind: billing.ActionRefund, Object: billing.Ref{Provider: "polar", Kind: billing.KindOrder, ProviderID: "ord_1"}, CustomerID: me, AskedBy: "operator",
			}, nine)
			if err != nil {
				t.Fatal(err)
			}
		}, db.HinderedByAction},
		{"an organisation of his own", func(t *testing.T, store *db.Store, me string) { owned(t, store, me) }, ""},
		{"an organisation with others", func(t *testing.T, store *db.Store, me string) {
			if err := store.AddMember(t.Context(), owned(t, store, me), somebody(t, store, "ben@example.com"), billing.RoleMember, nine); err != nil {
				t.Fatal(err)
			}
		}, db.HinderedByMembers},
		{"an organisation with another owner", func(t *testing.T, store *db.Store, me string) {
			if err := store.AddMember(t.Context(), owned(t, store, me), somebody(t, store, "ben@example.com"), billing.RoleOwner, nine); err != nil {
				t.Fatal(err)
			}
		}, ""},
		{"an organisation that pays", func(t *testing.T, store *db.Store, me string) {
			team := payer("cus_team", owned(t, store, me), 1)
			sub := subscription(billing.Active, 2)
			sub.ProviderCustomerID = "cus_team"
			apply(t, store, billing.Change{Object: team}, billing.Change{Object: sub})
		}, db.HinderedBySubscription},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			url := dbtest.URL(t)
			store := dbtest.OpenAt(t, url)
			me := person(t, store, canary+"@example.com")
			apply(t, store, billing.Change{Object: payer("cus_1", me, 1)})
			test.with(t, store, me)
			plan, err := store.PlanErasure(t.Context(), me, nine)
			if err != nil || (len(plan.Hindrances) > 0) != (test.want != "") {
				t.Errorf("the plan is hindered by %+v (%v), want %q", plan.Hindrances, err, test.want)
			}
			before := dbtest.Contents(t, url)
			err = store.Erase(t.Context(), db.Erasure{UserID: me}, nine)
			if test.want == "" {
				left := slices.DeleteFunc(hits(t, url), func(row string) bool { return strings.Contains(row, " "+db.JobSyncMember+" ") }) // until his seats are freed
				if err != nil || len(left) > 0 {
					t.Errorf("not erased: %v %v", err, left)
				}
				return
			}
			h, hindered := errors.AsType[*db.Hindrance](err)
			if !hindered || !errors.Is(err, billing.ErrConflict) || h.Reasons[0].Kind != test.want {
				t.Errorf("erasing answered %v, want %s", err, test.want)
			}
			if dbtest.Contents(t, url) != before {
				t.Error("something happened all the same")
			}
		})
	}
}

// owned is an organisation of a person, which pays from an address of its own.
func owned(t *testing.T, store *db.Store, owner string) string {
	t.Helper()
	id := db.NewID()
	o := db.Organization{ID: id, Name: "Team " + id, Slug: "team-" + id}
	if err := store.AddOrganization(t.Context(), o, owner, db.BillingAddress{Email: id + "@teams.example"}, false, nine); err != nil {
		t.Fatal(err)
	}
	return id
}

// TestOnlyTheOneIsErased: everything of everybody else stays to the letter.
func TestOnlyTheOneIsErased(t *testing.T) {
	url := dbtest.URL(t)
	store := dbtest.OpenAt(t, url)
	me := known(t, store)
	other := person(t, store, "noor@example.com")
	theirs := subscription(billing.Active, 2)
	theirs.ProviderID, theirs.ProviderCustomerID = "sub_9", "cus_9"
	apply(t, store, billing.Change{Object: payer("cus_9", other, 1)}, billing.Change{Object: theirs})
	if err := store.Notify(t.Context(), other, db.Mail{Subject: "theirs"}, nine); err != nil {
		t.Fatal(err)
	}
	mark := func() (lines []string) {
		for line := range strings.Lines(dbtest.Contents(t, url)) {
			if strings.Contains(line, other) || strings.Contains(line, "cus_9") || strings.Contains(line, "noor@example.com") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	before := mark()
	if err := store.Erase(t.Context(), db.Erasure{UserID: me, Notice: db.Mail{Subject: "erased", Text: "farewell"}}, nine); err != nil {
		t.Fatal(err)
	}
	if after := mark(); !slices.Equal(before, after) || len(before) < 5 {
		t.Errorf("of others:\n%s\nbefore:\n%s", strings.Join(after, ""), strings.Join(before, ""))
	}
	if found := hits(t, url); len(found) != 1 || !strings.Contains(found[0], "farewell") {
		t.Errorf("left but for the last mail: %v", found)
	}
}

// TestBooksEnd: when tax law wants an order of nobody no longer, its figures go, too, and a
// reading does not bring them back. Orders of the living stay.
func TestBooksEnd(t *testing.T) {
	url := dbtest.URL(t)
	store := dbtest.OpenAt(t, url)
	me := known(t, store)
	if err := store.Erase(t.Context(), db.Erasure{UserID: me}, nine); err != nil {
		t.Fatal(err)
	}
	living := order(billing.OrderPaid, 0, 1)
	living.ProviderID, living.ProviderCustomerID, living.Number = "ord_9", "cus_9", "B-9"
	apply(t, store, billing.Change{Object: living})
	if until := db.BooksUntil(nine, 10); until.Format(time.DateOnly) != "2036-12-31" {
		t.Errorf("books of 2026 are kept until %s", until)
	}
	for _, step := range []struct {
		now  time.Time
		want int64
	}{{time.Date(2036, 12, 31, 23, 0, 0, 0, time.UTC), 0}, {time.Date(2037, 1, 1, 1, 0, 0, 0, time.UTC), 2}, {time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC), 0}} {
		n, err := store.ForgetOldBooks(t.Context(), 10, step.now)
		if err != nil || n != step.want {
			t.Errorf("%s: %d forgotten (%v), want %d", step.now, n, err, step.want)
		}
	}
	for _, change := range traces(me, 20) {
		apply(t, store, change)
	}
	if books := dbtest.Contents(t, url, "orders"); strings.Contains(books, "A-1") || !strings.Contains(books, "B-9") {
		t.Errorf("the books are:\n%s", books)
	}
}

// TestASeatForgetsWhoLeft: who is erased has no seat in the mirror any more, the job that
// frees it at the provider knows his address only until it is done, and the provider's word
// that it is free does not bring him back.
func TestASeatForgetsWhoLeft(t *testing.T) {
	url := dbtest.URL(t)
	store := dbtest.OpenAt(t, url)
	org, _ := founded(t, store)
	me := person(t, store, canary+"@example.com")
	if err := store.AddMember(t.Context(), org, me, billing.RoleMember, nine); err != nil {
		t.Fatal(err)
	}
	team := payer("payer", org, 1)
	sub := subscription(billing.Active, 1)
	sub.ProviderCustomerID, sub.Seats = "payer", 3
	seat := billing.Seat{
		Source: src("seat", 1), ProviderSubscriptionID: "sub_1", ProviderCustomerID: "payer", UserID: me, Email: canary + "@example.com", Name: canary,
		Status: billing.SeatClaimed,
	}
	apply(t, store, billing.Change{Object: team}, billing.Change{Object: sub}, billing.Change{Object: seat})
	if err := store.Erase(t.Context(), db.Erasure{UserID: me}, nine); err != nil {
		t.Fatal(err)
	}
	job, err := store.ClaimJob(t.Context(), db.JobSyncMember, nine.Add(time.Hour), nine)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := store.SeatPerson(t.Context(), job); err != nil || who.Email != canary+"@example.com" || who.Role != "" {
		t.Errorf("the job frees the seat of %+v (%v)", who, err)
	}
	seat.Status, seat.Version = billing.SeatRevoked, 2
	apply(t, store, billing.Change{Object: seat})
	if err := store.CompleteJob(t.Context(), job, nine); err != nil {
		t.Fatal(err)
	}
	if found := hits(t, url); len(found) > 0 {
		t.Errorf("left:\n%s", strings.Join(found, "\n"))
	}
}
