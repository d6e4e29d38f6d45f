package polar

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func source(id, created, modified string) billing.Source {
	return billing.Source{Provider: "polar", ProviderID: id, Version: at(modified).UnixMicro(), CreatedAt: at(created)}
}

const created = "2026-01-02T03:04:05.123456Z"

// TestFetch reads every kind as Polar writes it, values that polar-go does not know
// and nulls of the live API included.
func TestFetch(t *testing.T) {
	tests := []struct {
		kind    billing.Kind
		fixture string
		path    string
		want    billing.Object
	}{
		{billing.KindProduct, "product", "/v1/products/x", billing.Product{
			Source: source("6f0c9a52-0000-4000-8000-000000000001", created, "2026-02-03T04:05:06.654321Z"),
			Slug:   "pro", Name: "Pro", Description: "For people who write every day", Interval: billing.IntervalMonth, IntervalCount: 1,
			TrialDays: 14, Public: true, Metadata: map[string]string{"slug": "pro", "rank": "2", "hidden": "false"},
			Prices: []billing.Price{
				{ProviderID: "price-fixed", Kind: billing.PriceFixed, Currency: "usd", Amount: 2400},
				{ProviderID: "price-metered", Kind: billing.PriceMetered, Currency: "usd", UnitAmount: "0.35", CapAmount: 5000, MeterID: "meter-1"},
			},
			Benefits: []billing.Benefit{
				{ProviderID: "benefit-credits", Kind: billing.BenefitCredits, Description: "2,000 AI credits a month", MeterID: "meter-1", Units: 2000 * billing.CreditScale, Rollover: true},
				{ProviderID: "benefit-slack", Kind: billing.BenefitOther, Description: "A channel with us"},
			},
		}},
		{billing.KindMeter, "meter", "/v1/meters/x", billing.Meter{
			Source: source("meter-1", created, created), Name: "AI credits", Aggregation: billing.AggregateSum, Property: "credits",
			Filter: billing.Filter{
				Clauses: []billing.Clause{{Property: "name", Operator: "eq", Value: "ai_usage"}},
				Nested: []billing.Filter{{Any: true, Clauses: []billing.Clause{
					{Property: "tokens", Operator: "gt", Value: int64(10)}, {Property: "paid", Operator: "eq", Value: true}}}},
			},
		}},
		{billing.KindCustomer, "customer", "/v1/customers/x", billing.Customer{
			Source: source("customer-1", created, "2026-03-01T00:00:00.000001Z"), ExternalID: "0198c0de-0000-7000-8000-000000000001",
			Email: "sam@example.com", EmailVerified: true, Name: "Sam Okafor",
		}},
		{billing.KindCheckout, "checkout", "/v1/checkouts/x", billing.Checkout{
			Source: source("checkout-1", "2026-05-04T10:00:00.123456Z", "2026-05-04T10:00:00.123456Z"), Status: billing.CheckoutOpen,
			URL: "https://polar.example/checkout/polar_c_example", ProviderProductID: "product-1", ExternalCustomerID: "0198c0de-0000-7000-8000-000000000001",
			Subtotal: 2400, Discount: 480, Total: 1920, Currency: "usd", ExpiresAt: at("2026-05-05T10:00:00.123456Z"),
		}},
		{billing.KindOrder, "order", "/v1/orders/x", billing.Order{
			Source: source("order-1", "2026-05-04T10:00:00.123456Z", "2026-05-04T10:00:01Z"), ProviderCustomerID: "customer-1", ProviderProductID: "product-1",
			ProviderSubscriptionID: "subscription-1", Status: billing.OrderPartiallyRefunded, Reason: "subscription_meter_cycle", Description: "Pro",
			Subtotal: 2400, Discount: 400, Tax: 200, Total: 2200, Refunded: 550, Currency: "usd",
			Items: []billing.OrderItem{{Label: "Pro", Amount: 2400, Tax: 200, Proration: true}}, NextAttemptAt: at("2026-05-06T10:00:00Z"),
		}},
		{billing.KindSubscription, "subscription", "/v1/subscriptions/x", billing.Subscription{
			Source: source("subscription-1", created, "2026-05-02T00:00:00Z"), ProviderCustomerID: "customer-1", ProviderProductID: "product-1",
			ProviderCheckoutID: "checkout-1", Status: billing.Active, Amount: 2400, Currency: "usd", Interval: billing.IntervalMonth, IntervalCount: 1,
			PeriodStart: at("2026-05-02T00:00:00Z"), PeriodEnd: at("2026-06-02T00:00:00Z"), CancelAtPeriodEnd: true, CanceledAt: at("2026-05-03T00:00:00Z"),
			StartedAt: at("2026-01-02T03:04:05Z"), EndsAt: at("2026-06-02T00:00:00Z"), CancelReason: "too_expensive", CancelComment: "See you",
		}},
		{billing.KindBalance, "customer_meter", "/v1/customer-meters/x", billing.Balance{
			Source: source("balance-1", created, "2026-05-02T00:00:00Z"), ProviderCustomerID: "customer-1", ProviderMeterID: "meter-1",
			Consumed: 300_000, Credited: 2000 * billing.CreditScale, Balance: 1_999_700_000,
		}},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			f, p := newFake(t, always(200, fixture(t, tt.fixture, nil)))
			got, err := p.Fetch(context.Background(), billing.Ref{Provider: "polar", Kind: tt.kind, ProviderID: "x"})
			if err != nil {
				t.Fatal(err)
			}
			if got := bare(got); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if f.requests()[0].path != tt.path {
				t.Errorf("asked %s", f.requests()[0].path)
			}
		})
	}
	_, p := newFake(t, always(200, `{}`))
	if _, err := p.Fetch(context.Background(), billing.Ref{Kind: billing.KindGrant, ProviderID: "x"}); kindsOf(err) != "invalid" {
		t.Errorf("a grant cannot be fetched: %v", err)
	}
	if _, err := p.Fetch(context.Background(), billing.Ref{Kind: billing.KindOrder, ProviderID: "x"}); kindsOf(err) != "provider" {
		t.Errorf("an empty object was taken for an order: %v", err)
	}
}

