//go:build linux

package chaos

import (
	"regexp"
	"slices"
	"testing"
	"time"
)

// mutation breaks one place of the product, if the run asks for its control. It is text,
// applied after the failpoints have become calls, and must fit exactly once.
type mutation struct {
	control, file, old, new string
}

// control is one way in which software like this is wrong, and what the ring must say
// of it. A ring that lets one pass proves nothing.
type control struct {
	name  string
	finds string // a fault of the run, as a regular expression
}

// The controls of the inbox and the mirror.
var mirrorControls = []control{
	{"acknowledge before the commit", `acknowledged but missing`},
	{"no de-duplication of deliveries", `the inbox holds`},
	{"version compare reversed", `the mirror .* is not the model's`},
	{"a tombstone can be overwritten", `the mirror .* is not the model's`},
	{"repetitions are newer", `the mirror .* is not the model's`},
	{"a stale read of the same tick wins", `the mirror .* is not the model's`},
}

// The controls of the hooks.
var hookControls = []control{
	{"hook done before it is called", `the host was not told`},
	{"facts are not de-duplicated", `the host was not told`},
	{"delivery done before it is applied", `the host was not told`},
}

// The controls of the usage outbox.
var usageControls = []control{
	{"usage sent before it is accepted", `events are not at the provider`},
	{"event id is not stable", `events that nobody made`},
}

var controls = []mutation{
	{
		"usage sent before it is accepted", "worker/usage.go", "	_, err := ask(ctx, w, func(ctx context.Context) (struct{}, error) {",
		`	if broken("usage sent before it is accepted") {
		_ = w.Store.MarkUsageSent(keep, ids(batch), w.Now())
	}
	_, err := ask(ctx, w, func(ctx context.Context) (struct{}, error) {`,
	},
	{
		"event id is not stable", "billing/polar/usage_send.go", "ExternalID: polargo.String(e.ID)",
		`ExternalID: polargo.String(unstable("event id is not stable", e.ID))`,
	},
	{
		"hook done before it is called", "worker/hooks.go", `failpoint("hook.before_call")`,
		`if broken("hook done before it is called") {
		w.endHook(keep, call, db.StateDone, "", w.Now())
	}
	failpoint("hook.before_call")`,
	},
	{
		"facts are not de-duplicated", "db/facts.go", "	row := gen.NoteFactParams{",
		`	if broken("facts are not de-duplicated") {
		f.Key += NewID()
	}
	row := gen.NoteFactParams{`,
	},
	{
		"delivery done before it is applied", "worker/inbox.go", `failpoint("apply.before")`,
		`if broken("delivery done before it is applied") {
		if _, err := w.Store.ApplyDelivery(ctx, d, billing.Change{}, w.Now()); err != nil {
			return err
		}
		failpoint("apply.before")
		_, err := w.Store.Apply(ctx, change, w.Now())
		failpoint("apply.after_commit") // or lives would wait for it in vain, and be told everything again
		return err
	}
	failpoint("apply.before")`,
	},
	{
		"acknowledge before the commit", "handlers/webhooks.go", `failpoint("inbox.before_insert")`,
		`failpoint("inbox.before_insert")
	if broken("acknowledge before the commit") {
		w.WriteHeader(http.StatusAccepted)
		answered(w)
	}`,
	},
	{
		"no de-duplication of deliveries", "db/gen/inbox.sql.go", "arg.DeliveryID,",
		`unstable("no de-duplication of deliveries", arg.DeliveryID),`,
	},
	{
		"version compare reversed", "db/gen/mirror.sql.go", "ExecContext(ctx, upsertOrder,",
		`ExecContext(ctx, rewritten("version compare reversed", upsertOrder, "excluded.version > orders.version", "excluded.version < orders.version"),`,
	},
	{
		"a tombstone can be overwritten", "db/gen/mirror.sql.go", "ExecContext(ctx, upsertProviderCustomer,",
		`ExecContext(ctx, rewritten("a tombstone can be overwritten", upsertProviderCustomer, "WHERE provider_customers.deleted_at IS NULL", "WHERE 1"),`,
	},
	{
		"repetitions are newer", "db/gen/mirror.sql.go", "ExecContext(ctx, upsertSubscription,",
		`ExecContext(ctx, rewritten("repetitions are newer", upsertSubscription, "excluded.version > subscriptions.version", "excluded.version > 0"),`,
	},
	{
		"a stale read of the same tick wins", "worker/inbox.go", "current.ObjectVersion() > change.Object.ObjectVersion()",
		`(current.ObjectVersion() > change.Object.ObjectVersion() ||
			broken("a stale read of the same tick wins") && current.ObjectVersion() == change.Object.ObjectVersion())`,
	},
}

// inShort are the controls of the short tier; the long one has all.
var inShort = []string{
	"acknowledge before the commit", "no de-duplication of deliveries", "version compare reversed",
	"hook done before it is called", "facts are not de-duplicated", "usage sent before it is accepted",
}

// TestEveryBrokenVariantIsCaught runs the ring against each control until it says what
// is wrong, and tells how many kills that took.
func TestEveryBrokenVariantIsCaught(t *testing.T) {
	needsTime(t)
	binary, err := builds.controls()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range slices.Concat(mirrorControls, hookControls, usageControls) {
		if *tier != "long" && !slices.Contains(inShort, c.name) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.mustBeCaught(t, binary)
		})
	}
}

// mustBeCaught repeats small runs of a control until one says what is wrong.
func (c control) mustBeCaught(t *testing.T, binary string) {
	finds := regexp.MustCompile(c.finds)
	small := size{customers: 20, events: 200, random: 4, each: 1, patience: 5 * time.Second}
	kills := 0
	for range 10 {
		var r *run
		if slices.Contains(usageControls, c) {
			r, _ = use(t, binary, c.name, 200, 2, 1)
		} else {
			r, _ = fight(t, binary, c.name, small)
		}
		kills += r.killed()
		for _, fault := range r.broken {
			if finds.MatchString(fault) {
				t.Logf("caught after %d kills: %.200s", kills, fault)
				return
			}
		}
	}
	t.Errorf("not caught by %d kills", kills)
}
