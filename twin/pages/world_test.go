package pages

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"counterfoil/twin"
)

// world is a merchant with something to sell, and a browser without JavaScript.
type world struct {
	*testing.T
	engine   *twin.Engine
	url      string
	products map[string]string // id by slug
}

func newWorld(t *testing.T) *world {
	t.Helper()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	engine, err := twin.Open(t.Context(), twin.Config{Path: filepath.Join(t.TempDir(), "twin.db"), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	var handler atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.Load().(http.Handler).ServeHTTP(w, r) }))
	t.Cleanup(func() {
		server.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	handler.Store(New(engine, Config{BaseURL: server.URL, Log: slog.New(slog.DiscardHandler), Tokens: []Token{{"Access token", "polar_oat_x"}}, Deliver: time.Second}))
	w := &world{T: t, engine: engine, url: server.URL, products: map[string]string{}}
	w.stock()
	return w
}

// stock fills the shop.
func (w *world) stock() {
	w.Helper()
	support, err := w.engine.CreateBenefit(w.Context(), twin.Benefit{Type: twin.BenefitCustom, Description: "Priority support"})
	w.must(err)
	for _, p := range []struct {
		slug, name string
		interval   twin.Interval
		amount     int64
	}{{"free", "Free", twin.Month, 0}, {"pro", "Pro", twin.Month, 2400}, {"pro-yearly", "Pro yearly", twin.Year, 24000}, {"pack", "1,000 AI credits", "", 1200}} {
		made, err := w.engine.CreateProduct(w.Context(), twin.ProductInput{
			Name: &p.name, Interval: p.interval, Metadata: twin.Metadata{"slug": p.slug},
			Prices: []twin.Price{{Kind: twin.Fixed, Currency: "usd", Amount: p.amount}},
		})
		w.must(err)
		_, err = w.engine.SetBenefits(w.Context(), made.ID, []string{support.ID})
		w.must(err)
		w.products[p.slug] = made.ID
	}
	_, err = w.engine.CreateDiscount(w.Context(), twin.DiscountInput{Discount: twin.Discount{Name: "Launch", Code: "LAUNCH20", Kind: "percentage", BasisPoints: 2000, Duration: "once"}})
	w.must(err)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// checkout opens one for the products, with the merchant's success page.
func (w *world) checkout(slugs ...string) twin.Checkout {
	w.Helper()
	in := twin.CheckoutInput{
		ExternalCustomerID: "user-1", SuccessURL: "http://localhost:8080/checkout/success?checkout_id={CHECKOUT_ID}",
		ReturnURL: "http://localhost:8080/plans", AllowDiscountCodes: true,
	}
	for _, slug := range slugs {
		in.ProductIDs = append(in.ProductIDs, w.products[slug])
	}
	c, err := w.engine.CreateCheckout(w.Context(), in)
	w.must(err)
	return c
}

// customer makes one with a name.
func (w *world) customer(email, name string) twin.Customer {
	w.Helper()
	c, err := w.engine.CreateCustomer(w.Context(), twin.CustomerInput{Email: &email, Name: &name})
	w.must(err)
	return c
}

// subscriber has paid for Pro with the card.
func (w *world) subscriber(email, card string) twin.Customer {
	w.Helper()
	customer := w.customer(email, "Pat Lindqvist")
	c, err := w.engine.CreateCheckout(w.Context(), twin.CheckoutInput{ProductIDs: []string{w.products["pro"]}, CustomerID: customer.ID})
	w.must(err)
	_, err = w.engine.ConfirmCheckout(w.Context(), c.ID, twin.CheckoutEdit{}, card)
	w.must(err)
	return customer
}

// reply is what the browser got.
type reply struct {
	*goquery.Document
	status   int
	location string
	header   http.Header
	body     string
}

// browser follows no redirect, so that each answer can be looked at.
var browser = &http.Client{
	Timeout:       20 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (w *world) get(path string) reply { w.Helper(); return w.send(http.MethodGet, path, nil, nil) }

func (w *world) post(path string, form url.Values) reply {
	w.Helper()
	return w.send(http.MethodPost, path, form, nil)
}

// send checks on every answer what must hold for all of them.
func (w *world) send(method, path string, form url.Values, header http.Header) reply {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, w.url+path, strings.NewReader(form.Encode()))
	w.must(err)
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := browser.Do(request)
	w.must(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	w.must(err)
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	w.must(err)
	policy := response.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") {
		w.Errorf("%s %s: policy %q", method, path, policy)
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") && !strings.HasSuffix(path, "/letter") && response.StatusCode != http.StatusSeeOther {
		if n := doc.Find("script, style, [style], [onclick]").Length(); n != 0 {
			w.Errorf("%s %s: %d inline scripts or styles", method, path, n)
		}
		if doc.Find("h1").Length() != 1 || doc.Find("main").Length() != 1 {
			w.Errorf("%s %s: one h1 and one main expected", method, path)
		}
	}
	return reply{doc, response.StatusCode, response.Header.Get("Location"), response.Header, string(body)}
}

// expect fails unless the status is the wanted one.
func (a reply) expect(t testing.TB, status int) reply {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, strings.Join(strings.Fields(a.Find("main").Text()), " "))
	}
	return a
}

// says is the text of the selected elements as a reader hears it: words apart.
func (a reply) says(selector string) string {
	var words []string
	for _, node := range a.Find(selector).Nodes {
		for inner := range node.Descendants() {
			if inner.Type == html.TextNode {
				words = append(words, strings.Fields(inner.Data)...)
			}
		}
	}
	return strings.Join(words, " ")
}
