package polar_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/twin"
	"counterfoil/twin/server"
)

// restless changes what the twin has before each page but the first.
type restless struct {
	*polar.Provider
	reads  int
	before func()
}

func (r *restless) List(ctx context.Context, kind billing.Kind, page int) (billing.Page, error) {
	if r.reads++; r.reads > 1 {
		r.before()
	}
	return r.Provider.List(ctx, kind, page)
}

// TestR4PagingWhileObjectsChange reads all customers 200 times, while some are made and
// some deleted between the pages: of those that were there all the time none is skipped.
func TestR4PagingWhileObjectsChange(t *testing.T) {
	w := newQuietWorld(t)
	random := rand.New(rand.NewPCG(4, 200))
	var living []string // oldest first
	made := 0
	grow := func() {
		made++
		c, err := w.twin.Engine.CreateCustomer(t.Context(), twin.CustomerInput{Email: new(fmt.Sprintf("c%d@example.com", made))})
		if err != nil {
			t.Fatal(err)
		}
		living = append(living, c.ID)
	}
	shrink := func() {
		at := random.IntN(len(living))
		if err := w.twin.Engine.DeleteCustomer(t.Context(), living[at], false); err != nil {
			t.Fatal(err)
		}
		living = append(living[:at:at], living[at+1:]...)
	}
	for range 310 {
		grow()
	}
	runs := 200
	if testing.Short() {
		runs = 30
	}
	began := time.Now()
	for run := range runs {
		before := living
		r := &restless{Provider: w.Provider, before: func() {
			for range random.IntN(4) {
				grow()
				shrink()
			}
		}}
		seen := map[string]bool{}
		err := billing.EachPage(t.Context(), r, billing.KindCustomer, 0, func(p billing.Page) error {
			for _, o := range p.Objects {
				seen[o.Ref().ProviderID] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		still := map[string]bool{}
		for _, id := range living {
			still[id] = true
		}
		for _, id := range before {
			if still[id] && !seen[id] {
				t.Errorf("run %d: %s was skipped", run, id)
			}
		}
	}
	t.Logf("%d runs with %d customers made in %s", runs, made, time.Since(began).Round(time.Millisecond))
}

// newQuietWorld is a twin without seed or webhooks, and a provider that talks to it.
func newQuietWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	var err error
	w.twin, err = server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.twin.Close(); err != nil {
			t.Error(err)
		}
	})
	w.Provider, err = polar.New(polar.Config{
		Token: server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: w.twin.BaseURL,
		Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return w
}
