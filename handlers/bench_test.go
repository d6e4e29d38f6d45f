package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"counterfoil/db"
	"counterfoil/twin/server"
)

// BenchmarkPages measures signed-in pages through the whole chain of handlers, for
// the demo's subscriber of fourteen months. The budget is 0.5 ms of processor time a
// page ("cpu-us/op", which leaves out what the machine does besides; it holds the
// worker's idle loops and the garbage collector).
func BenchmarkPages(b *testing.B) {
	s := start(b)
	sam := s.browser()
	sam.signIn("sam@example.com")
	var meter string
	s.until("Sam's history is copied", func() bool {
		page := sam.get("/usage")
		meter = page.Find("a[href^='/usage/']").AttrOr("href", "")
		return meter != "" && sam.get("/credits").Find("svg").Length() > 0 && sam.get("/portal/orders").Find("tbody tr").Length() > 10
	})
	cookies := sam.client.Jar.Cookies(&url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"})
	for _, path := range []string{
		"/healthz", "/plans", "/portal", "/portal/orders", "/portal/benefits", "/usage", meter + "?days=90", "/credits", "/account",
	} {
		b.Run(path, func(b *testing.B) {
			var size int
			measure(b, func() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, s.url+path, nil)
				r.Header.Set("Accept-Encoding", "gzip")
				for _, cookie := range cookies {
					r.AddCookie(cookie)
				}
				w := httptest.NewRecorder()
				s.handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("%s answered %d", path, w.Code)
				}
				size = w.Body.Len()
			})
			b.ReportMetric(float64(size), "bytes")
		})
	}
}

// BenchmarkGetSession measures what every page of a Better Auth front end asks first,
// through the whole chain of handlers, with the worker at rest. The budget is 60 us of
// processor time.
func BenchmarkGetSession(b *testing.B) {
	s := start(b)
	sam := s.browser()
	sam.signIn("sam@example.com")
	s.rest()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, s.url+"/api/auth/get-session", nil)
	for _, cookie := range sam.client.Jar.Cookies(&url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"}) {
		r.AddCookie(cookie)
	}
	measure(b, func() {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r.Clone(b.Context()))
		if w.Code != http.StatusOK || w.Body.Len() < 300 {
			b.Fatalf("answered %d: %s", w.Code, w.Body)
		}
	})
}

// BenchmarkWebhooks measures the intake of deliveries of 8 KiB, from the request to the
// row on disk, with nobody applying them: alone, and with many at once that share
// commits. The budget is 200 us of processor time and a share of a commit.
func BenchmarkWebhooks(b *testing.B) {
	body := `{"type":"planet.discovered","timestamp":"2026-11-21T12:00:00Z","data":{"id":"` + strings.Repeat("x", 8<<10) + `"}}`
	send := func(b *testing.B, s *stack) {
		c := call{path: "/webhooks/polar", id: db.NewID(), body: body, sentAt: time.Now(), secret: server.WebhookSecret}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, c.request(b, s.url))
		if w.Code != http.StatusAccepted {
			b.Errorf("answered %d", w.Code)
		}
	}
	b.Run("alone", func(b *testing.B) {
		s := start(b)
		s.rest()
		measure(b, func() { send(b, s) })
	})
	b.Run("together", func(b *testing.B) {
		s := start(b)
		s.rest()
		b.SetParallelism(64)
		b.ResetTimer()
		before := processor(b)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				send(b, s)
			}
		})
		b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
	})
}

// measure runs one thing again and again and reports the processor time of the process.
func measure(b *testing.B, once func()) {
	b.Helper()
	b.ReportAllocs()
	before := processor(b)
	for b.Loop() {
		once()
	}
	b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
}

// processor is how much processor time this process has used.
func processor(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
