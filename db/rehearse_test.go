package db_test

import (
	"errors"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestRehearsalWritesNothing: the difference is told in full, every table stays as it is,
// and what was told is what applying does. Applied, a second rehearsal finds nothing.
func TestRehearsalWritesNothing(t *testing.T) {
	url := dbtest.URL(t)
	store := dbtest.OpenAt(t, url)
	wants := func(factType string) bool { return factType == "order.paid" }
	if err := store.CallHooks(t.Context(), nine, 0, db.HookTarget{Name: "go", Wants: wants}); err != nil {
		t.Fatal(err)
	}
	source := func(version time.Time) billing.Source {
		return billing.Source{Provider: "polar", ProviderID: "ord_1", Version: version.UnixMicro(), CreatedAt: nine}
	}
	pending := billing.Order{Source: source(nine), ProviderCustomerID: "cus_1", Status: billing.OrderPending, Total: 2400, Currency: "usd"}
	if _, err := store.Apply(t.Context(), billing.Change{Object: pending}, nine); err != nil {
		t.Fatal(err)
	}
	paid := pending
	paid.Source, paid.Status = source(nine.Add(time.Minute)), billing.OrderPaid
	strange := billing.Change{Type: "moon.landed", Provider: "polar", ToldID: "moon_1", ToldAt: nine, Raw: []byte(`{}`)}
	changes := []billing.Change{{Type: "order.paid", Object: paid}, {Type: "order.paid", Object: paid}, strange}

	before := dbtest.Contents(t, url)
	told, err := store.Rehearse(t.Context(), changes, nine.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if after := dbtest.Contents(t, url); after != before {
		t.Fatal("a rehearsal changed the database")
	}
	first := told[0]
	if !first.Changes() || first.New || len(first.Fields) != 2 || first.Fields[0] != (db.FieldDifference{Name: "Status", Before: "pending", After: "paid"}) {
		t.Errorf("fields %+v", first.Fields)
	}
	if len(first.Told) != 2 || first.Told[0].Type != "order.updated" || first.Told[0].Targets != nil || first.Told[1].Type != "order.paid" || len(first.Told[1].Targets) != 1 {
		t.Errorf("facts %+v", first.Told)
	}
	if told[1].Changes() {
		t.Errorf("the same change a second time would change %+v", told[1])
	}
	if len(told[2].Told) != 1 || told[2].Told[0].Type != "moon.landed" {
		t.Errorf("a type that nobody knows tells %+v", told[2].Told)
	}

	if _, err := store.Apply(t.Context(), changes[0], nine.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if dbtest.Contents(t, url) == before {
		t.Fatal("applying changed nothing that the hash sees: it proves nothing") // the control
	}
	again, err := store.Rehearse(t.Context(), changes[:1], nine.Add(2*time.Hour))
	if err != nil || again[0].Changes() {
		t.Errorf("after it was applied a rehearsal finds %+v, %v", again, err)
	}
	if _, err := store.Rehearse(t.Context(), []billing.Change{{Object: alien{}}}, nine); err == nil || !errors.Is(err, billing.ErrInvalid) {
		t.Errorf("what the mirror does not keep: %v", err)
	}
}

// TestEveryKindIsRehearsed: an operator may rehearse a delivery about anything that the
// mirror keeps.
func TestEveryKindIsRehearsed(t *testing.T) {
	store := dbtest.Open(t)
	source := billing.Source{Provider: "polar", ProviderID: "one", Version: nine.UnixMicro(), CreatedAt: nine}
	objects := []billing.Object{
		billing.Product{Source: source}, billing.Meter{Source: source}, billing.BenefitDefinition{Source: source},
		billing.Organization{Source: source}, billing.Customer{Source: source}, billing.Checkout{Source: source},
		billing.Order{Source: source}, billing.Refund{Source: source}, billing.Subscription{Source: source},
		billing.Grant{Source: source}, billing.Balance{Source: source}, billing.Seat{Source: source},
	}
	for _, object := range objects {
		told, err := store.Rehearse(t.Context(), []billing.Change{{Object: object}}, nine)
		if err != nil {
			t.Errorf("%s: %v", object.Ref().Kind, err)
		} else if !told[0].New {
			t.Errorf("%s: nothing new in %+v", object.Ref().Kind, told[0])
		}
	}
}

// alien is no object of the mirror.
type alien struct{}

func (alien) Ref() billing.Ref     { return billing.Ref{Provider: "polar", Kind: "alien", ProviderID: "a"} }
func (alien) ObjectRaw() string    { return "" }
func (alien) ObjectVersion() int64 { return 1 }
