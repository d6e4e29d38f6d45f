package billing

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var factStart = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

func factSource(id string, changed time.Duration) Source {
	return Source{Provider: "polar", ProviderID: id, CreatedAt: factStart, Version: factStart.Add(changed).UnixMicro()}
}

func told(factType string, object Object) Change {
	return Change{
		Type: factType, Provider: "polar", Object: object, Told: object, ToldAt: factStart.Add(time.Hour),
		ToldID: object.Ref().ProviderID, Raw: json.RawMessage(`{}`),
	}
}

// TestFactsOfOneObject: what each state and step proves, with its mark.
func TestFactsOfOneObject(t *testing.T) {
	month := factStart.AddDate(0, 1, 0)
	sub := Subscription{Source: factSource("s", 0), Status: Active, StartedAt: factStart, PeriodStart: factStart}
	with := func(s Subscription, changed time.Duration, edit func(*Subscription)) Subscription {
		s.Source = factSource("s", changed)
		edit(&s)
		return s
	}
	canceled := with(sub, time.Minute, func(s *Subscription) { s.CancelAtPeriodEnd, s.CanceledAt = true, factStart.Add(time.Minute) })
	revoked := with(canceled, time.Hour, func(s *Subscription) { s.Status, s.EndedAt = Canceled, month })
	renewed := with(sub, 2*time.Hour, func(s *Subscription) { s.PeriodStart = month })
	pastDue := with(renewed, 3*time.Hour, func(s *Subscription) { s.Status = PastDue })
	paused := with(renewed, 3*time.Hour, func(s *Subscription) { s.Status = Paused })
	back := with(renewed, 4*time.Hour, func(*Subscription) {})
	order := Order{Source: factSource("o", 0), Status: OrderPending}
	refunded := Order{Source: factSource("o", time.Minute), Status: OrderPartiallyRefunded, Refunded: 250}
	grant := Grant{Source: factSource("g", 0), GrantedAt: factStart, Properties: map[string]string{"last_credited_at": "1"}}
	again := Grant{Source: factSource("g", time.Minute), GrantedAt: factStart, Properties: map[string]string{"last_credited_at": "2"}}
	gone := Grant{Source: factSource("g", time.Hour), GrantedAt: factStart, RevokedAt: factStart.Add(time.Hour)}
	known := func(s Subscription) *Known {
		return &Known{Status: string(s.Status), CanceledAt: s.CanceledAt, PeriodStart: s.PeriodStart}
	}
	tests := []struct {
		name   string
		before *Known
		object Object
		want   []string
	}{
		{"new order", nil, order, []string{"order.created"}},
		{"refunded order proves that it was paid", nil, refunded, []string{"order.created", "order.paid", "order.refunded 250", "order.updated v"}},
		{"void order", nil, Order{Source: factSource("o", 0), Status: OrderVoid}, []string{"order.created"}},
		{"expired checkout", nil, Checkout{Source: factSource("c", 0), Status: CheckoutExpired}, []string{"checkout.created", "checkout.expired"}},
		{"refund", nil, Refund{Source: factSource("r", time.Minute)}, []string{"refund.created", "refund.updated v"}},
		{"product", nil, Product{Source: factSource("p", 0)}, []string{"product.created"}},
		{"benefit", nil, BenefitDefinition{Source: factSource("b", time.Minute)}, []string{"benefit.created", "benefit.updated v"}},
		{"organization is never created", nil, Organization{Source: factSource("o", time.Minute)}, []string{"organization.updated v"}},
		{"customer", nil, Customer{Source: factSource("k", 0)}, []string{"customer.created"}},
		{"deleted customer", nil, Customer{Source: factSource("k", time.Minute), Deleted: true}, []string{"customer.created", "customer.deleted", "customer.updated v"}},
		{"a meter tells nothing", nil, Meter{Source: factSource("m", time.Minute)}, nil},
		{"new subscription", nil, sub, []string{"subscription.active start", "subscription.created"}},
		{"never started", nil, Subscription{Source: factSource("s", 0), Status: Incomplete}, []string{"subscription.created"}},
		{"cancellation asked for", known(sub), canceled, []string{"subscription.active start", "subscription.canceled 1m", "subscription.created", "subscription.updated v"}},
		{"uncanceled", known(canceled), back, []string{
			"subscription.active start", "subscription.created", "subscription.cycled month", "subscription.uncanceled v", "subscription.updated v",
		}},
		{"ended, and nothing known before", nil, revoked, []string{
			"subscription.active start", "subscription.canceled 1m", "subscription.created", "subscription.revoked month", "subscription.updated v",
		}},
		{"renewed", known(sub), renewed, []string{"subscription.active start", "subscription.created", "subscription.cycled month", "subscription.updated v"}},
		{"renewed long ago", nil, renewed, []string{"subscription.active start", "subscription.created", "subscription.updated v"}},
		{"payment failed", known(renewed), pastDue, []string{"subscription.active start", "subscription.created", "subscription.past_due month", "subscription.updated v"}},
		{"recovered", known(pastDue), back, []string{"subscription.active month", "subscription.active start", "subscription.created", "subscription.updated v"}},
		{"paused", known(renewed), paused, []string{"subscription.active start", "subscription.created", "subscription.paused month", "subscription.updated v"}},
		{"resumed", known(paused), back, []string{
			"subscription.active month", "subscription.active start", "subscription.created", "subscription.resumed v", "subscription.updated v",
		}},
		{"granted", nil, grant, []string{"benefit_grant.created start"}},
		{"not granted yet", nil, Grant{Source: factSource("g", 0)}, nil},
		{"credits again", &Known{CreditedAt: "1"}, again, []string{"benefit_grant.created start", "benefit_grant.cycled 2", "benefit_grant.updated v"}},
		{"revoked", &Known{CreditedAt: "1"}, gone, []string{"benefit_grant.created start", "benefit_grant.revoked 1h", "benefit_grant.updated v"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := describe(FactsOf(tt.before, Change{Object: tt.object}), tt.object, month)
			if !slices.Equal(got, tt.want) {
				t.Errorf("facts\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}

// describe writes facts as type and mark, with times by name, sorted.
func describe(list []Fact, object Object, month time.Time) []string {
	names := map[string]string{
		milli(factStart): " start", milli(month): " month", milli(factStart.Add(time.Minute)): " 1m", milli(factStart.Add(time.Hour)): " 1h",
		updated("x", Source{Version: object.ObjectVersion()}).mark: " v", "": "",
	}
	var out []string
	for _, f := range list {
		name, ok := names[f.Mark]
		if !ok {
			name = " " + f.Mark
		}
		out = append(out, f.Type+name)
	}
	slices.Sort(out)
	return out
}

// TestDeliveryAndReadingTellTheSameFact: the key that a webhook gives to a fact is the
// one that our own reading of the object gives, so a fact told both ways is one (R2).
func TestDeliveryAndReadingTellTheSameFact(t *testing.T) {
	month := factStart.AddDate(0, 1, 0)
	sub := Subscription{
		Source: factSource("s", time.Minute), Status: Active, StartedAt: factStart, PeriodStart: factStart.Add(time.Second),
		CanceledAt: factStart.Add(time.Minute),
	}
	ended := sub
	ended.Status, ended.EndedAt = Canceled, month
	renewed := sub
	renewed.PeriodStart, renewed.CanceledAt = month, time.Time{}
	late := renewed
	late.Status = PastDue
	cycled := Grant{Source: factSource("g", time.Minute), Properties: map[string]string{"last_credited_at": "2"}}
	tests := []struct {
		factType string
		before   *Known
		object   Object
	}{
		{"order.created", nil, Order{Source: factSource("o", 0), Status: OrderPending}},
		{"order.paid", nil, Order{Source: factSource("o", time.Minute), Status: OrderPaid}},
		{"order.updated", nil, Order{Source: factSource("o", time.Minute), Status: OrderPaid}},
		{"order.refunded", nil, Order{Source: factSource("o", time.Minute), Status: OrderRefunded, Refunded: 900}},
		{"subscription.active", nil, sub},
		{"subscription.active", &Known{Status: string(PastDue), PeriodStart: month}, renewed},
		{"subscription.canceled", nil, sub},
		{"subscription.uncanceled", &Known{Status: string(Active), CanceledAt: factStart, PeriodStart: month}, renewed},
		{"subscription.revoked", nil, ended},
		{"subscription.cycled", &Known{Status: string(Active), PeriodStart: factStart}, renewed},
		{"subscription.past_due", nil, late},
		{"benefit_grant.cycled", &Known{CreditedAt: "1"}, cycled},
		{"customer.deleted", nil, Customer{Source: factSource("k", time.Minute), Deleted: true}},
		{"checkout.updated", nil, Checkout{Source: factSource("c", time.Minute), Status: CheckoutOpen}},
	}
	for _, tt := range tests {
		t.Run(tt.factType, func(t *testing.T) {
			delivered := FactsOf(nil, told(tt.factType, tt.object))[0]
			if delivered.Type != tt.factType || !delivered.Told {
				t.Fatalf("the delivery tells %s first, want its own type", delivered.Type)
			}
			read := FactsOf(tt.before, Change{Object: tt.object})
			if !slices.ContainsFunc(read, func(f Fact) bool { return f.Key == delivered.Key }) {
				t.Errorf("a reading does not tell %s with mark %q", tt.factType, delivered.Mark)
			}
		})
	}
}

// TestFactsOfUnknownTypes: a delivery of a type without a rule is known by its own time,
// so that the same event at a second endpoint is the same fact (W9, W12).
func TestFactsOfUnknownTypes(t *testing.T) {
	c := Change{Type: "member.created", Provider: "polar", ToldAt: factStart, ToldID: "m", Raw: json.RawMessage(`{"id":"m"}`)}
	list := FactsOf(nil, c)
	if len(list) != 1 || list[0].Key != FactKey("polar", "member.created", "m", "1777888800000000") {
		t.Errorf("facts %+v, want one with the time of the event", list)
	}
	c.ToldAt = time.Time{}
	first, c2 := FactsOf(nil, c)[0], c
	c2.Raw = json.RawMessage(`{"id":"n"}`)
	if first.Key == FactsOf(nil, c2)[0].Key {
		t.Error("two events without a time and with other data have one key")
	}
}

// TestFactsDoNotDependOnTheOrderOfDeliveries: what a set of payloads proves is the same
// in any order, as long as each is looked at by itself (W1, W2).
func TestFactsDoNotDependOnTheOrderOfDeliveries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var changes []Change
		for i := range rapid.IntRange(1, 6).Draw(t, "n") {
			s := Subscription{
				Source: factSource("s", time.Duration(i)*time.Minute), StartedAt: factStart, PeriodStart: factStart,
				Status: rapid.SampledFrom([]Status{Active, PastDue, Canceled}).Draw(t, "status"),
			}
			if rapid.Bool().Draw(t, "canceled") {
				s.CanceledAt = factStart.Add(time.Duration(i) * time.Second)
			}
			changes = append(changes, told("subscription.updated", s))
		}
		keys := func(order []Change) map[string]bool {
			set := map[string]bool{}
			for _, c := range order {
				for _, f := range FactsOf(nil, c) {
					set[f.Key] = true
				}
			}
			return set
		}
		want := keys(changes)
		got := keys(rapid.Permutation(changes).Draw(t, "order"))
		if len(got) != len(want) {
			t.Fatalf("%d facts in one order, %d in another", len(want), len(got))
		}
	})
}
