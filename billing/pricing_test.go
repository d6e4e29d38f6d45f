package billing_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"counterfoil/billing"
)

func TestYearlySaving(t *testing.T) {
	usd := func(amount int64) billing.Money { return billing.Money{Amount: amount, Currency: "usd"} }
	tests := []struct {
		name            string
		monthly, yearly billing.Money
		want            int
	}{
		{"two months free", usd(2400), usd(24000), 16}, // 16.67, never rounded up
		{"exactly a tenth", usd(1000), usd(10800), 10},
		{"the same", usd(1000), usd(12000), 0},
		{"dearer", usd(1000), usd(13000), 0},
		{"free month", usd(0), usd(100), 0},
		{"free year", usd(1000), usd(0), 100},
		{"other currency", usd(1000), billing.Money{Amount: 9000, Currency: "eur"}, 0},
		{"absurd", usd(math.MaxInt64), usd(1), 0},
		{"negative", usd(1000), usd(-1), 0},
	}
	for _, tt := range tests {
		if got := billing.YearlySaving(tt.monthly, tt.yearly); got != tt.want {
			t.Errorf("%s: %d %%, want %d", tt.name, got, tt.want)
		}
	}
}

func TestPerMonth(t *testing.T) {
	tests := []struct {
		amount int64
		every  billing.Interval
		count  int
		want   int64
		ok     bool
	}{
		{24000, billing.IntervalYear, 1, 2000, true},
		{1000, billing.IntervalYear, 1, 83, true},
		{1006, billing.IntervalYear, 1, 84, true}, // 83.83
		{6, billing.IntervalYear, 1, 1, true},     // a half goes up
		{3000, billing.IntervalMonth, 3, 1000, true},
		{700, billing.IntervalWeek, 1, 0, false},
		{700, billing.IntervalNone, 1, 0, false},
	}
	for _, tt := range tests {
		got, ok := billing.PerMonth(billing.Money{Amount: tt.amount, Currency: "usd"}, tt.every, tt.count)
		if got.Amount != tt.want || ok != tt.ok {
			t.Errorf("%d every %d %s: %d, %t", tt.amount, tt.count, tt.every, got.Amount, ok)
		}
	}
}

func TestBasePrice(t *testing.T) {
	p := billing.Product{Prices: []billing.Price{
		{ProviderID: "m", Kind: billing.PriceMetered, Currency: "usd"},
		{ProviderID: "s", Kind: billing.PriceSeats, Currency: "usd"},
		{ProviderID: "f", Kind: billing.PriceFixed, Currency: "usd"},
		{ProviderID: "c", Kind: billing.PriceCustom, Currency: "eur"},
	}}
	for currency, want := range map[string]string{"usd": "f", "eur": "c"} {
		if got, err := p.BasePrice(currency); err != nil || got.ProviderID != want {
			t.Errorf("%s: %s, %v", currency, got.ProviderID, err)
		}
	}
	if _, err := p.BasePrice("jpy"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("jpy: %v", err)
	}
}

func TestNextCharge(t *testing.T) {
	end, trial := noon.AddDate(0, 1, 0), noon.AddDate(0, 0, 14)
	base := billing.Subscription{Status: billing.Active, Amount: 2400, Currency: "usd", PeriodEnd: end}
	tests := []struct {
		name   string
		change func(*billing.Subscription)
		want   time.Time // zero: no charge
	}{
		{"active", func(*billing.Subscription) {}, end},
		{"trial", func(s *billing.Subscription) { s.Status, s.TrialEnd = billing.Trialing, trial }, trial},
		{"ends", func(s *billing.Subscription) { s.CancelAtPeriodEnd = true }, time.Time{}},
		{"free", func(s *billing.Subscription) { s.Amount = 0 }, time.Time{}},
		{"canceled", func(s *billing.Subscription) { s.Status = billing.Canceled }, time.Time{}},
		{"past due", func(s *billing.Subscription) { s.Status = billing.PastDue }, time.Time{}},
		{"paused", func(s *billing.Subscription) { s.Status = billing.Paused }, time.Time{}},
	}
	for _, tt := range tests {
		s := base
		tt.change(&s)
		at, money, ok := s.NextCharge()
		if ok != !tt.want.IsZero() || !at.Equal(tt.want) || ok && money.Amount != 2400 {
			t.Errorf("%s: %s, %d, %t", tt.name, at, money.Amount, ok)
		}
	}
}

func TestSeatPrices(t *testing.T) {
	tiers := []billing.SeatTier{{From: 2, To: 5, Amount: 1000}, {From: 6, To: 20, Amount: 800}, {From: 21, Amount: 500}}
	volume, graduated := billing.SeatPrice{Least: 2, Most: 100, Tiers: tiers}, billing.SeatPrice{Graduated: true, Least: 2, Most: 100, Tiers: tiers}
	for _, test := range []struct {
		price billing.SeatPrice
		seats int
		want  int64 // -1: that many cannot be bought
	}{
		{volume, 1, -1}, {volume, 2, 2000}, {volume, 5, 5000}, {volume, 6, 4800}, {volume, 21, 10500}, {volume, 101, -1},
		{graduated, 1, -1}, {graduated, 2, 2000}, {graduated, 5, 5000}, {graduated, 6, 5800}, {graduated, 20, 17000}, {graduated, 21, 17500},
		{billing.SeatPrice{Tiers: tiers[:1]}, 6, -1}, {billing.SeatPrice{}, 3, -1}, {volume, -1, -1},
	} {
		got, err := test.price.Of(test.seats)
		if err != nil {
			got = -1
		}
		if got != test.want {
			t.Errorf("%d seats (graduated %v) cost %d (%v), want %d", test.seats, test.price.Graduated, got, err, test.want)
		}
	}
}

func TestRestOfAPeriod(t *testing.T) {
	start := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	end := start.AddDate(0, 0, 30)
	for _, test := range []struct {
		amount int64
		at     time.Time
		want   int64
	}{
		{3000, start, 3000}, {3000, end, 0}, {3000, end.Add(time.Hour), 0}, {3000, start.AddDate(0, 0, 10), 2000}, {-3000, start.AddDate(0, 0, 10), -2000},
		{1, start.AddDate(0, 0, 15), 1}, {-1, start.AddDate(0, 0, 15), -1}, {1, start.AddDate(0, 0, 16), 0}, {3000, start.AddDate(0, 0, -9), 3000},
		// Thirty million rupiah, in its hundredths: no figure may be cut on the way.
		{3_000_000_000, start.AddDate(0, 0, 10), 2_000_000_000}, {-3_000_000_000, start.AddDate(0, 0, 10), -2_000_000_000},
		{math.MaxInt64, start, math.MaxInt64}, {math.MinInt64, start, math.MinInt64},
	} {
		if got := billing.Rest(test.amount, start, end, test.at); got != test.want {
			t.Errorf("%d at %v: %d, want %d", test.amount, test.at, got, test.want)
		}
	}
	if got := billing.Rest(100, end, start, start); got != 0 {
		t.Errorf("a period that ends before it begins: %d", got)
	}
}
