package db_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// ledgerStage is a store with ada linked to the provider's customer pc.
func ledgerStage(t *testing.T) (store *db.Store, url string) {
	t.Helper()
	url = dbtest.URL(t)
	store = dbtest.OpenAt(t, url)
	if err := link(t.Context(), url, store); err != nil {
		t.Fatal(err)
	}
	return store, url
}

// fact reads "grant 500", "rollover 20", "revoke 30", "reset" or "use 7" as something that the
// provider shows at a day of November.
func fact(news *db.CreditNews, id string, day time.Time, text string) {
	kind, number, _ := strings.Cut(text, " ")
	var units int64
	fmt.Sscan(number, &units)
	credit := billing.CreditEvent{Provider: "polar", ProviderID: id, ProviderMeterID: tokens.ProviderID, OccurredAt: day}
	switch kind {
	case "use":
		news.Uses = append(news.Uses, billing.ForeignEvent{
			ProviderID: id, Name: "tokens", Metadata: map[string]any{"tokens": units}, OccurredAt: day,
		})
		return
	case "reset":
		credit.Reset = true
	case "revoke":
		units = -units
	}
	credit.Units, credit.Rollover = billing.Credits(units)*billing.CreditScale, kind == "rollover"
	news.Credits = append(news.Credits, credit)
}

