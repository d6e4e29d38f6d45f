package db_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

func use(id, customer string, at time.Time, tokens int64) billing.Event {
	return billing.Event{
		ID: id, CustomerID: customer, Name: "tokens", OccurredAt: at,
		Metadata: map[string]any{"tokens": tokens, "model": "large"},
	}
}

var allMeters = []billing.Meter{tokens, calls, biggest}

func TestRecordUsageOnce(t *testing.T) {
	changed := func(change func(e *billing.Event)) billing.Event {
		e := use("e1", "ada", noon, 40)
		change(&e)
		return e
	}
	tests := []struct {
		name     string
		event    billing.Event // after "e1" of ada with 40 tokens at noon
		recorded bool
		err      error
		left     int64 // ada's balance afterwards, in tokens
	}{
		{"another event", use("e2", "ada", noon, 2), true, nil, -42},
		{"the same again", use("e1", "ada", noon, 40), false, nil, -40},
		{"numbers read back from JSON", changed(func(e *billing.Event) { e.Metadata["tokens"] = json.Number("40") }), false, nil, -40},
		{"the same id with other metadata", use("e1", "ada", noon, 41), false, billing.ErrConflict, -40},
		{"the same id at another time", use("e1", "ada", noon.Add(-time.Second), 40), false, billing.ErrConflict, -40},
		{"the same id of somebody else", use("e1", "bob", noon, 40), false, billing.ErrConflict, -40},
		{"a use that gives back", use("e2", "ada", noon, -40), true, nil, 0},
		{"no id", use("", "ada", noon, 1), false, billing.ErrInvalid, -40},
		{"in the future", use("e2", "ada", noon.Add(time.Hour), 1), false, billing.ErrInvalid, -40},
		{"metadata that cannot be stored", changed(func(e *billing.Event) { e.ID, e.Metadata["f"] = "e2", func() {} }), false, billing.ErrInvalid, -40},
		{"more than can be counted", use("e2", "ada", noon, 9_200_000_000_000), false, billing.ErrInvalid, -40},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := dbtest.Open(t)
			record(t, store, use("e1", "ada", noon, 40))
			recorded, err := store.RecordUsage(t.Context(), tt.event, "polar", allMeters, noon)
			if recorded != tt.recorded || !errors.Is(err, tt.err) {
				t.Fatalf("RecordUsage = %v, %v; want %v, %v", recorded, err, tt.recorded, tt.err)
			}
			if got := balance(t, store, "ada", tokens); got != billing.Credits(tt.left)*billing.CreditScale {
				t.Errorf("balance %s, want %d", got, tt.left)
			}
			events, _, err := store.RecentEvents(t.Context(), tt.event.CustomerID, billing.Ref{}, "", 10)
			if err != nil {
				t.Fatal(err)
			}
			if kept := len(events) == 2; tt.event.CustomerID == "ada" && kept != tt.recorded {
				t.Errorf("%d events kept; recorded %v", len(events), tt.recorded)
			}
			check(t, store, "ada", "bob")
		})
	}
}

// Many callers share transactions; a neighbour's bad event costs nobody else theirs.
func TestRecordUsageTogether(t *testing.T) {
	store := dbtest.Open(t)
	const callers, each = 32, 20
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("e%d-%d", c/2, i) // every event is sent by two callers
				if _, err := store.RecordUsage(t.Context(), use(id, "ada", noon, 3), "polar", allMeters, noon); err != nil {
					t.Errorf("event %s: %v", id, err)
				}
				if _, err := store.RecordUsage(t.Context(), use("huge"+id, "ada", noon, 9_200_000_000_000), "polar", allMeters, noon); err == nil {
					t.Error("an event beyond what can be counted was accepted")
				}
			}
		})
	}
	wg.Wait()
	if got, want := balance(t, store, "ada", tokens), -billing.Credits(callers/2*each*3)*billing.CreditScale; got != want {
		t.Errorf("balance %s, want %s", got, want)
	}
	check(t, store, "ada")
}

