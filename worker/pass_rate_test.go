package worker

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"counterfoil/billing/polar"
	"counterfoil/db"
)

// bigShop answers the lists of an organization with many customers, from its head. It
// notes when it was called, and refuses calls beyond the limit of a minute as Polar does.
type bigShop struct {
	mu      sync.Mutex
	sizes   map[string]int // of each list
	calls   []time.Time
	refuses int // calls that it answers with 429 from now on
	wait    int // seconds that it asks for then
	early   int // calls that came before that time was over
	until   time.Time
}

func (b *bigShop) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.calls = append(b.calls, now)
	if now.Before(b.until) {
		b.early++
	}
	status, body, header := http.StatusOK, "", http.Header{"Content-Type": {"application/json"}, "Date": {now.UTC().Format(http.TimeFormat)}}
	if b.refuses > 0 {
		b.refuses--
		b.until = now.Add(time.Duration(b.wait) * time.Second)
		status, body = http.StatusTooManyRequests, `{"error":"RateLimited"}`
		header.Set("Retry-After", strconv.Itoa(b.wait))
	} else {
		body = b.page(strings.Trim(strings.TrimPrefix(r.URL.Path, "/v1/"), "/"), r.URL.Query().Get("page"))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (b *bigShop) page(list, number string) string {
	page, _ := strconv.Atoi(number)
	total := b.sizes[list]
	items := []json.RawMessage{}
	for i := (page - 1) * 100; i < min(page*100, total); i++ {
		items = append(items, json.RawMessage(b.item(list, i)))
	}
	answer, err := json.Marshal(map[string]any{"items": items, "pagination": map[string]int{"total_count": total, "max_page": (total + 99) / 100}})
	if err != nil {
		panic(err)
	}
	return string(answer)
}

func (b *bigShop) item(list string, i int) string {
	stamps := fmt.Sprintf(`"id":"%s-%06d","created_at":"2026-01-01T00:00:00Z","modified_at":"2026-02-01T00:00:00Z"`, list, i)
	customer := fmt.Sprintf(`"customer_id":"customers-%06d"`, i%max(1, b.sizes["customers"]))
	switch list {
	case "customers":
		return fmt.Sprintf(`{%s,"email":"c%d@example.com","name":"C"}`, stamps, i)
	case "subscriptions":
		return fmt.Sprintf(`{%s,%s,"product_id":"p","status":"active","amount":900,"currency":"usd","recurring_interval":"month",
			"recurring_interval_count":1,"current_period_start":"2026-01-01T00:00:00Z","current_period_end":"2026-02-01T00:00:00Z","started_at":"2026-01-01T00:00:00Z"}`, stamps, customer)
	default:
		return fmt.Sprintf(`{%s,%s,"product_id":"p","status":"paid","billing_reason":"purchase","subtotal_amount":900,"discount_amount":0,
			"net_amount":900,"tax_amount":0,"total_amount":900,"refunded_amount":0,"refunded_tax_amount":0,"currency":"usd","items":[],"invoice_number":"%d"}`, stamps, customer, i)
	}
}

// busiest is the most calls within any minute.
func (b *bigShop) busiest() (most int) {
	from := 0
	for i, at := range b.calls {
		for at.Sub(b.calls[from]) >= time.Minute {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// TestR6PassOfAWholeShop: 10,000 customers, 10,000 subscriptions and 50,000 orders are read
// within two minutes, with at most 80 % of 500 calls in any minute; what the provider asks
// to wait is waited. The clock is virtual; the adapter, the worker and the database are real.
func TestR6PassOfAWholeShop(t *testing.T) {
	sizes := map[string]int{"customers": 10_000, "subscriptions": 10_000, "orders": 50_000}
	if testing.Short() {
		t.Skip("70,000 objects are not short")
	}
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		shop := &bigShop{sizes: sizes}
		s := inMemoryShop(t, folder, shop)
		began := time.Now()
		if n, err := s.runPass(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d passes, %v", n, err)
		}
		first, took := shopPass(t, s), time.Since(began)
		if first.State != db.StateDone || first.Objects != 70_000 || first.Changed != 70_000 {
			t.Fatalf("pass %+v", first)
		}
		t.Logf("%d calls in %v, at most %d in a minute", first.Calls, took, shop.busiest())
		if took > 2*time.Minute || first.Calls > 720 {
			t.Errorf("%d calls in %v, want about 700 in two minutes at most", first.Calls, took)
		}
		if shop.busiest() > 400 {
			t.Errorf("%d calls in one minute, want 400 at most", shop.busiest())
		}

		// The next pass is refused on its way, and goes on when it may.
		time.Sleep(DefaultReconcileEvery)
		shop.mu.Lock()
		shop.refuses, shop.wait = 1, 30
		shop.mu.Unlock()
		for shopPass(t, s).ID == first.ID || shopPass(t, s).State != db.StateDone {
			if _, err := s.runPass(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(passRound)
		}
		if second := shopPass(t, s); second.Changed != 0 || second.Objects != 70_000 || shop.early != 0 || shop.busiest() > 400 {
			t.Errorf("pass %+v; %d calls before the provider allowed them, %d in a minute", second, shop.early, shop.busiest())
		}
	})
}

// inMemoryShop is a worker whose provider is a shop.
func inMemoryShop(t *testing.T, folder string, shop http.RoundTripper) *Worker {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, err := db.Open(t.Context(), "file:"+filepath.Join(folder, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	provider, err := polar.New(polar.Config{
		Token: "polar_oat_x", WebhookSecrets: []string{"secret of a shop"}, Server: "http://shop.example",
		HTTP: &http.Client{Transport: shop}, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Store: store, Provider: provider, Now: time.Now, Log: log})
}

func shopPass(t *testing.T, w *Worker) db.Pass {
	t.Helper()
	passes, err := w.Store.Passes(t.Context(), 1)
	if err != nil || len(passes) != 1 {
		t.Fatalf("passes %+v (%v)", passes, err)
	}
	return passes[0]
}