func post(t *testing.T, store *db.Store, readAt time.Time, facts ...string) db.CreditReport {
	t.Helper()
	cursor, err := store.EventCursor(t.Context(), "polar", "pc")
	if err != nil {
		t.Fatal(err)
	}
	news := db.CreditNews{Provider: "polar", Cursor: cursor, ReadAt: readAt}
	for _, f := range facts {
		day, text, _ := strings.Cut(f, ": ")
		fact(&news, f, at("2026-11-"+day+":00Z"), text)
	}
	report, err := store.PostCredits(t.Context(), news, allMeters, readAt)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// history writes days as "day opening>closing: cause credits=balance ...".
func history(t *testing.T, store *db.Store) []string {
	t.Helper()
	days, err := store.CreditDays(t.Context(), "ada", tokens.Ref(), "", time.Time{}, 99)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range days {
		line := fmt.Sprintf("%s %s>%s:", d.Day.Format("02"), d.Opening, d.Closing)
		for _, l := range d.Lines {
			line += fmt.Sprintf(" %s %s=%s", l.Cause, l.Credits, l.Balance)
		}
		out = append(out, line)
	}
	return out
}

func TestCreditStories(t *testing.T) {
	tests := []struct {
		name  string
		reads [][]string // what each reading shows; the last one runs twice
		want  []string   // days, latest first
	}{
		{
			"a first month",
			[][]string{{"01T08:00: grant 500", "02T09:00: use 30", "02T10:00: use 12"}},
			[]string{"02 500>458: used -42=458", "01 0>500: granted 500=500"},
		},
		{
			"a renewal takes what is left, but for what rolls over",
			[][]string{{"01T08:00: rollover 100", "01T09:00: grant 50", "03T09:00: use 20",
				"05T08:00: reset", "05T08:00: rollover 100", "05T08:01: grant 50"}},
			[]string{
				"05 130>150: expired -130=0 carried_over 100=100 granted 50=150",
				"03 150>130: used -20=130", "01 0>150: granted 150=150",
			},
		},
		{
			"an overage is settled",
			[][]string{{"01T08:00: grant 10", "02T08:00: use 35", "03T08:00: reset"}},
			[]string{"03 -25>0: settled 25=0", "02 10>-25: used -35=-25", "01 0>10: granted 10=10"},
		},
		{
			"a revocation takes no more than was given",
			[][]string{{"01T08:00: grant 40", "02T08:00: use 30", "03T08:00: revoke 100", "04T08:00: grant 5"}},
			[]string{"04 -30>-25: granted 5=-25", "03 10>-30: revoked -40=-30", "02 40>10: used -30=10", "01 0>40: granted 40=40"},
		},
		{
			"a use that lists showed only after the reset weighs on the old period",
			[][]string{
				{"01T08:00: grant 100", "03T08:00: reset"},
				{"01T08:00: grant 100", "03T07:59: use 30", "03T08:00: reset"},
			},
			[]string{"03 100>0: expired -70=30 used -30=0", "01 0>100: granted 100=100"},
		},
		{
			"a grant that lists showed only after the reset is gone with it",
			[][]string{
				{"01T08:00: use 5", "03T08:00: reset", "03T08:01: grant 9"},
				{"01T08:00: use 5", "02T08:00: grant 70", "03T08:00: reset", "03T08:01: grant 9"},
			},
			[]string{"03 65>9: settled -65=0 granted 9=9", "02 -5>65: granted 70=65", "01 0>-5: used -5=-5"},
		},
		{
			"a use with a negative number gives back",
			[][]string{{"01T08:00: use -20", "01T09:00: use 5"}},
			[]string{"01 0>15: used 15=15"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store, _ := ledgerStage(t)
			read := at("2026-11-03T08:05:00Z")
			for _, facts := range append(tt.reads, tt.reads[len(tt.reads)-1]) {
				post(t, store, read, facts...)
				read = read.Add(time.Minute)
			}
			if got := history(t, store); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("history\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			check(t, store, "ada")
		})
	}
}

// A reading that begins late knows what was granted before it: a revocation takes that,
// and what was flagged to roll over does.
func TestReadingOnFromTheCursor(t *testing.T) {
	store, _ := ledgerStage(t)
	post(t, store, at("2026-11-02T08:01:00Z"), "01T08:00: rollover 100", "01T09:00: grant 50", "02T08:00: use 20")
	var shown []string // by the provider, so far
	for _, facts := range [][]string{
		{"03T08:00: revoke 30"}, {"04T08:00: revoke 500"}, {"05T08:00: rollover 80"},
		{"06T08:00: reset", "06T08:00: rollover 60"},
	} {
		shown = append(shown, facts...)
		cursor, err := store.EventCursor(t.Context(), "polar", "pc")
		if err != nil {
			t.Fatal(err)
		}
		news := db.CreditNews{Provider: "polar", Cursor: cursor, Since: cursor.Since(), ReadAt: cursor.ReadAt.Add(24 * time.Hour)}
		for _, f := range shown {
			day, text, _ := strings.Cut(f, ": ")
			if when := at("2026-11-" + day + ":00Z"); !when.Before(news.Since) {
				fact(&news, f, when, text)
			}
		}
		if _, err := store.PostCredits(t.Context(), news, allMeters, noon); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"06 60>60: expired -60=0 carried_over 60=60", "05 -20>60: granted 80=60", "04 100>-20: revoked -120=-20",
		"03 130>100: revoked -30=100", "02 150>130: used -20=130", "01 0>150: granted 150=150",
	}
	if got := history(t, store); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("history\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	check(t, store, "ada")
}

// An event that happened before a reset and that lists did not show long after it was
// reported late: the provider counts it in the new period.
func TestUseReportedAfterTheReset(t *testing.T) {
	store, _ := ledgerStage(t)
	facts := []string{"01T08:00: grant 100", "03T08:00: reset", "03T08:01: grant 50"}
	post(t, store, at("2026-11-04T08:00:00Z"), facts...)
	post(t, store, at("2026-11-04T09:00:00Z"), append(facts, "02T08:00: use 30")...)
	if got := balance(t, store, "ada", tokens); got != 20*billing.CreditScale {
		t.Errorf("balance %s, want 20", got)
	}
	check(t, store, "ada")
}

func TestUnknownMeterKeepsTheCursor(t *testing.T) {
	store, _ := ledgerStage(t)
	cursor, err := store.EventCursor(t.Context(), "polar", "pc")
	if err != nil {
		t.Fatal(err)
	}
	news := db.CreditNews{Provider: "polar", Cursor: cursor, ReadAt: noon}
	fact(&news, "g", noon, "grant 5")
	report, err := store.PostCredits(t.Context(), news, []billing.Meter{calls}, noon)
	if err != nil || len(report.UnknownMeters) != 1 {
		t.Fatalf("report %+v, %v; want one unknown meter", report, err)
	}
	if cursor, err = store.EventCursor(t.Context(), "polar", "pc"); err != nil || !cursor.Until.IsZero() {
		t.Errorf("the cursor is at %v (%v), want it where it was", cursor.Until, err)
	}
	if report, err = store.PostCredits(t.Context(), news, allMeters, noon); err != nil || report.Posted != 1 {
		t.Errorf("with the meter: %+v, %v", report, err)
	}
	if _, err := store.EventCursor(t.Context(), "polar", "stranger"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("cursor of a stranger: %v, want ErrNotFound", err)
	}
}

// A meter that comes to be known later counts the events that are read again.
func TestMeterThatCameLater(t *testing.T) {
	store, _ := ledgerStage(t)
	for range 2 {
		for _, meters := range [][]billing.Meter{nil, allMeters} {
			cursor, err := store.EventCursor(t.Context(), "polar", "pc")
			if err != nil {
				t.Fatal(err)
			}
			news := db.CreditNews{Provider: "polar", Cursor: cursor, ReadAt: noon}
			fact(&news, "u", noon, "use 5")
			if _, err := store.PostCredits(t.Context(), news, meters, noon); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := balance(t, store, "ada", tokens); got != -5*billing.CreditScale {
		t.Errorf("balance %s, want -5", got)
	}
}

// Nobody changes an entry, not even with the file in his hands; and what somebody
// changes around them is found.
func TestLedgerKeepsEntries(t *testing.T) {
	store, url := ledgerStage(t)
	post(t, store, noon, "01T08:00: grant 500", "02T09:00: use 30")
	for _, statement := range []string{
		"UPDATE ledger_entries SET credits = 1", "DELETE FROM ledger_entries",
		"UPDATE ledger_transactions SET cause = 'granted'", "DELETE FROM ledger_transactions",
	} {
		if err := raw(t.Context(), url, statement); err == nil {
			t.Errorf("%s: done", statement)
		}
	}
	check(t, store, "ada")
	for _, statement := range []string{
		"UPDATE ledger_accounts SET balance = balance + 1 WHERE kind = 'wallet'",
		"UPDATE ledger_days SET credits = credits + 1",
		"INSERT INTO ledger_entries SELECT account_id, seq + 100, transaction_id, 1, 1 FROM ledger_entries LIMIT 1",
	} {
		if err := raw(t.Context(), url, statement); err != nil {
			t.Fatal(err)
		}
		var fault *db.LedgerError
		if err := store.CheckLedger(t.Context(), "ada"); !errors.As(err, &fault) {
			t.Errorf("after %s: %v, want a LedgerError", statement, err)
		}
	}
}

func TestCreditReads(t *testing.T) {
	store, _ := ledgerStage(t)
	post(t, store, noon, "01T08:00: rollover 100", "03T09:00: use 20", "05T08:00: reset", "05T08:00: rollover 80", "07T08:00: use 1")
	ref := tokens.Ref()

	days, err := store.CreditDays(t.Context(), "ada", ref, billing.CauseUsed, at("2026-11-07T00:00:00Z"), 5)
	if err != nil || len(days) != 1 || days[0].Day.Day() != 3 {
		t.Errorf("days with usage before the 7th: %+v, %v", days, err)
	}
	balances, err := store.BalanceByDay(t.Context(), "ada", ref, at("2026-11-02T12:00:00Z"), at("2026-11-06T00:00:00Z"))
	if err != nil || fmt.Sprint(balances) == "" {
		t.Fatal(err)
	}
	var got []string
	for _, b := range balances {
		got = append(got, b.Balance.String())
	}
	if fmt.Sprint(got) != "[100 80 80 80 80]" {
		t.Errorf("balances %v", got)
	}
	sums, err := store.CreditSums(t.Context(), "ada", ref, at("2026-11-03T00:00:00Z"))
	if err != nil || sums.Opening != 100*billing.CreditScale || sums.Balance != 79*billing.CreditScale {
		t.Errorf("sums from the 3rd: %+v, %v", sums, err)
	}
	day, entries, err := store.CreditDay(t.Context(), "ada", ref, at("2026-11-05T23:00:00Z"))
	if err != nil || len(entries) != 2 || entries[1].Cause != billing.CauseCarriedOver || !entries[1].Rollover || day.Net() != 0 {
		t.Errorf("the 5th: %+v %+v, %v", day, entries, err)
	}
	if day, entries, err = store.CreditDay(t.Context(), "ada", ref, at("2026-11-06T00:00:00Z")); err != nil || day.Closing != 80*billing.CreditScale || entries != nil {
		t.Errorf("the 6th, when nothing moved: %+v %+v, %v", day, entries, err)
	}
	wallets, err := store.Wallets(t.Context(), "ada")
	if err != nil || len(wallets) != 1 {
		t.Fatalf("wallets %+v, %v", wallets, err)
	}
	if w := wallets[0]; w.Credited != 80*billing.CreditScale || w.Consumed != billing.CreditScale || w.PeriodStart != at("2026-11-05T08:00:00Z") {
		t.Errorf("the period: %+v", w)
	}
	if none, err := store.Wallets(t.Context(), "bob"); err != nil || len(none) != 0 {
		t.Errorf("bob's wallets: %+v, %v", none, err)
	}
}
