package twin

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"
)

// TestSeed: whatever day the demo is started on, the story is the same.
func TestSeed(t *testing.T) {
	for _, now := range []time.Time{
		time.Date(2026, 11, 22, 1, 36, 0, 0, time.UTC), time.Date(2027, 2, 28, 12, 0, 0, 0, time.UTC),
		time.Date(2027, 3, 31, 23, 59, 0, 0, time.UTC), time.Date(2028, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 7, 31, 8, 0, 0, 0, time.UTC),
	} {
		t.Run(now.Format(time.DateOnly), func(t *testing.T) {
			e := ok(Open(t.Context(), Config{
				Path: filepath.Join(t.TempDir(), "twin.db"), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
			}))(t)
			defer func() { must(t, e.Close()) }()
			must(t, e.Seed(t.Context()))
			if s := e.Summary(); s.Offset != 0 || s.Products != 4 || s.Customers != 2 || s.Events > 4000 {
				t.Errorf("summary %+v", s)
			}
			checkSam(t, e, now)
			checkPat(t, e, now)
		})
	}
}

// checkSam: a subscriber of fourteen months whose numbers add up.
func checkSam(t *testing.T, e *Engine, now time.Time) {
	t.Helper()
	sam := byEmail(t, e, "sam@example.com")
	packs, refunds, orders := 0, 0, e.OrdersOf(sam.ID)
	for _, o := range orders {
		if o.Reason == "purchase" {
			packs++
		}
		if o.Status == OrderPartially {
			refunds++
		}
		if o.Subtotal-o.Discount != o.Net || o.Net+o.Tax != o.Total || o.Total-o.AppliedBalance != o.Due {
			t.Errorf("order %s does not add up", o.Number)
		}
	}
	if len(orders) != 15 || packs != 2 || refunds != 1 {
		t.Errorf("%d orders, %d packs, %d partial refunds", len(orders), packs, refunds)
	}
	sub := e.SubscriptionsOf(sam.ID)[0]
	if sub.Status != Active || !sub.PeriodEnd.After(now) || sub.StartedAt.After(addMonths(now, -13)) {
		t.Errorf("subscription %+v", sub)
	}
	for _, m := range e.MetersOf(sam.ID) {
		if m.Balance() <= 0 || m.Consumed <= 0 {
			t.Errorf("meter %s: consumed %s of %d", m.MeterID, m.Consumed, m.Credited)
		}
	}
}

// checkPat: the last renewal failed yesterday.
func checkPat(t *testing.T, e *Engine, now time.Time) {
	t.Helper()
	pat := byEmail(t, e, "pat@example.com")
	orders := e.OrdersOf(pat.ID)
	last := orders[len(orders)-1]
	if len(orders) != 6 || last.Status != OrderPending || !last.NextPaymentAt.After(now) {
		t.Errorf("%d orders, the last %+v", len(orders), last)
	}
	sub := e.SubscriptionsOf(pat.ID)[0]
	if sub.Status != PastDue || now.Sub(sub.PastDueAt) > 5*24*time.Hour {
		t.Errorf("subscription %+v", sub)
	}
}

// byEmail finds a customer.
func byEmail(t *testing.T, e *Engine, email string) Customer {
	t.Helper()
	for _, c := range e.Customers() {
		if c.Email == email {
			return c
		}
	}
	t.Fatalf("no %s", email)
	return Customer{}
}
