package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/db"
)

// find is our id of the latest delivery of a type.
func (o *office) find(factType string) string {
	o.t.Helper()
	list, _, err := o.store.Deliveries(o.t.Context(), db.DeliveryFilter{Type: factType}, "", 1)
	if err != nil || len(list) == 0 {
		o.t.Fatalf("no delivery of type %s: %v", factType, err)
	}
	return list[0].RowID
}

// rehearsalTellsAndWritesNothing: the page says what applying a delivery would change,
// in the mirror, in facts, hooks and jobs; no table differs afterwards; then it is applied,
// and the page says that nothing is left to change.
func rehearsalTellsAndWritesNothing(t *testing.T, o *office) {
	id := o.find("order.paid")
	page := o.olive.get("/admin/deliveries/" + id)
	o.olive.wants(page, http.StatusOK, "order.paid", "Applied", "/webhooks/polar")
	rehearse := `form[action$="/rehearse"]`
	o.olive.wants(o.olive.submit(page, rehearse, nil), http.StatusOK, "Nothing. Everything that this delivery says is known")

	o.exec(`DELETE FROM hook_calls`)
	o.exec(`DELETE FROM facts WHERE type = 'order.paid'`)
	o.exec(`UPDATE orders SET status = 'pending', version = version - 1`)
	before := o.rows()
	told := o.olive.wants(o.olive.submit(page, rehearse, nil), http.StatusOK, "Statuspendingpaid", "New fact order.paid", "told to: url", "read credits")
	if after := o.rows(); after != before {
		t.Fatal("a rehearsal changed the database")
	}
	if told.Find("#rehearsal .diff tbody tr").Length() < 2 {
		t.Errorf("the difference has %d fields", told.Find("#rehearsal .diff tbody tr").Length())
	}
	o.olive.submit(page, `form[action$="/replay"]`, nil)
	o.work()
	if o.rows() == before {
		t.Fatal("applying changed nothing that is compared") // the control
	}
	o.olive.wants(o.olive.submit(page, rehearse, nil), http.StatusOK, "Nothing.")
}

// replayChangesNothingTwice: every delivery of the day applied again, pressed twice,
// makes no fact, no hook call and no credit entry.
func replayChangesNothingTwice(t *testing.T, o *office) {
	effects := []string{"facts", "hook_calls", "ledger_entries", "ledger_transactions", "orders", "subscriptions"}
	strict := func() string { // copies are new, what they say is not
		o.exec(`UPDATE orders SET copied_at = 0`)
		o.exec(`UPDATE subscriptions SET copied_at = 0`)
		return o.rows(effects...)
	}
	before := strict()
	form := o.olive.get("/admin/replay")
	dry := o.olive.wants(o.olive.submit(form, `form[action="/admin/replay"]`, nil), http.StatusOK, "none of them changes anything")
	for range 2 {
		answer := o.olive.submit(dry, `form[action="/admin/replay/apply"]`, nil)
		o.olive.wants(answer, http.StatusOK, "They wait to be applied")
	}
	if o.quiet() {
		t.Fatal("nothing waits to be applied again")
	}
	o.work()
	if after := strict(); after != before {
		t.Errorf("a replay of everything changed something:\n%s", difference(before, after))
	}
	if list, _, err := o.store.Deliveries(t.Context(), db.DeliveryFilter{State: db.StateParked}, "", 9); err != nil || len(list) > 0 {
		t.Errorf("%d deliveries are parked after a replay, %v", len(list), err)
	}
	for _, bad := range []url.Values{{}, {"from": {"2026-01-02T00:00"}, "to": {"2026-01-01T00:00"}}, {"from": {"x"}, "to": {strings.Repeat("9", 1000)}}} {
		for _, path := range []string{"/admin/replay", "/admin/replay/apply"} {
			o.olive.wants(o.olive.post(path, bad), http.StatusBadRequest, "Give both times")
		}
	}
}

// difference is the lines that only one of two texts has.
func difference(a, b string) string {
	var lines []string
	for _, line := range strings.Split(b, "\n") {
		if !strings.Contains(a, line) {
			lines = append(lines, "+ "+line)
		}
	}
	for _, line := range strings.Split(a, "\n") {
		if !strings.Contains(b, line) {
			lines = append(lines, "- "+line)
		}
	}
	return fmt.Sprintf("%.2000s", strings.Join(lines, "\n"))
}