func TestUsageByDay(t *testing.T) {
	store := dbtest.Open(t)
	tokyo := time.FixedZone("Tokyo", 9*3600)
	record(t, store, use("1", "ada", at("2026-11-18T14:59:59Z"), 1)) // 23:59 in Tokyo
	record(t, store, use("2", "ada", at("2026-11-18T15:00:00Z"), 10))
	record(t, store, use("3", "ada", at("2026-11-20T23:59:59Z"), 100))
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip("no time zones here: ", err)
	}
	record(t, store, use("5", "ada", at("2026-11-01T04:00:00Z"), 1)) // midnight there
	record(t, store, use("6", "ada", at("2026-11-02T04:59:59Z"), 2)) // 23:59, after 25 hours
	record(t, store, use("7", "ada", at("2026-11-02T05:00:00Z"), 4))
	record(t, store, use("4", "bob", at("2026-11-18T12:00:00Z"), 1000))
	tests := []struct {
		name     string
		customer string
		from, to time.Time
		want     []int64
	}{
		{"in UTC, with a day without use", "ada", at("2026-11-18T09:00:00Z"), at("2026-11-20T00:00:00Z"), []int64{11, 0, 100}},
		{"in the reader's zone", "ada", at("2026-11-18T09:00:00Z").In(tokyo), at("2026-11-20T23:59:59Z"), []int64{1, 10, 0, 100}},
		{"over the day on which New York's clocks go back", "ada", at("2026-10-31T12:00:00Z").In(newYork), at("2026-11-02T12:00:00Z"), []int64{0, 3, 4}},
		{"outside of the use", "ada", at("2026-10-01T00:00:00Z"), at("2026-10-02T00:00:00Z"), []int64{0, 0}},
		{"somebody else's", "bob", at("2026-11-18T00:00:00Z"), at("2026-11-19T00:00:00Z"), []int64{1000, 0}},
		{"backwards", "ada", at("2026-11-18T00:00:00Z"), at("2026-11-17T00:00:00Z"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			days, err := store.UsageByDay(t.Context(), tt.customer, tokens.Ref(), tt.from, tt.to)
			if (err != nil) != (tt.want == nil) {
				t.Fatal(err)
			}
			if len(days) != len(tt.want) {
				t.Fatalf("%d days, want %d", len(days), len(tt.want))
			}
			for i, d := range days {
				if d.Units != billing.Credits(tt.want[i])*billing.CreditScale {
					t.Errorf("%s: %s units, want %d", d.Day, d.Units, tt.want[i])
				}
			}
		})
	}
}

