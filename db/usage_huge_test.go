package db_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// huge is a use that nearly fills a wallet, in tokens.
const huge = 9_000_000_000_000

// hugeUses are recorded one after the other; their wallet never holds more than one of them.
// The two at -61 and -60 hours are an hour apart, on two UTC days.
var hugeUses = []struct {
	id     string
	hour   int // before noon
	tokens int64
	err    error
}{
	{"used", -60, huge, nil},
	{"given back", -36, -huge, nil},
	{"the same hour once more", -60, huge, billing.ErrInvalid},
	{"another hour of that day", -58, huge, billing.ErrInvalid},
	{"the day before", -61, huge, nil},
	{"given back on another day", -10, -huge, nil},
	{"given back in an hour that is full", -36, -huge, billing.ErrInvalid},
	{"a usual one in a full hour", -60, 3, nil},
	{"a usual one now", 0, 4, nil},
}

// TestHugeUsesHurtNoOthers: a use that would overflow the sum of its hour or day is refused,
// alone; all sums of the others can be read, and usual uses of the same hour count.
func TestHugeUsesHurtNoOthers(t *testing.T) {
	store, _ := ledgerStage(t)
	for _, u := range hugeUses {
		e := use(u.id, "ada", noon.Add(time.Duration(u.hour)*time.Hour), u.tokens)
		if fresh, err := store.RecordUsage(t.Context(), e, "polar", allMeters, noon); !errors.Is(err, u.err) || fresh != (u.err == nil) {
			t.Errorf("%s: %t, %v; want %v", u.id, fresh, err, u.err)
		}
	}
	check(t, store, "ada")
	if got := balance(t, store, "ada", tokens); got != -7*billing.CreditScale {
		t.Errorf("balance %s, want -7", got)
	}
	sums, err := store.CreditSums(t.Context(), "ada", tokens.Ref(), noon.AddDate(0, 0, -3))
	if err != nil || sums.Used != -7*billing.CreditScale || sums.Balance != sums.Used {
		t.Errorf("sums %+v, %v", sums, err)
	}
	totals, err := store.UsageTotals(t.Context(), "ada", noon.AddDate(0, 0, -3))
	for _, total := range totals {
		if total.Meter == tokens.Ref() && total.Units != 7*billing.CreditScale {
			t.Errorf("total %s, want 7", total.Units)
		}
	}
	if err != nil {
		t.Error(err)
	}
	sent(t, store)
	for _, text := range []string{"20T10:00: grant 50", "20T12:30: reset"} {
		post(t, store, noon.Add(time.Hour), text)
	}
	check(t, store, "ada")
}

// TestFiguresBeyondWhatCanBeCountedAreTheLargest: a span of hours may hold more than a
// number can, although each of its hours does not.
func TestFiguresBeyondWhatCanBeCountedAreTheLargest(t *testing.T) {
	store, _ := ledgerStage(t)
	for _, u := range hugeUses[:5] {
		_, _ = store.RecordUsage(t.Context(), use(u.id, "ada", noon.Add(time.Duration(u.hour)*time.Hour), u.tokens), "polar", allMeters, noon)
	}
	east := noon.In(time.FixedZone("east", 5*3600))
	days, err := store.UsageByDay(t.Context(), "ada", tokens.Ref(), east.AddDate(0, 0, -3), east)
	if err != nil {
		t.Fatal(err)
	}
	var most billing.Credits
	for _, day := range days {
		most = max(most, day.Units)
	}
	if most != math.MaxInt64 {
		t.Errorf("the largest day is %s", most)
	}
}

// sent reports everything that waits.
func sent(t *testing.T, store *db.Store) {
	t.Helper()
	queued, err := store.ClaimUsage(t.Context(), "polar", 100, noon.Add(time.Minute), noon)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(queued) - 1; i >= 0; i-- {
		if err := store.MarkUsageSent(t.Context(), []string{queued[i].ID}, noon.Add(time.Duration(len(queued)-i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestADismissedUseStaysInItsPeriod: what an operator decided not to report is over with the
// period in which it happened, as a use that the provider refused is, and nothing waits for it.
func TestADismissedUseStaysInItsPeriod(t *testing.T) {
	for _, dismissed := range []bool{false, true} {
		store, _ := ledgerStage(t)
		post(t, store, at("2026-11-01T09:00:00Z"), "01T08:00: grant 100")
		day := at("2026-11-02T09:00:00Z")
		if _, err := store.RecordUsage(t.Context(), use("e1", "ada", day, 40), "polar", allMeters, day); err != nil {
			t.Fatal(err)
		}
		if _, err := store.ClaimUsage(t.Context(), "polar", 9, day.Add(time.Minute), day); err != nil {
			t.Fatal(err)
		}
		if err := store.ParkUsage(t.Context(), map[string]string{"e1": "refused"}); err != nil {
			t.Fatal(err)
		}
		if dismissed {
			if err := store.DismissUsage(t.Context(), "e1", "a mistake"); err != nil {
				t.Fatal(err)
			}
		}
		post(t, store, at("2026-11-05T09:00:00Z"), "05T08:00: reset", "05T08:00: grant 100")
		if got := balance(t, store, "ada", tokens); got != 100*billing.CreditScale {
			t.Errorf("dismissed %t: the next period begins with %s, want 100", dismissed, got)
		}
		wallets, err := store.Wallets(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range wallets {
			if w.Waiting {
				t.Errorf("dismissed %t: wallet %s waits for the provider", dismissed, w.Meter.ProviderID)
			}
		}
		check(t, store, "ada")
	}
}

// TestEventsThatNoProviderCanTake are refused when they come: later they would be in the way of
// all that are reported with them.
func TestEventsThatNoProviderCanTake(t *testing.T) {
	store := dbtest.Open(t)
	for name, change := range map[string]func(e *billing.Event){
		"a NUL in the id":            func(e *billing.Event) { e.ID = "a\x00b" },
		"an id that is no text":      func(e *billing.Event) { e.ID = "a\xff" },
		"a NUL in the customer's id": func(e *billing.Event) { e.CustomerID = "a\x00" },
		"a year before the first":    func(e *billing.Event) { e.OccurredAt = time.Date(-1, 5, 1, 0, 0, 0, 0, time.UTC) },
		"the moment that means none": func(e *billing.Event) { e.OccurredAt = time.UnixMilli(0) },
	} {
		e := use("e1", "ada", noon, 1)
		change(&e)
		if _, err := store.RecordUsage(t.Context(), e, "polar", allMeters, noon); !errors.Is(err, billing.ErrInvalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}
