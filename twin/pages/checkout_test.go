package pages

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/twin"
)

// filled is the form of a buyer who made no mistake.
func filled(card string) url.Values {
	return url.Values{"do": {"pay"}, "email": {"noor@example.com"}, "name": {"Noor Haddad"}, "country": {"NL"}, "card": {card}}
}

// orders counts what noor has bought.
func (w *world) orders() int {
	n := 0
	for _, customer := range w.engine.Customers() {
		n += len(w.engine.OrdersOf(customer.ID))
	}
	return n
}

func TestCheckoutPaysAndLeaves(t *testing.T) {
	w := newWorld(t)
	c := w.checkout("pro")
	page := w.get(checkoutPath(c)).expect(t, http.StatusOK)
	if got := page.says("h1"); got != "Subscribe to Pro" {
		t.Errorf("heading %q", got)
	}
	if got := page.says("#total"); got != "$24.00" {
		t.Errorf("total %q", got)
	}
	if page.Find(`a[href="http://localhost:8080/plans"]`).Length() != 1 || page.Find(".perks li").Length() != 1 {
		t.Error("back link or benefits are missing")
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' http://localhost:8080;") {
		t.Errorf("the form may not end at the success page: %s", policy)
	}
	paid := w.post(checkoutPath(c), filled(twin.CardSucceeds)).expect(t, http.StatusSeeOther)
	target, err := url.Parse(paid.location)
	if err != nil || target.Host != "localhost:8080" || target.Query().Get("checkout_id") != c.ID {
		t.Fatalf("sent to %s, %v", paid.location, err)
	}
	customer, err := w.engine.CustomerByToken(target.Query().Get("customer_session_token"))
	if err != nil || customer.Email != "noor@example.com" || customer.ExternalID != "user-1" {
		t.Errorf("token of %+v, %v", customer, err)
	}
	if n := w.orders(); n != 1 {
		t.Errorf("%d orders", n)
	}
	if used := w.get(checkoutPath(c)).expect(t, http.StatusSeeOther); used.location != checkoutPath(c)+"/confirmation" {
		t.Errorf("a used checkout leads to %s", used.location)
	}
	if got := w.get(checkoutPath(c)+"/confirmation").expect(t, http.StatusOK).says("main"); !strings.Contains(got, "$24.00") {
		t.Errorf("receipt: %s", got)
	}
}

func TestCheckoutRefusals(t *testing.T) {
	tests := []struct {
		name   string
		change func(url.Values)
		status int
		field  string // whose problem is shown
		says   string
	}{
		{"declined card", func(f url.Values) { f.Set("card", twin.CardDeclined) }, http.StatusPaymentRequired, "card", "Your card was declined. Nothing was charged. Try another card."},
		{"typed card that does not exist", func(f url.Values) { f.Set("card_number", "4111 1111 1111 1111") }, http.StatusPaymentRequired, "card", "Your card number is incorrect. Nothing was charged. Try another card."},
		{"no card", func(f url.Values) { f.Del("card") }, http.StatusUnprocessableEntity, "card", advice["card"]},
		{"no address", func(f url.Values) { f.Set("email", "") }, http.StatusUnprocessableEntity, "email", advice["email"]},
		{"not an address", func(f url.Values) { f.Set("email", "noor") }, http.StatusUnprocessableEntity, "email", advice["email"]},
		{"no country", func(f url.Values) { f.Set("country", "") }, http.StatusUnprocessableEntity, "country", advice["country"]},
		{"unknown discount code", func(f url.Values) { f.Set("do", "apply"); f.Set("discount_code", "NOPE") }, http.StatusUnprocessableEntity, "discount", advice["discount"]},
		{"empty discount code", func(f url.Values) { f.Set("do", "apply") }, http.StatusUnprocessableEntity, "discount", "Enter a discount code."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			c := w.checkout("pro")
			form := filled(twin.CardSucceeds)
			test.change(form)
			page := w.post(checkoutPath(c), form).expect(t, test.status)
			if got := page.Find(`[role=alert] a[href="#` + test.field + `"]`).Text(); got != test.says {
				t.Errorf("summary %q, want %q", got, test.says)
			}
			if got := page.says("#" + test.field + "-problem"); got != test.says {
				t.Errorf("beside the field %q", got)
			}
			if page.Find("#"+test.field).Length() != 1 || page.Find("#name").AttrOr("value", "") != "Noor Haddad" {
				t.Error("the summary leads nowhere, or the form lost what was typed")
			}
			if n := w.orders(); n != 0 {
				t.Errorf("%d orders", n)
			}
			retry := filled(twin.CardSucceeds)
			w.post(checkoutPath(c), retry).expect(t, http.StatusSeeOther)
			if n := w.orders(); n != 1 {
				t.Errorf("%d orders after the retry", n)
			}
		})
	}
}

