package polar_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"counterfoil/twin"
	"counterfoil/twin/polar"
)

// BenchmarkReads: what a simple read costs the twin's processor, without the network. The aim is at least
// 5,000 a second on one core, which is 200 µs each.
func BenchmarkReads(b *testing.B) {
	engine := ok(twin.Open(b.Context(), twin.Config{Path: filepath.Join(b.TempDir(), "twin.db"), Log: slog.New(slog.DiscardHandler)}))(b)
	defer engine.Close()
	must(b, engine.Seed(b.Context()))
	must(b, engine.EnsureToken(b.Context(), "polar_oat_bench"))
	api := polar.New(engine, polar.Config{BaseURL: "http://localhost"})
	sam := engine.Customers()[0].ID
	for name, path := range map[string]string{
		"product": "/v1/products/" + engine.Products()[1].ID, "state": "/v1/customers/" + sam + "/state",
		"order": "/v1/orders/" + engine.OrdersOf(sam)[0].ID, "orders": "/v1/orders/?customer_id=" + sam,
		"subscription": "/v1/subscriptions/" + engine.SubscriptionsOf(sam)[0].ID, "customer": "/v1/customers/" + sam,
	} {
		b.Run(name, func(b *testing.B) {
			req := ok(http.NewRequestWithContext(b.Context(), "GET", path, nil))(b)
			req.Header.Set("Authorization", "Bearer polar_oat_bench")
			for b.Loop() {
				w := httptest.NewRecorder()
				api.ServeHTTP(w, req)
				if w.Code != http.StatusOK {
					body, _ := io.ReadAll(w.Body)
					b.Fatalf("%d %s", w.Code, body)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
		})
	}
}