func TestStatuses(t *testing.T) {
	for wire, want := range statuses {
		raw := fixture(t, "subscription", map[string]any{"status": wire})
		_, p := newFake(t, always(200, raw))
		got, err := p.Fetch(context.Background(), billing.Ref{Kind: billing.KindSubscription, ProviderID: "x"})
		if err != nil || got.(billing.Subscription).Status != want {
			t.Errorf("%s: %+v, %v", wire, got, err)
		}
	}
	tests := map[billing.Kind]string{billing.KindSubscription: "subscription", billing.KindOrder: "order", billing.KindCheckout: "checkout"}
	for kind, name := range tests {
		_, p := newFake(t, always(200, fixture(t, name, map[string]any{"status": "levitating"})))
		if got, err := p.Fetch(context.Background(), billing.Ref{Kind: kind, ProviderID: "x"}); err == nil || !strings.Contains(err.Error(), "levitating") {
			t.Errorf("%s with a status of the future: %+v, %v", name, got, err)
		}
	}
}

func TestPrices(t *testing.T) {
	tests := []struct {
		name   string
		price  map[string]any
		want   *billing.Price // nil: left out
		public bool
	}{
		{"fixed", map[string]any{"amount_type": "fixed", "price_amount": 100}, &billing.Price{Kind: billing.PriceFixed, Amount: 100}, true},
		{"fixed at nothing", map[string]any{"amount_type": "fixed", "price_amount": 0}, &billing.Price{Kind: billing.PriceFree}, true},
		{"legacy free", map[string]any{"amount_type": "free", "legacy": true}, &billing.Price{Kind: billing.PriceFree}, true},
		{"custom", map[string]any{"amount_type": "custom", "minimum_amount": 50, "preset_amount": 500, "maximum_amount": nil}, &billing.Price{Kind: billing.PriceCustom, Amount: 500}, true},
		{"seats", map[string]any{"amount_type": "seat_based", "seat_tiers": map[string]any{"tiers": []any{map[string]any{"min_seats": 1, "price_per_seat": 900}}}},
			&billing.Price{Kind: billing.PriceSeats, Amount: 900, Seats: billing.SeatPrice{Least: 1, Tiers: []billing.SeatTier{{From: 1, Amount: 900}}}}, true},
		{"seats in tiers", map[string]any{"amount_type": "seat_based", "seat_tiers": map[string]any{"seat_tier_type": "graduated", "minimum_seats": 2, "maximum_seats": 50,
			"tiers": []any{map[string]any{"min_seats": 2, "max_seats": 10, "price_per_seat": 900}, map[string]any{"min_seats": 11, "max_seats": nil, "price_per_seat": 700}}}},
			&billing.Price{Kind: billing.PriceSeats, Amount: 900, Seats: billing.SeatPrice{Graduated: true, Least: 2, Most: 50,
				Tiers: []billing.SeatTier{{From: 2, To: 10, Amount: 900}, {From: 11, Amount: 700}}}}, true},
		{"unknown", map[string]any{"amount_type": "unit_based"}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.price["id"], tt.price["price_currency"] = "p", "usd"
			_, p := newFake(t, always(200, fixture(t, "product", map[string]any{"prices": []any{tt.price}})))
			got, err := p.Fetch(context.Background(), billing.Ref{Kind: billing.KindProduct, ProviderID: "x"})
			if err != nil {
				t.Fatal(err)
			}
			product := got.(billing.Product)
			if product.Public != tt.public {
				t.Errorf("public: %t", product.Public)
			}
			if tt.want == nil {
				if len(product.Prices) > 0 {
					t.Errorf("got %+v", product.Prices)
				}
				return
			}
			tt.want.ProviderID, tt.want.Currency = "p", "usd"
			if len(product.Prices) != 1 || !reflect.DeepEqual(product.Prices[0], *tt.want) {
				t.Errorf("got %+v", product.Prices)
			}
		})
	}
}