// A meter that cannot be counted event by event keeps the number of its events only.
func TestUsageTotals(t *testing.T) {
	store := dbtest.Open(t)
	if _, err := store.ApplyAll(t.Context(), []billing.Object{tokens, calls, biggest}, noon); err != nil {
		t.Fatal(err)
	}
	record(t, store, use("1", "ada", noon.Add(-48*time.Hour), 5))
	record(t, store, use("2", "ada", noon, 7))
	record(t, store, billing.Event{ID: "3", CustomerID: "ada", Name: "call", OccurredAt: noon})
	totals, err := store.UsageTotals(t.Context(), "ada", noon.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, total := range totals {
		got[total.Meter.ProviderID] = fmt.Sprintf("%s in %d", total.Units, total.Events)
	}
	want := map[string]string{"tokens": "7 in 1", "calls": "1 in 1", "biggest": "0 in 1"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("totals %v, want %v", got, want)
	}
}

func TestRecentEventsPageByPage(t *testing.T) {
	store := dbtest.Open(t)
	for i := range 5 {
		record(t, store, use(fmt.Sprintf("t%d", i), "ada", noon.Add(-time.Duration(i)*time.Hour), int64(i+1)))
	}
	record(t, store, billing.Event{ID: "c0", CustomerID: "ada", Name: "call", OccurredAt: noon.Add(-90 * time.Minute)})
	record(t, store, use("b0", "bob", noon, 1))
	type list func(before string) ([]db.UsageEvent, string, error)
	of := func(meter billing.Ref) list {
		return func(before string) ([]db.UsageEvent, string, error) {
			return store.RecentEvents(t.Context(), "ada", meter, before, 2)
		}
	}
	tests := []struct {
		name string
		list list
		want string
	}{
		{"everything, by when it happened", of(billing.Ref{}), "t0 t1 c0 t2 t3 t4"},
		{"one meter, by when it happened", of(tokens.Ref()), "t0=1 t1=2 t2=3 t3=4 t4=5"},
		{"a meter that nothing can be posted to", of(biggest.Ref()), ""},
		{"one day", func(before string) ([]db.UsageEvent, string, error) {
			return store.DayEvents(t.Context(), "ada", tokens.Ref(), noon, before, 2)
		}, "t0=1 t1=2 t2=3 t3=4 t4=5"},
		{"another day", func(before string) ([]db.UsageEvent, string, error) {
			return store.DayEvents(t.Context(), "ada", tokens.Ref(), noon.Add(24*time.Hour), before, 2)
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, before := "", ""
			for pages := 0; ; pages++ {
				events, next, err := tt.list(before)
				if err != nil || pages > 5 {
					t.Fatalf("page %d: %v", pages, err)
				}
				for _, e := range events {
					got += " " + e.ID
					if e.Units != 0 {
						got += "=" + e.Units.String()
					}
				}
				if before = next; next == "" {
					break
				}
			}
			if got != "" {
				got = got[1:]
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	for _, meter := range []billing.Ref{{}, tokens.Ref()} {
		if _, _, err := store.RecentEvents(t.Context(), "ada", meter, "no such page", 2); !errors.Is(err, billing.ErrInvalid) {
			t.Errorf("a bad page of %v: %v, want ErrInvalid", meter, err)
		}
	}
}

func record(t testing.TB, store *db.Store, e billing.Event) {
	t.Helper()
	if recorded, err := store.RecordUsage(t.Context(), e, "polar", allMeters, noon); err != nil || !recorded {
		t.Fatalf("record %s: %v, %v", e.ID, recorded, err)
	}
}

func balance(t testing.TB, store *db.Store, customer string, meter billing.Meter) billing.Credits {
	t.Helper()
	wallets, err := store.Wallets(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wallets {
		if w.Meter == meter.Ref() {
			return w.Balance
		}
	}
	return 0
}

// check proves the ledgers from their entries.
func check(t testing.TB, store *db.Store, customers ...string) {
	t.Helper()
	for _, customer := range customers {
		if err := store.CheckLedger(t.Context(), customer); err != nil {
			t.Error(err)
		}
	}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// The roll-ups by day and by hour say the same.
func TestDaysAgreeWithHours(t *testing.T) {
	store := dbtest.Open(t)
	for i := range 60 {
		record(t, store, use(fmt.Sprint("e", i), "ada", noon.Add(-time.Duration(i*i)*5*time.Minute), int64(i)))
	}
	for _, meter := range allMeters {
		days, err1 := store.UsageByDay(t.Context(), "ada", meter.Ref(), noon.AddDate(0, 0, -14), noon)
		hours, err2 := store.UsageByDay(t.Context(), "ada", meter.Ref(), noon.AddDate(0, 0, -14).In(time.FixedZone("Accra", 0)), noon)
		if err1 != nil || err2 != nil || len(days) != 15 || len(hours) != 15 {
			t.Fatalf("%v %v: %d, %d days", err1, err2, len(days), len(hours))
		}
		for i := range days {
			if days[i].Units != hours[i].Units || days[i].Events != hours[i].Events || !days[i].Day.Equal(hours[i].Day) {
				t.Errorf("%s: by day %+v, by hour %+v", meter.Name, days[i], hours[i])
			}
		}
	}
}
