package db_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// dullProvider is the provider's side, as simple as can be: a list of facts in the
// order in which they came in, added up anew for every question. It follows Polar's
// written rules (reference: Polar API, credit arithmetic), not our code.
type dullProvider struct {
	facts []dullFact
}

type dullFact struct {
	id, externalID string
	happened       time.Time
	shownFrom      time.Time // lists show it with a delay; the figures do not wait
	reset, credit  bool      // else a use
	units          int64
	rollover       bool
}

// balance adds up what came in after the latest reset: credits, never below zero on
// the way, less uses.
func (p *dullProvider) balance() (left, rollover int64) {
	var credited, consumed int64
	for _, f := range p.facts {
		switch {
		case f.reset:
			credited, consumed, rollover = 0, 0, 0
		case f.credit:
			took := max(f.units, -credited)
			credited += took
			if f.rollover {
				rollover = max(0, rollover+took)
			}
		default:
			consumed += f.units
		}
	}
	return credited - consumed, rollover
}

// take counts a use unless its external id was seen before.
func (p *dullProvider) take(f dullFact) {
	known := slices.ContainsFunc(p.facts, func(g dullFact) bool { return g.externalID != "" && g.externalID == f.externalID })
	if !known {
		p.facts = append(p.facts, f)
	}
}

// lists are the events since a time as the provider shows them, oldest first.
func (p *dullProvider) lists(since, now time.Time) (credits []billing.CreditEvent, uses []billing.ForeignEvent) {
	facts := slices.Clone(p.facts)
	slices.SortStableFunc(facts, func(a, b dullFact) int { return a.happened.Compare(b.happened) })
	for _, f := range facts {
		switch {
		case f.happened.Before(since) || f.shownFrom.After(now):
		case f.reset || f.credit:
			credits = append(credits, billing.CreditEvent{
				Provider: "polar", ProviderID: f.id, ProviderCustomerID: "pc", ProviderMeterID: tokens.ProviderID,
				Reset: f.reset, Units: billing.Credits(f.units) * billing.CreditScale, Rollover: f.rollover, OccurredAt: f.happened,
			})
		default:
			uses = append(uses, billing.ForeignEvent{
				ProviderID: f.id, ExternalID: f.externalID, ProviderCustomerID: "pc", Name: "tokens",
				Metadata: map[string]any{"tokens": f.units}, OccurredAt: f.happened,
			})
		}
	}
	return credits, uses
}

// world is our store beside the provider, on one clock.
type world struct {
	*rapid.T
	url      string
	store    *db.Store
	provider dullProvider
	now      time.Time
	made     int
	unread   bool // a late report may lie before what the next plain reading begins with
}

func (w *world) id(kind string) string { w.made++; return fmt.Sprintf("%s-%d", kind, w.made) }

func (w *world) must(err error) {
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) open() {
	store, err := db.Open(w.Context(), w.url)
	w.must(err)
	w.store = store
}

func (w *world) system(f dullFact) {
	w.now = w.now.Add(time.Millisecond)
	f.id, f.happened, f.shownFrom = w.id("credit"), w.now, w.now
	w.provider.facts = append(w.provider.facts, f)
}

// use is reported by others.
func (w *world) use(happened, shownFrom time.Time) {
	id := w.id("foreign")
	external := rapid.SampledFrom([]string{"", "x-" + id}).Draw(w.T, "external id")
	w.provider.take(dullFact{
		id: id, externalID: external, happened: happened, shownFrom: shownFrom,
		units: rapid.Int64Range(-20, 300).Draw(w.T, "foreign units"),
	})
}

func (w *world) sync(since time.Time) {
	cursor, err := w.store.EventCursor(w.Context(), "polar", "pc")
	w.must(err)
	if since.IsZero() && rapid.IntRange(0, 4).Draw(w.T, "from the cursor") > 0 && !w.unread {
		since = cursor.Since()
	}
	credits, uses := w.provider.lists(since, w.now)
	news := db.CreditNews{Provider: "polar", Cursor: cursor, Since: since, Credits: credits, Uses: uses, ReadAt: w.now}
	if rapid.Bool().Draw(w.T, "listed twice") {
		news.Credits, news.Uses = append(news.Credits, credits...), append(news.Uses, uses...)
	}
	_, err = w.store.PostCredits(w.Context(), news, allMeters, w.now)
	w.must(err)
	w.unread = false
}

// send reports what waits; an answer may be lost, and then it is sent again.
func (w *world) send() (some bool) {
	queued, err := w.store.ClaimUsage(w.Context(), "polar", 3, w.now.Add(time.Minute), w.now)
	w.must(err)
	var ids []string
	for _, q := range queued {
		ids = append(ids, q.ID)
		w.provider.take(dullFact{
			id: w.id("taken"), externalID: q.ID, happened: q.OccurredAt, shownFrom: w.now, units: tokensOf(q.Event),
		})
	}
	if len(ids) == 0 {
		return false
	}
	if rapid.Bool().Draw(w.T, "answer lost") {
		w.must(w.store.RetryUsage(w.Context(), ids, "no answer", w.now))
		_, err := w.store.ClaimUsage(w.Context(), "polar", 100, w.now.Add(time.Minute), w.now)
		w.must(err)
		all, _, err := w.store.RecentEvents(w.Context(), "ada", tokens.Ref(), "", 1000)
		w.must(err)
		ids = nil
		for _, e := range all {
			if e.State == db.UsageLeased {
				ids = append(ids, e.ID)
				w.provider.take(dullFact{id: w.id("taken"), externalID: e.ID, happened: e.OccurredAt, shownFrom: w.now, units: tokensOf(e.Event)})
			}
		}
	}
	w.must(w.store.MarkUsageSent(w.Context(), ids, w.now))
	return true
}