func TestProductSlugs(t *testing.T) {
	f, _ := newFake(t, always(200, fixture(t, "product", nil)))
	p := f.provider(t, Config{ProductSlugs: map[string]string{"6f0c9a52-0000-4000-8000-000000000001": "professional"}})
	got, err := p.Fetch(context.Background(), billing.Ref{Kind: billing.KindProduct, ProviderID: "x"})
	if err != nil || got.(billing.Product).Slug != "professional" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCatalogReadsAllPages(t *testing.T) {
	f, p := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/meters/" {
			reply(w, 200, list(1, fixture(t, "meter", nil)))
			return
		}
		if r.URL.Query().Get("page") == "1" {
			// One that nobody can read does not take the other with it.
			reply(w, 200, list(2, fixture(t, "product", map[string]any{"id": "a"}), fixture(t, "product", map[string]any{"id": ""})))
			return
		}
		reply(w, 200, list(2, fixture(t, "product", map[string]any{"id": "b"})))
	})
	got, err := p.Catalog(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, o := range got {
		ids = append(ids, o.Ref().ProviderID)
	}
	if strings.Join(ids, " ") != "a b meter-1" {
		t.Errorf("got %v", ids)
	}
	for _, r := range f.requests() {
		if q, err := url.ParseQuery(r.query); err != nil || q.Get("limit") != "100" {
			t.Errorf("asked %s?%s", r.path, r.query)
		}
	}
}

func TestListThatIsNone(t *testing.T) {
	for _, body := range []string{`{}`, `null`, ``, `[]`, `{"items":[]}`, `{"items":{},"pagination":{"max_page":0}}`} {
		_, p := newFake(t, always(200, body))
		if got, err := p.Catalog(context.Background()); kindsOf(err) != "provider" {
			t.Errorf("%q was read as %v, %v", body, got, err)
		}
	}
}

func TestCustomerObjects(t *testing.T) {
	f, p := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/subscriptions/":
			reply(w, 200, list(1, fixture(t, "subscription", map[string]any{"status": "paused"}), fixture(t, "subscription", map[string]any{"status": "levitating"})))
		case "/v1/orders/":
			reply(w, 200, list(1, fixture(t, "order", map[string]any{"status": "draft"})))
		case "/v1/benefit-grants/":
			reply(w, 200, list(1, fixture(t, "grant", nil)))
		case "/v1/customer-meters/":
			reply(w, 200, list(1, fixture(t, "customer_meter", nil)))
		default:
			reply(w, 404, `{"detail":"Not Found"}`)
		}
	})
	got, err := p.CustomerObjects(context.Background(), "customer-1")
	if err != nil || len(got) != 4 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if s := got[0].(billing.Subscription); s.Status != billing.Paused {
		t.Errorf("subscription: %+v", s)
	}
	if o := got[1].(billing.Order); o.Status != billing.OrderPending {
		t.Errorf("order: %+v", o)
	}
	want := map[string]string{"last_credited_meter_id": "meter-1", "last_credited_units": "2000", "last_credited_at": "2026-05-02T00:00:00Z"}
	if g := got[2].(billing.Grant); !reflect.DeepEqual(g.Properties, want) || g.Kind != billing.BenefitCredits || g.ProviderSubscriptionID != "subscription-1" {
		t.Errorf("grant: %+v", g)
	}
	for _, r := range f.requests() {
		if q, err := url.ParseQuery(r.query); err != nil || q.Get("customer_id") != "customer-1" {
			t.Errorf("asked %s?%s", r.path, r.query)
		}
	}
	if _, err := p.CustomerObjects(context.Background(), ""); kindsOf(err) != "invalid" {
		t.Errorf("without a customer everybody's objects would be listed: %v", err)
	}
}

func TestCustomerByEmail(t *testing.T) {
	gone := fixture(t, "customer", map[string]any{"id": "gone", "deleted_at": "2026-04-01T00:00:00Z"})
	other := fixture(t, "customer", map[string]any{"id": "other", "email": "pam@example.com"})
	f, p := newFake(t, always(200, list(1, gone, other, fixture(t, "customer", nil))))
	got, err := p.CustomerByEmail(context.Background(), "SAM@example.com")
	if err != nil || got.ProviderID != "customer-1" {
		t.Errorf("got %+v, %v", got, err)
	}
	if q, err := url.ParseQuery(f.requests()[0].query); err != nil || q.Get("email") != "SAM@example.com" {
		t.Errorf("asked %s", f.requests()[0].query)
	}
	if _, err := p.CustomerByEmail(context.Background(), "nobody@example.com"); kindsOf(err) != "not found" {
		t.Errorf("nobody: %v", err)
	}
	if _, err := p.CustomerByEmail(context.Background(), ""); kindsOf(err) != "invalid" {
		t.Errorf("empty: %v", err)
	}
}
