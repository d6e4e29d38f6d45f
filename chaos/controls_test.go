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

var controls = []mutation{
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
		"no de-duplication of deliveries", "db/gen/inbox.sql.go", "ExecContext(ctx, receiveDelivery,",
		`ExecContext(ctx, rewritten("no de-duplication of deliveries", receiveDelivery, "VALUES (?1, ?2, ?3, ?4,",
			"VALUES (?1, ?2, ?3, ?4 || CASE WHEN EXISTS (SELECT 1 FROM inbox WHERE endpoint = ?3 AND delivery_id = ?4) THEN hex(randomblob(4)) ELSE '' END,"),`,
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

// TestEveryBrokenVariantIsCaught runs the ring against each control until it says what
// is wrong, and tells how many kills that took.
func TestEveryBrokenVariantIsCaught(t *testing.T) {
	needsTime(t)
	binary, err := builds.controls()
	if err != nil {
		t.Fatal(err)
	}
	small := size{customers: 20, events: 200, random: 4, each: 1, patience: 10 * time.Second}
	for _, c := range slices.Concat(mirrorControls, hookControls) {
		t.Run(c.name, func(t *testing.T) {
			finds := regexp.MustCompile(c.finds)
			kills := 0
			for range 10 {
				r, _ := fight(t, binary, c.name, small)
				kills += r.killed()
				for _, fault := range r.broken {
					if finds.MatchString(fault) {
						t.Logf("caught after %d kills: %.200s", kills, fault)
						return
					}
				}
			}
			t.Errorf("not caught by %d kills", kills)
		})
	}
}
