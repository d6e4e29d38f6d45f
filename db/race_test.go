package db_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestR3PullAndPushRace: copies of one object arrive by webhooks and by readings in any
// order. The highest version stays, and the mirror never goes back on the way.
func TestR3PullAndPushRace(t *testing.T) {
	store := dbtest.Open(t)
	ctx, now := context.Background(), time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	run, steps := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		me := fmt.Sprintf("customer-%d", run)
		top := int64(0)
		for _, version := range rapid.SliceOfN(rapid.Int64Range(1, 99), 80, 120).Draw(t, "versions") {
			steps++
			c := billing.Organization{Source: billing.Source{Provider: "polar", ProviderID: me, Version: version, CreatedAt: now}, Name: fmt.Sprint(version)}
			var err error
			if rapid.Bool().Draw(t, "pulled") {
				_, err = store.ApplyReading(ctx, db.Reading{Objects: []billing.Object{c}}, now)
			} else {
				_, err = store.Apply(ctx, billing.Change{Object: c}, now)
			}
			if err != nil {
				t.Fatal(err)
			}
			top = max(top, version)
			// The same copy again is news only if the mirror has not got it.
			high := c
			high.Version, high.Name = top, fmt.Sprint(top)
			read, err := store.ApplyReading(ctx, db.Reading{Objects: []billing.Object{high}}, now)
			if err != nil || read.Written != 0 {
				t.Fatalf("after version %d the mirror has not version %d (%v)", version, top, err)
			}
		}
	})
	t.Logf("%d arrivals about %d objects", steps, run)
}
