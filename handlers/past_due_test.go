package handlers_test

import (
	"net/http"
	"testing"

	"counterfoil/billing"
)

// TestAPlanThatEndsAndIsPastDueSaysBoth: who cancels while a payment is still tried is told
// so before, and sees both afterwards, not the end alone.
func TestAPlanThatEndsAndIsPastDueSaysBoth(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("pat@example.com")
	user, err := s.store.UserByEmail(t.Context(), "pat@example.com")
	if err != nil {
		t.Fatal(err)
	}
	page := ""
	s.until("the plan that is past due is copied", func() bool {
		subs, err := s.store.Subscriptions(t.Context(), user.ID)
		for _, sub := range subs {
			if err == nil && sub.Status == billing.PastDue {
				page = "/portal/subscriptions/" + sub.ProviderID
			}
		}
		return page != ""
	})
	cancel := b.wants(b.get(page+"/cancel"), http.StatusOK, "The payment that failed stays due")
	b.wants(b.submit(cancel, `form[action$="/cancel"]`, nil), http.StatusOK)
	s.until("the plan ends", func() bool { return b.get(page).Find(`form[action$="/resume"]`).Length() > 0 })
	b.wants(b.get(page), http.StatusOK, "Ending", "Payment failed", "The failed payment stays due")
	b.wants(b.get("/portal"), http.StatusOK, "Your last payment failed", "Ending", "stays due until then", "Keep my plan")
}
