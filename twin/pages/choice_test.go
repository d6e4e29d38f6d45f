package pages

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/twin"
)

// sell makes a product with the price and opens a checkout for it.
func (w *world) sell(name string, price twin.Price) twin.Checkout {
	w.Helper()
	p, err := w.engine.CreateProduct(w.Context(), twin.ProductInput{Name: &name, Interval: twin.Month, Prices: []twin.Price{price}})
	w.must(err)
	w.products[name] = p.ID
	return w.checkout(name)
}

// TestPayWhatYouWant: the buyer names a sum, sees the total, and pays that.
func TestPayWhatYouWant(t *testing.T) {
	w := newWorld(t)
	most, preset := int64(5000), int64(1500)
	c := w.sell("Support", twin.Price{Kind: twin.Custom, MinimumAmount: 500, MaximumAmount: &most, PresetAmount: &preset})
	path := checkoutPath(c)
	page := w.get(path).expect(t, http.StatusOK)
	if got := page.Find("#sum").AttrOr("value", ""); got != "15.00" || !strings.Contains(page.says("form"), "At least $5.00, at most $50.00.") {
		t.Errorf("preset %q, page %s", got, page.says("form"))
	}
	for sum, problem := range map[string]string{"4.99": "Amount is below minimum.", "50.01": "Amount is above maximum.", "lots": "Enter an amount such as 12.50.", "1.234": "Enter an amount such as 12.50."} {
		form := filled(twin.CardSucceeds)
		form.Set("sum", sum)
		page := w.post(path, form).expect(t, http.StatusUnprocessableEntity)
		if got := page.Find("#sum-problem").Text(); got != problem || page.Find("#sum").AttrOr("value", "") != sum {
			t.Errorf("%s: %q", sum, got)
		}
	}
	form := filled(twin.CardSucceeds)
	form.Set("sum", "23.4")
	w.post(path, form).expect(t, http.StatusSeeOther)
	if got := w.get(path).expect(t, http.StatusOK).Find("#total").Text(); got != "$23.40" {
		t.Errorf("a changed sum is shown first: %s", got)
	}
	w.post(path, form).expect(t, http.StatusSeeOther)
	if orders := w.engine.OrdersOf(customerOf(w, c)); len(orders) != 1 || orders[0].Total != 2340 {
		t.Errorf("orders %+v", orders)
	}
}

// TestSeatsOnThePage: the buyer says how many.
func TestSeatsOnThePage(t *testing.T) {
	w := newWorld(t)
	c := w.sell("Team", twin.Price{Kind: twin.Seats, TierType: "volume", Tiers: []twin.SeatTier{{Min: 2, Price: 1000}}})
	path := checkoutPath(c)
	if got := w.get(path).Find("#seats").AttrOr("value", ""); got != "2" {
		t.Errorf("at first %s seats", got)
	}
	w.post(path, url.Values{"do": {"update"}, "seats": {"5"}}).expect(t, http.StatusSeeOther)
	if got := w.get(path).Find("#total").Text(); got != "$50.00" {
		t.Errorf("five seats: %s", got)
	}
	for _, bad := range []string{"1", "0", "two"} {
		if page := w.post(path, url.Values{"do": {"update"}, "seats": {bad}}).expect(t, http.StatusUnprocessableEntity); page.Find("#seats-problem").Length() != 1 {
			t.Errorf("%s seats: no complaint at the field", bad)
		}
	}
}

// customerOf is the customer of a paid checkout.
func customerOf(w *world, c twin.Checkout) string {
	w.Helper()
	paid, err := w.engine.Checkout(c.ID)
	w.must(err)
	return paid.CustomerID
}
