package db_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// BenchmarkRecordUsage measures the intake of events: alone, and with many callers
// that share commits, for one busy customer and for a thousand.
func BenchmarkRecordUsage(b *testing.B) {
	record := func(b *testing.B, store *db.Store, n int64, customers int64) {
		event := billing.Event{
			ID: db.NewID(), CustomerID: fmt.Sprintf("customer-%d", n%customers), Name: "tokens",
			Metadata: map[string]any{"tokens": int64(12)}, OccurredAt: noon,
		}
		if _, err := store.RecordUsage(context.Background(), event, "polar", []billing.Meter{tokens}, noon); err != nil {
			b.Error(err)
		}
	}
	b.Run("alone", func(b *testing.B) {
		store := dbtest.Open(b)
		for n := int64(0); b.Loop(); n++ {
			record(b, store, n, 1000)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
	for _, customers := range []int64{1, 1000} {
		b.Run(fmt.Sprintf("together/%d customers", customers), func(b *testing.B) {
			store := dbtest.Open(b)
			var n atomic.Int64
			b.SetParallelism(128)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					record(b, store, n.Add(1), customers)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// tokens sums the property "tokens" of events named "tokens"; calls counts events
// named "tokens" or "call"; biggest cannot be counted event by event.
var (
	tokens  = meter("tokens", billing.AggregateSum, "tokens")
	calls   = meter("calls", billing.AggregateCount, "call")
	biggest = meter("biggest", billing.AggregateMax, "tokens")
)

func meter(id string, aggregation billing.Aggregation, name string) billing.Meter {
	m := billing.Meter{
		Source: billing.Source{Provider: "polar", ProviderID: id}, Name: id, Aggregation: aggregation,
		Filter: billing.Filter{Clauses: []billing.Clause{{Property: "name", Operator: "eq", Value: name}}},
	}
	if aggregation != billing.AggregateCount {
		m.Property = "tokens"
	}
	return m
}

// BenchmarkPages measures what pages read, for a customer with few and with very many
// events over a year: the cost must not grow with them. The million takes minutes to
// make; -short leaves it out.
func BenchmarkPages(b *testing.B) {
	for _, events := range []int{10_000, 1_000_000} {
		if events > 10_000 && testing.Short() {
			continue
		}
		b.Run(fmt.Sprintf("%d events", events), func(b *testing.B) {
			store := dbtest.Open(b)
			fill(b, store, events)
			for name, read := range pageReads(b, store) {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := read(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

// pageReads is what the pages of usage and credits read of ada.
func pageReads(b *testing.B, store *db.Store) map[string]func() error {
	year := noon.AddDate(-1, 0, 0)
	return map[string]func() error{
		"Wallets": func() error { _, err := store.Wallets(b.Context(), "ada"); return err },
		"UsageByDay month": func() error {
			_, err := store.UsageByDay(b.Context(), "ada", tokens.Ref(), noon.AddDate(0, -1, 0), noon)
			return err
		},
		"UsageByDay year": func() error {
			_, err := store.UsageByDay(b.Context(), "ada", tokens.Ref(), year, noon)
			return err
		},
		"UsageTotals": func() error { _, err := store.UsageTotals(b.Context(), "ada", noon.AddDate(0, -1, 0)); return err },
		"CreditDays": func() error {
			_, err := store.CreditDays(b.Context(), "ada", tokens.Ref(), "", time.Time{}, 30)
			return err
		},
		"BalanceByDay": func() error {
			_, err := store.BalanceByDay(b.Context(), "ada", tokens.Ref(), year, noon)
			return err
		},
		"RecentEvents": func() error {
			_, _, err := store.RecentEvents(b.Context(), "ada", tokens.Ref(), "", 25)
			return err
		},
		"DayEvents": func() error {
			_, _, err := store.DayEvents(b.Context(), "ada", tokens.Ref(), noon, "", 25)
			return err
		},
	}
}

// BenchmarkPagesBesideABacklog (U5): a million events of others that wait for the
// provider change nothing for who reads a page, by more than a fifth; nor does a claim
// of a batch take long. It says what the backlog takes on the disk.
func BenchmarkPagesBesideABacklog(b *testing.B) {
	dbtest.SQLiteOnly(b, "it looks at the file")
	url := dbtest.URL(b)
	store := dbtest.OpenAt(b, url)
	fill(b, store, 10_000)
	reads := pageReads(b, store)
	before := map[string]time.Duration{}
	for name, read := range reads {
		before[name] = quickest(b, read)
	}
	path := strings.TrimPrefix(url, "file:")
	size := func() int64 {
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		return info.Size()
	}
	grown := -size()
	conn, err := sql.Open("sqlite", url+"?_pragma=busy_timeout(5000)")
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	const backlog = 1_000_000
	if _, err := conn.ExecContext(b.Context(), `INSERT INTO usage_events (id, customer_id, provider, name, metadata, occurred_at, received_at, state, next_try_at)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		SELECT lower(hex(randomblob(16))), 'other-' || (i % 1000), 'polar', 'tokens', '{"model":"large","tokens":3}', ? + i, ? + i, 'waiting', ? + i FROM n;
		PRAGMA wal_checkpoint(TRUNCATE)`, backlog, noon.UnixMilli(), noon.UnixMilli(), noon.UnixMilli()); err != nil {
		b.Fatal(err)
	}
	grown += size()
	b.ReportMetric(float64(grown)/backlog, "bytes/event")
	for name, read := range reads {
		after := quickest(b, read)
		b.Logf("%s: %s before, %s after", name, before[name], after)
		if after > before[name]*6/5 {
			b.Errorf("%s takes %s beside a million waiting events and %s without", name, after, before[name])
		}
	}
	start := time.Now()
	for range 10 {
		if got, err := store.ClaimUsage(b.Context(), "polar", 1000, noon.Add(2*time.Hour), noon.Add(time.Hour)); err != nil || len(got) != 1000 {
			b.Fatalf("claimed %d: %v", len(got), err)
		}
	}
	b.ReportMetric(float64(time.Since(start).Milliseconds())/10, "ms/claim")
}

// quickest is the best of many runs: what the machine does besides is left out.
func quickest(b *testing.B, read func() error) time.Duration {
	b.Helper()
	best := time.Hour
	for range 400 {
		start := time.Now()
		if err := read(); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	return best
}

// fill spreads events over the year before noon.
func fill(b *testing.B, store *db.Store, events int) {
	b.Helper()
	step := 365 * 24 * time.Hour / time.Duration(events)
	var next atomic.Int64
	var callers sync.WaitGroup
	for range 512 {
		callers.Go(func() {
			for i := next.Add(1); i <= int64(events); i = next.Add(1) {
				e := use(db.NewID(), "ada", noon.Add(-time.Duration(i)*step), 3)
				if _, err := store.RecordUsage(context.Background(), e, "polar", allMeters, noon); err != nil {
					b.Error(err)
				}
			}
		})
	}
	callers.Wait()
}
