package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// absent is a provider of which nothing is known but whether it answers.
type absent struct{ down atomic.Bool }

func (a *absent) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.down.Load() {
		return nil, errors.New("connection refused")
	}
	return answer(r, http.StatusNotFound, http.Header{"Content-Type": {"application/json"}}, []byte(`{"error":"ResourceNotFound","detail":"Not found"}`)), nil
}

// TestR7TheCircuitFollowsTheProvider: under a steady arrival of webhooks, whose objects are
// read anew, the provider is known to be down within 5 seconds of the first failure, and
// known to be back within 60 seconds of its return, however long it was away.
func TestR7TheCircuitFollowsTheProvider(t *testing.T) {
	dbtest.SQLiteOnly(t, "the clock of a bubble stands still while a socket is waited for")
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store, err := db.Open(t.Context(), "file:"+filepath.Join(folder, "ours.db"))
		if err != nil {
			t.Fatal(err)
		}
		wire := &absent{}
		provider, err := polar.New(polar.Config{
			Token: "t", WebhookSecrets: []string{"unused"}, Server: "http://provider", HTTP: &http.Client{Transport: wire}, Log: slog.New(slog.DiscardHandler),
			RequestsPerMinute: 1_000_000, // the pace is tested elsewhere
		})
		if err != nil {
			t.Fatal(err)
		}
		w := New(Config{Store: store, Provider: provider, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		for i, l := range w.loops {
			if l.name == "inbox" {
				running.Go(func() { w.run(ctx, l, w.wakes[i]) })
			}
		}
		defer func() {
			stop()
			running.Wait()
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}()
		sent := 0
		// follows sends webhooks until the state is reached, and returns how long that took.
		follows := func(failing bool, every, most time.Duration) time.Duration {
			began := time.Now()
			for time.Since(began) <= most {
				sent++
				id := fmt.Sprintf("organization-%d", sent)
				body := fmt.Sprintf(`{"type":"product.updated","timestamp":"2026-05-04T10:00:00Z","data":{"id":%q,"created_at":"2026-05-04T10:00:00Z",`+
					`"modified_at":null,"name":"P","is_archived":false,"is_recurring":false,"prices":[],"benefits":[],"metadata":{}}}`, id)
				d := billing.Delivery{Provider: "polar", ID: id, Type: "product.updated", SentAt: time.Now(), Body: []byte(body),
					Object: billing.Ref{Provider: "polar", Kind: billing.KindProduct, ProviderID: id}}
				if _, err := store.Receive(ctx, d, "/webhooks/polar", time.Now()); err != nil {
					t.Fatal(err)
				}
				w.Poke()
				time.Sleep(every)
				if failures, _ := w.ProviderFailing(); failures > 0 == failing {
					return time.Since(began)
				}
			}
			t.Fatalf("after %s the provider is not known to be down: %v", most, failing)
			return 0
		}
		for _, away := range []time.Duration{10 * time.Second, 5 * time.Minute, 12 * time.Hour} {
			if follows(false, time.Second, 10*time.Second); sent == 0 {
				t.Fatal("nothing was sent")
			}
			wire.down.Store(true)
			follows(true, 50*time.Millisecond, time.Minute)
			since, _ := w.circuit.down() // the first failure
			opened := time.Since(since)
			if opened > 5*time.Second {
				t.Errorf("known to be down %s after the first failure", opened)
			}
			for end := time.Now().Add(away); time.Now().Before(end); time.Sleep(away / 20) {
				if failures, _ := w.ProviderFailing(); failures == 0 {
					t.Errorf("%s away: the provider is taken to be back", away)
				}
				follows(true, time.Second, 10*time.Second)
			}
			wire.down.Store(false)
			closed := follows(false, time.Second, time.Minute)
			t.Logf("%s away: known after %s, and its return after %s", away, opened, closed)
		}
	})
}
