package worker

import (
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// TestWaitingPagesCannotUseUpTheProvider: however many pages wait, and however long,
// the readings stay far below what the provider allows (500 a minute), and everybody
// gets his turn.
func TestWaitingPagesCannotUseUpTheProvider(t *testing.T) {
	tests := []struct {
		name        string
		pages       int
		minutes     int
		least, most int // readings
	}{
		{"one buyer, the first minute", 1, 1, 6, 8},
		{"one page left open for an hour", 1, 60, 100, 130},
		{"a hundred buyers at once", 100, 1, 100, 180},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, false)
			counted := &counting{Provider: s.Provider}
			s.Provider = counted
			start := time.Now()
			at := start
			s.Now = func() time.Time { return at }
			refs := make([]billing.Ref, tt.pages)
			for i := range refs {
				refs[i] = billing.Ref{Provider: "polar", Kind: billing.KindCheckout, ProviderID: db.NewID()}
			}
			for ; at.Before(start.Add(time.Duration(tt.minutes) * time.Minute)); at = at.Add(awaitEvery) {
				for _, ref := range refs {
					s.Await("me", ref)
				}
				s.step("awaited")
			}
			if counted.fetches < tt.least || counted.fetches > tt.most {
				t.Errorf("%d readings in %d minutes for %d pages, want %d to %d", counted.fetches, tt.minutes, tt.pages, tt.least, tt.most)
			}
			if got := len(counted.seen); got != tt.pages {
				t.Errorf("%d of %d checkouts were read", got, tt.pages)
			}
		})
	}
}