func TestCheckoutOneMoreStep(t *testing.T) {
	for _, test := range []struct {
		answer string
		status int
		orders int
	}{{"approve", http.StatusSeeOther, 1}, {"refuse", http.StatusPaymentRequired, 0}, {"", http.StatusPaymentRequired, 0}} {
		t.Run("answer "+test.answer, func(t *testing.T) {
			w := newWorld(t)
			c := w.checkout("pro")
			bank := checkoutPath(c) + "/bank"
			if asked := w.post(checkoutPath(c), filled(twin.CardChallenge)).expect(t, http.StatusSeeOther); asked.location != bank {
				t.Fatalf("sent to %s", asked.location)
			}
			if again := w.get(checkoutPath(c)).expect(t, http.StatusSeeOther); again.location != bank {
				t.Errorf("while the bank waits, the checkout leads to %s", again.location)
			}
			page := w.get(bank).expect(t, http.StatusOK)
			if got := page.says("main"); !strings.Contains(got, "$24.00") || !strings.Contains(got, "3155") {
				t.Errorf("the bank asks %q", got)
			}
			answered := w.post(bank, url.Values{"answer": {test.answer}}).expect(t, test.status)
			if test.orders == 1 && !strings.HasPrefix(answered.location, "http://localhost:8080/checkout/success?") {
				t.Errorf("approved and sent to %s", answered.location)
			}
			if test.orders == 0 && !strings.Contains(answered.says("[role=alert]"), "refused at your bank") {
				t.Errorf("refused and told %q", answered.says("[role=alert]"))
			}
			w.post(bank, url.Values{"answer": {"approve"}}).expect(t, http.StatusSeeOther) // too late
			if n := w.orders(); n != test.orders {
				t.Errorf("%d orders", n)
			}
		})
	}
}

func TestCheckoutDiscount(t *testing.T) {
	w := newWorld(t)
	c := w.checkout("pro")
	form := filled(twin.CardSucceeds)
	form.Set("discount_code", "launch20") // typed, and paid without pressing Apply: the new total is shown first
	w.post(checkoutPath(c), form).expect(t, http.StatusSeeOther)
	page := w.get(checkoutPath(c)).expect(t, http.StatusOK)
	if got := page.says("#total"); got != "$19.20" {
		t.Errorf("total %q", got)
	}
	if got := page.says(".totals"); !strings.Contains(got, "LAUNCH20") || !strings.Contains(got, "−$4.80") || !strings.Contains(got, "Then $24.00 a month, first on 20 December 2026") {
		t.Errorf("totals %q", got)
	}
	if page.Find("#email").AttrOr("value", "") != "noor@example.com" {
		t.Error("applying the code lost the address")
	}
	w.post(checkoutPath(c), url.Values{"do": {"remove"}}).expect(t, http.StatusSeeOther)
	if got := w.get(checkoutPath(c)).says("#total"); got != "$24.00" {
		t.Errorf("total without the code %q", got)
	}
	w.post(checkoutPath(c), url.Values{"do": {"enter"}, "discount_code": {"LAUNCH20"}}).expect(t, http.StatusSeeOther)
	w.post(checkoutPath(c), filled(twin.CardSucceeds)).expect(t, http.StatusSeeOther)
	if got := w.get(checkoutPath(c) + "/confirmation").says(".totals"); !strings.Contains(got, "$19.20") {
		t.Errorf("receipt %q", got)
	}
}

func TestCheckoutSwitchesProduct(t *testing.T) {
	w := newWorld(t)
	c := w.checkout("pro", "pro-yearly")
	form := filled(twin.CardSucceeds)
	form.Del("do")
	form.Set("product", w.products["pro-yearly"])
	w.post(checkoutPath(c), form).expect(t, http.StatusSeeOther)
	page := w.get(checkoutPath(c)).expect(t, http.StatusOK)
	if got := page.says("h1") + ", " + page.says("#total"); got != "Subscribe to Pro yearly, $240.00" {
		t.Errorf("got %q", got)
	}
	if got := page.says("button[aria-current=true]"); got != "Pro yearly $240.00 a year" {
		t.Errorf("current %q", got)
	}
	form.Set("product", w.products["pack"])
	w.post(checkoutPath(c), form).expect(t, http.StatusUnprocessableEntity)
}

