package billing

import (
	"slices"
	"testing"
	"time"
)

func TestDifferences(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 0, 0, 123_456_000, time.UTC)
	sub := Subscription{Source: Source{Provider: "polar", ProviderID: "s", Version: 1, CreatedAt: at}, Status: Active, Amount: 900, PeriodEnd: at}
	tests := []struct {
		name string
		a, b Object
		want []string
	}{
		{"the same", sub, sub, nil},
		{"version and creation are not compared", sub, func() Object { s := sub; s.Version, s.CreatedAt = 2, at.Add(1); return s }(), nil},
		{"a time as it comes back from the database", sub, func() Object { s := sub; s.PeriodEnd = at.Truncate(time.Millisecond); return s }(), nil},
		{"a millisecond counts", sub, func() Object { s := sub; s.PeriodEnd = at.Add(time.Millisecond); return s }(), []string{"period_end"}},
		{"a time that is gone", sub, func() Object { s := sub; s.PeriodEnd = time.Time{}; return s }(), []string{"period_end"}},
		{"status and amount", sub, func() Object { s := sub; s.Status, s.Amount = PastDue, 901; return s }(), []string{"status", "amount"}},
		{"none is empty", Product{Metadata: nil, Prices: nil}, Product{Metadata: map[string]string{}, Prices: []Price{}}, nil},
		{"inside a list", Product{Prices: []Price{{Amount: 1}}}, Product{Prices: []Price{{Amount: 2}}}, []string{"prices"}},
		{"another key of as many", Product{Metadata: map[string]string{"a": "1"}}, Product{Metadata: map[string]string{"b": "1"}}, []string{"metadata"}},
		{"another kind", sub, Product{}, []string{"kind"}},
		{"nothing", nil, sub, []string{"kind"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Differences(tt.a, tt.b); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}
