package handlers_test

import (
	"fmt"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// TestASubscriptionFindsItsOrdersBehindAllOthers: whoever bought a hundred packs since still
// sees what was paid for the plan on the page of the plan.
func TestASubscriptionFindsItsOrdersBehindAllOthers(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("sam@example.com")
	user, err := s.store.UserByEmail(t.Context(), "sam@example.com")
	if err != nil {
		t.Fatal(err)
	}
	var own billing.Order
	s.until("an order of a plan is copied", func() bool {
		orders, _, err := s.store.Orders(t.Context(), user.ID, db.Page{Size: 50})
		for _, o := range orders {
			if err == nil && o.ProviderSubscriptionID != "" {
				own = o
			}
		}
		return own.ProviderID != ""
	})
	page := "/portal/subscriptions/" + own.ProviderSubscriptionID
	before := b.get(page).Find(`main a[href^="/portal/orders/"]`).Length()
	if before == 0 {
		t.Fatal("the page of the plan shows no order")
	}
	for i := range 101 {
		pack := own
		pack.ProviderID, pack.ProviderSubscriptionID = fmt.Sprintf("0190d2d2-5555-7333-8333-%012d", i), ""
		pack.Reason, pack.CreatedAt = "purchase", s.now().Add(time.Duration(i)*time.Second)
		if _, err := s.store.Apply(t.Context(), billing.Change{Object: pack}, s.now()); err != nil {
			t.Fatal(err)
		}
	}
	if after := b.get(page).Find(`main a[href^="/portal/orders/"]`).Length(); after != before {
		t.Errorf("%d orders of the plan are shown behind a hundred others, want %d", after, before)
	}
}