func TestCheckoutOfKnownCustomer(t *testing.T) {
	w := newWorld(t)
	customer := w.subscriber("pat@example.com", twin.CardSucceeds)
	c, err := w.engine.CreateCheckout(t.Context(), twin.CheckoutInput{ProductIDs: []string{w.products["pro-yearly"]}, CustomerID: customer.ID})
	w.must(err)
	email := w.get(checkoutPath(c)).expect(t, http.StatusOK).Find("#email")
	if _, locked := email.Attr("readonly"); !locked || email.AttrOr("value", "") != "pat@example.com" {
		t.Error("the address is not locked")
	}
	page := w.post(checkoutPath(c), filled(twin.CardSucceeds)).expect(t, http.StatusConflict)
	if got := page.says("[role=alert]"); !strings.Contains(got, "You already have a subscription here") {
		t.Errorf("told %q", got)
	}
}

func TestCheckoutOfFreePlanWithoutSuccessPage(t *testing.T) {
	w := newWorld(t)
	c, err := w.engine.CreateCheckout(t.Context(), twin.CheckoutInput{ProductIDs: []string{w.products["free"]}})
	w.must(err)
	page := w.get(checkoutPath(c)).expect(t, http.StatusOK)
	if page.Find("[name=card]").Length() != 0 || page.says("button[value=pay]") != "Start Free" {
		t.Error("a free plan asks for a card")
	}
	form := filled("")
	done := w.post(checkoutPath(c), form).expect(t, http.StatusSeeOther)
	receipt := w.get(strings.TrimPrefix(done.location, w.url)).expect(t, http.StatusOK)
	portal := receipt.Find(".button").AttrOr("href", "")
	if got := w.get(portal).expect(t, http.StatusOK).says(".rows"); !strings.HasPrefix(got, "Free Active Free") {
		t.Errorf("portal: %q", got)
	}
}

func TestCheckoutOver(t *testing.T) {
	w := newWorld(t)
	c := w.checkout("pro")
	w.must(w.engine.Advance(t.Context(), 25*time.Hour))
	page := w.get(checkoutPath(c)).expect(t, http.StatusGone)
	if page.says("h1") != "This checkout has expired" || page.Find(`.button[href="http://localhost:8080/plans"]`).Length() != 1 {
		t.Errorf("told %q", page.says("main"))
	}
	if late := w.post(checkoutPath(c), filled(twin.CardSucceeds)).expect(t, http.StatusSeeOther); late.location != checkoutPath(c) {
		t.Errorf("late payment sent to %s", late.location)
	}
	for _, path := range []string{"/checkout/unknown", "/checkout/unknown/bank", "/checkout/unknown/confirmation", "/checkout/", "/nowhere", "/checkout/portal"} {
		w.get(path).expect(t, http.StatusNotFound)
	}
	w.post("/checkout/unknown", filled(twin.CardSucceeds)).expect(t, http.StatusNotFound)
	if n := w.orders(); n != 0 {
		t.Errorf("%d orders", n)
	}
}

func TestCheckoutSentManyTimes(t *testing.T) {
	w := newWorld(t)
	c := w.checkout("pack")
	var clicks sync.WaitGroup
	for range 8 {
		clicks.Go(func() {
			response, err := browser.PostForm(w.url+checkoutPath(c), filled(twin.CardSucceeds))
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			if response.StatusCode != http.StatusSeeOther || !strings.HasPrefix(response.Header.Get("Location"), "http://localhost:8080/checkout/success?checkout_id="+c.ID) {
				t.Errorf("a click was answered with %d to %s", response.StatusCode, response.Header.Get("Location"))
			}
		})
	}
	clicks.Wait()
	if n := w.orders(); n != 1 {
		t.Errorf("%d orders", n)
	}
}

func TestForeignFormsAreRefused(t *testing.T) {
	w := newWorld(t)
	c := w.checkout("pro")
	w.send(http.MethodPost, checkoutPath(c), filled(twin.CardSucceeds), http.Header{"Sec-Fetch-Site": {"cross-site"}}).expect(t, http.StatusForbidden)
	hostile := w.checkout("pro")
	script := "javascript:alert(1)"
	_, err := w.engine.UpdateCheckout(t.Context(), hostile.ID, twin.CheckoutEdit{ReturnURL: &script, SuccessURL: &script})
	w.must(err)
	page := w.get(checkoutPath(hostile)).expect(t, http.StatusOK)
	if strings.Contains(page.body, "javascript:") {
		t.Error("a script address reached the page")
	}
	if done := w.post(checkoutPath(hostile), filled(twin.CardSucceeds)).expect(t, http.StatusSeeOther); strings.HasPrefix(done.location, "javascript:") {
		t.Errorf("sent to %s", done.location)
	}
}
