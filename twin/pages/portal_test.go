package pages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterfoil/twin"
)

// portal opens a customer's portal and returns its path and query.
func (w *world) portal(customer twin.Customer) (path, query string) {
	w.Helper()
	session, err := w.engine.CreateSession(w.Context(), customer.ID, "", "http://localhost:8080/portal")
	w.must(err)
	return portalPath(w.engine.Organization().Slug, ""), "?customer_session_token=" + session.Token
}

func TestPortalCancelsAndKeeps(t *testing.T) {
	w := newWorld(t)
	pat := w.subscriber("pat@example.com", twin.CardSucceeds)
	path, query := w.portal(pat)
	page := w.get(path+query).expect(t, http.StatusOK)
	for _, want := range []string{"Pro Active", "$24.00 a month", "Renews on 20 December 2026", "Priority support", "Paid"} {
		if !strings.Contains(page.says("main"), want) {
			t.Errorf("portal lacks %q: %s", want, page.says("main"))
		}
	}
	cancel := page.Find(".rows a").AttrOr("href", "")
	if got := w.get(cancel).expect(t, http.StatusOK).says("main"); !strings.Contains(got, "You keep everything until 20 December 2026") {
		t.Errorf("before cancelling: %s", got)
	}
	w.post(cancel, url.Values{"reason": {"too_expensive"}, "comment": {"Sorry"}}).expect(t, http.StatusSeeOther)
	sub := w.engine.SubscriptionsOf(pat.ID)[0]
	if !sub.CancelAtPeriodEnd || sub.CancelReason != "too_expensive" || sub.CancelComment != "Sorry" || sub.Status != twin.Active {
		t.Errorf("subscription %+v", sub)
	}
	page = w.get(path + query)
	if !strings.Contains(page.says(".rows"), "Ends on 20 December 2026") {
		t.Errorf("after cancelling: %s", page.says(".rows"))
	}
	w.post(page.Find(".rows form").AttrOr("action", ""), nil).expect(t, http.StatusSeeOther)
	if w.engine.SubscriptionsOf(pat.ID)[0].CancelAtPeriodEnd {
		t.Error("keeping it changed nothing")
	}
}

func TestPortalPaysAnOpenOrder(t *testing.T) {
	w := newWorld(t)
	pat := w.subscriber("pat@example.com", twin.CardFailsLate)
	w.must(w.engine.Advance(t.Context(), 31*24*time.Hour))
	path, query := w.portal(pat)
	page := w.get(path+query).expect(t, http.StatusOK)
	if !strings.Contains(page.says(".rows"), "Payment failed") {
		t.Fatalf("portal: %s", page.says("main"))
	}
	pay := page.Find(".table a").AttrOr("href", "")
	w.get(pay).expect(t, http.StatusOK)
	if declined := w.post(pay, url.Values{"card": {twin.CardDeclined}}).expect(t, http.StatusPaymentRequired); declined.Find("[role=alert]").Length() != 1 {
		t.Error("the decline is not told")
	}
	w.post(pay, url.Values{"card": {twin.CardSucceeds}}).expect(t, http.StatusSeeOther)
	if got := w.engine.SubscriptionsOf(pat.ID)[0].Status; got != twin.Active {
		t.Errorf("subscription is %s", got)
	}
	w.get(pay).expect(t, http.StatusNotFound) // paid: nothing to pay any more
}

func TestPortalIsPrivate(t *testing.T) {
	w := newWorld(t)
	pat, eve := w.subscriber("pat@example.com", twin.CardFailsLate), w.customer("eve@example.com", "Eve")
	w.must(w.engine.Advance(t.Context(), 31*24*time.Hour))
	path, query := w.portal(eve)
	sub := w.engine.SubscriptionsOf(pat.ID)[0]
	var open twin.Order
	for _, order := range w.engine.OrdersOf(pat.ID) {
		if order.Status == twin.OrderPending {
			open = order
		}
	}
	for _, rest := range []string{"/subscriptions/" + sub.ID + "/cancel", "/subscriptions/" + sub.ID + "/uncancel", "/orders/" + open.ID + "/pay", "/orders/nothing/pay"} {
		w.post(path+rest+query, url.Values{"card": {twin.CardSucceeds}}).expect(t, http.StatusNotFound)
	}
	if got := w.get(path+query).expect(t, http.StatusOK).says("main"); strings.Contains(got, "pat@example.com") || !strings.Contains(got, "Nothing was bought yet") {
		t.Errorf("eve sees %s", got)
	}
	w.get("/another/portal"+query).expect(t, http.StatusNotFound)
	w.get(path).expect(t, http.StatusUnauthorized)
	w.get(path+"?customer_session_token=polar_cst_guess").expect(t, http.StatusUnauthorized)
	w.must(w.engine.Advance(t.Context(), time.Hour))
	w.get(path+query).expect(t, http.StatusUnauthorized)
	w.post(path+"/subscriptions/"+sub.ID+"/cancel"+query, nil).expect(t, http.StatusUnauthorized)
}
