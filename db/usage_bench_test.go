package db_test

import (
	"context"
	"fmt"
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