func tokensOf(e billing.Event) int64 {
	units, _ := tokens.Units(e)
	return int64(units / billing.CreditScale)
}

func (w *world) actions() map[string]func(*rapid.T) {
	steps := map[string]func(){
		"time passes": func() {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 4000).Draw(w.T, "minutes")) * time.Minute)
		},
		"grant": func() {
			w.system(dullFact{credit: true, units: rapid.Int64Range(1, 1000).Draw(w.T, "granted"), rollover: rapid.Bool().Draw(w.T, "rollover")})
		},
		"revoke": func() {
			w.system(dullFact{credit: true, units: -rapid.Int64Range(1, 1000).Draw(w.T, "revoked"), rollover: rapid.Bool().Draw(w.T, "rollover")})
		},
		"reset": func() { w.system(dullFact{reset: true}) },
		"renew": func() {
			left, rollover := w.provider.balance()
			w.system(dullFact{reset: true})
			if carried := max(0, min(left, rollover)); carried > 0 {
				w.system(dullFact{credit: true, units: carried, rollover: true})
			}
			w.system(dullFact{credit: true, units: 500, rollover: true})
		},
		"we use": func() {
			w.now = w.now.Add(time.Millisecond)
			happened := w.now.Add(-time.Duration(rapid.IntRange(0, 5000).Draw(w.T, "minutes ago")) * time.Minute)
			e := use(w.id("ours"), "ada", happened, rapid.Int64Range(-20, 300).Draw(w.T, "units"))
			for range rapid.IntRange(1, 2).Draw(w.T, "times") {
				_, err := w.store.RecordUsage(w.Context(), e, "polar", allMeters, w.now)
				w.must(err)
			}
		},
		"we send": func() { w.now = w.now.Add(time.Millisecond); w.send() },
		"others use": func() {
			w.now = w.now.Add(time.Millisecond)
			w.use(w.now, w.now)
		},
		"others use, and lists show it later": func() {
			w.now = w.now.Add(time.Millisecond)
			w.use(w.now, w.now.Add(db.EventLag/2))
		},
		"others report a use of long ago": func() {
			// Told apart from a use that lists were slow to show by a reading in between.
			w.now = w.now.Add(db.EventLag + time.Minute)
			w.sync(time.Time{})
			w.now = w.now.Add(time.Millisecond)
			ago := time.Duration(rapid.IntRange(int(db.EventLag/time.Minute)+2, 5000).Draw(w.T, "long ago")) * time.Minute
			w.use(w.now.Add(-ago), w.now)
			w.unread = true
		},
		"read":  func() { w.sync(time.Time{}) },
		"agree": w.agree,
		"restart": func() {
			w.must(w.store.Close())
			w.open()
		},
	}
	actions := map[string]func(*rapid.T){"": func(*rapid.T) { w.must(w.store.CheckLedger(w.Context(), "ada")) }}
	for name, step := range steps {
		actions[name] = func(*rapid.T) { step() }
	}
	return actions
}

// Whatever happens in whatever order, once everything was sent and read the wallet
// holds what the provider says, and the ledger proves itself after every step.
func TestLedgerAgreesWithProvider(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		// Each run makes dozens of commits on disk. Give -rapid.checks for more of them.
		if err := flag.Set("rapid.checks", "15"); err != nil {
			t.Fatal(err)
		}
		defer flag.Set("rapid.checks", checks.DefValue)
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{T: rt, url: dbtest.URL(t), now: noon}
		w.open()
		defer func() { w.must(w.store.Close()) }()
		w.must(link(w.Context(), w.url, w.store))
		rt.Repeat(w.actions())
		w.agree()
		w.unread = true // once more from the beginning, which must change nothing
		w.agree()
	})
}

// agree sends and reads everything, and compares.
func (w *world) agree() {
	w.now = w.now.Add(db.EventLag)
	for w.send() {
	}
	w.sync(time.Time{})
	want, _ := w.provider.balance()
	wallets, err := w.store.Wallets(w.Context(), "ada")
	w.must(err)
	var have billing.Credits
	for _, wallet := range wallets {
		s, err := w.store.CreditSums(w.Context(), "ada", wallet.Meter, time.Time{})
		w.must(err)
		if s.Balance != wallet.Balance || s.Opening != 0 || s.Opening+s.Granted+s.CarriedOver+s.Revoked+s.Used+s.Expired+s.Settled != s.Balance {
			w.Errorf("the causes do not add up: %+v", s)
		}
		if wallet.Meter == tokens.Ref() {
			have = s.Balance
		}
	}
	if have != billing.Credits(want)*billing.CreditScale {
		w.Fatalf("the ledger says %s, the provider %d", have, want)
	}
}

// link makes our customer ada and the provider's customer pc one.
func link(ctx context.Context, url string, store *db.Store) error {
	err := raw(ctx, url, "INSERT INTO customers (id, email, name, created_at) VALUES ('ada', 'ada@example.com', 'Ada', 1)")
	if err != nil {
		return err
	}
	_, err = store.Apply(ctx, billing.Change{Object: billing.Customer{
		Source:     billing.Source{Provider: "polar", ProviderID: "pc", Version: 1, CreatedAt: noon},
		ExternalID: "ada", Email: "ada@example.com",
	}}, noon)
	return err
}

// raw runs a statement beside the Store, as somebody with the file in his hands could.
func raw(ctx context.Context, url, statement string) error {
	return dbtest.Exec(ctx, url, statement)
}
