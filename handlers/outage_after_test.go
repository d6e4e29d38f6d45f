package handlers_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// wantCaughtUp waits until everything that waited has happened.
func (o *outage) wantCaughtUp(refund billing.Action) {
	o.t.Helper()
	o.passes("the provider is known to answer", func() bool { failures, _ := o.worker.ProviderFailing(); return failures == 0 })
	o.passes("nothing says any more that it is old", func() bool {
		return o.sam.get("/portal").Find("[data-stale]").Length() == 0 && o.sam.get("/plans").Find("[data-stale]").Length() == 0
	})
	sub := o.names.Replace("{sub}")
	o.passes("the cancellation has arrived", func() bool {
		there, err := o.twin.Engine.Subscription(sub)
		return err == nil && there.CancelAtPeriodEnd
	})
	o.passes("the newcomer is known", func() bool { return len(o.theirs(newcomer)) > 0 })
	o.passes("what no webhook told is read", func() bool { return o.mirrored("sam@example.com").Name == "Sam of the Outage" })
	var ours, there map[string]int
	o.passes("every use is reported", func() bool {
		ours, there = o.uses()
		return maps.Equal(ours, there)
	})
	o.passes("the refund is given", func() bool {
		a, err := o.store.Action(o.t.Context(), refund.ID)
		return err == nil && a.State == billing.ActionDone
	})
	o.wantOnce(refund)
	o.wantMirror()
	if len(ours) < 12 {
		o.t.Errorf("%d uses, want one of each hour", len(ours))
	}
}

// uses are the events of Sam's that were made here, by id, and those of them that the
// provider has, each with how often.
func (o *outage) uses() (ours, there map[string]int) {
	o.t.Helper()
	ours, there = map[string]int{}, map[string]int{}
	id := o.user("sam@example.com").ID
	for before := ""; ; {
		list, next, err := o.store.RecentEvents(o.t.Context(), id, noMeter, before, 200)
		if err != nil {
			o.t.Fatal(err)
		}
		for _, e := range list {
			if e.State != db.UsageForeign { // what others reported to the provider
				ours[e.ID]++
			}
		}
		if before = next; next == "" {
			break
		}
	}
	err := o.twin.Engine.Read(func(v *twin.View) error {
		for _, e := range v.Events("") {
			if ours[e.ExternalID] > 0 {
				there[e.ExternalID]++
			}
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return ours, there
}

// wantOnce: nothing that was asked for happened twice.
func (o *outage) wantOnce(refund billing.Action) {
	o.t.Helper()
	if made := o.theirs(newcomer); len(made) != 1 || made[0].ExternalID != o.user(newcomer).ID {
		o.t.Errorf("the newcomer is %+v at the provider, want one customer with our id", made)
	}
	given := 0
	err := o.twin.Engine.Read(func(v *twin.View) error {
		for _, r := range v.Refunds() {
			if fmt.Sprint(r.Metadata[billing.RefundKey]) == refund.ID {
				given++
			}
		}
		return nil
	})
	if err != nil || given != 1 {
		o.t.Errorf("%d refunds (%v), want 1", given, err)
	}
}

// wantMirror: a reading that only compares finds no difference in anything, and what Sam
// sees is what the provider has of him.
func (o *outage) wantMirror() {
	o.t.Helper()
	ctx, me := o.t.Context(), o.user("sam@example.com").ID
	o.passes("nothing waits any more", func() bool { return (&office{stack: o.stack}).quiet() })
	o.later(5 * time.Minute) // differences of the last two minutes are not reported
	id, err := o.store.AskForPass(ctx, "polar", db.PassDry, "", o.now())
	if err != nil {
		o.t.Fatal(err)
	}
	o.worker.Poke()
	var pass db.Pass
	o.passes("a reading compares everything", func() bool {
		pass, err = o.store.Pass(ctx, id)
		return err == nil && pass.State != db.StateWaiting && pass.State != db.StateRunning
	})
	if pass.State != db.StateDone || pass.Found != 0 || pass.Objects < 50 {
		o.t.Errorf("compared with the provider: %+v", pass)
	}
	theirs := o.theirs("sam@example.com")[0].ID
	subs, err := o.store.Subscriptions(ctx, me)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, there := range o.twin.Engine.SubscriptionsOf(theirs) {
		at := slices.IndexFunc(subs, func(sub billing.Subscription) bool { return sub.ProviderID == there.ID })
		if at < 0 || subs[at].CancelAtPeriodEnd != there.CancelAtPeriodEnd || !subs[at].PeriodEnd.Equal(there.PeriodEnd.Truncate(time.Millisecond)) {
			o.t.Errorf("subscription %s is not as the provider has it", there.ID)
		}
	}
	orders, _, err := o.store.Orders(ctx, me, db.Page{Size: 200})
	if want := o.twin.Engine.OrdersOf(theirs); err != nil || len(orders) != len(want) {
		o.t.Errorf("%d orders (%v), want %d", len(orders), err, len(want))
	}
}
