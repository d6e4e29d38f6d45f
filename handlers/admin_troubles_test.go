package handlers_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// oneClickTriesAgain: a delivery that was set aside is an alarm on every page of
// the operator, with its reason; one press has it tried again, and the alarm ends.
func oneClickTriesAgain(t *testing.T, o *office) {
	id := o.receive(billing.Delivery{Provider: "elsewhere", ID: "p1", Type: "order.poison", SentAt: time.Now(), Body: []byte("{}")})
	claimed, err := o.store.ClaimDeliveries(t.Context(), 1, time.Now().Add(time.Minute), time.Now())
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %d, %v", len(claimed), err)
	}
	if err := o.store.FailDelivery(t.Context(), claimed[0], "it can never be <b>applied</b>", true, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.store.Raise(t.Context(), billing.Alarm{Kind: billing.AlarmDeliveryParked, Subject: id, Detail: "order.poison"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if bar := o.olive.get("/portal").Find(".alarm-bar"); bar.Length() != 1 || !strings.Contains(bar.Text(), "set aside") {
		t.Errorf("the operator's portal shows %q", bar.Text())
	}
	if o.sam.get("/portal").Find(".alarm-bar").Length() > 0 {
		t.Error("a customer sees the operator's alarms")
	}
	o.olive.wants(o.olive.get("/admin"), http.StatusOK, "A delivery could not be applied", "Read its error")
	page := o.olive.wants(o.olive.get("/admin/deliveries"), http.StatusOK, "order.poison", "it can never be <b>applied</b>", "Parked")
	page = o.olive.get(page.Find(`tr[data-delivery] a`).AttrOr("href", ""))
	o.olive.wants(o.olive.submit(page, `form[action$="/rehearse"]`, nil), http.StatusOK, "It would fail:", "elsewhere")
	o.exec(`UPDATE inbox SET state = 'done' WHERE type = 'order.poison'`) // as one is whose provider was configured then
	stretch := o.olive.submit(o.olive.get("/admin/replay"), `form[action="/admin/replay"]`, nil)
	o.exec(`UPDATE inbox SET state = 'parked' WHERE type = 'order.poison'`)
	o.olive.wants(stretch, http.StatusOK, "order.poison", "It cannot be applied")
	for range 2 {
		o.olive.wants(o.olive.submit(page, `form[action$="/replay"]`, nil), http.StatusOK, "It waits to be applied", "Waiting")
	}
	o.olive.wants(o.olive.post("/admin/deliveries/"+unknownID+"/replay", nil), http.StatusNotFound)
}

// hooksAreResent: each call is shown with its key, tries and last answer; one that is
// parked or done is made again by a press, all parked ones by another.
func hooksAreResent(t *testing.T, o *office) {
	calls, err := o.store.ClaimHooks(t.Context(), "url", 3, time.Now().Add(time.Minute), time.Now())
	if err != nil || len(calls) != 3 {
		t.Fatalf("claimed %d, %v", len(calls), err)
	}
	for i, state := range []string{db.StateParked, db.StateParked, db.StateDone} {
		if err := o.store.EndHook(t.Context(), calls[i], state, "answered <500>", time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	page := o.olive.wants(o.olive.get("/admin/hooks"), http.StatusOK, "Parked 2", "Done 1", calls[0].Fact.Key, calls[0].Fact.Type, "answered <500>", "1 try")
	one := fmt.Sprintf(`li[data-call=%q] form`, calls[0].ID)
	o.olive.wants(o.olive.submit(page, one, nil), http.StatusOK, "sent again", "Parked 1")
	o.olive.wants(o.olive.submit(page, one, nil), http.StatusOK, "nothing to do")
	o.olive.wants(o.olive.submit(page, `form[action="/admin/hooks/resend"]`, nil), http.StatusOK, "sent again", "Parked 0")
	o.olive.wants(o.olive.post("/admin/hooks/resend", url.Values{"target": {"none"}}), http.StatusOK, "nothing to do")
	done := o.olive.get("/admin/hooks?state=done")
	o.olive.wants(o.olive.submit(done, `li[data-call] form`, nil), http.StatusOK, "sent again")
	again, err := o.store.ClaimHooks(t.Context(), "url", 1000, time.Now().Add(time.Minute), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]byte{}
	for _, call := range again {
		keys[call.Fact.Key] = call.Body
	}
	for _, call := range calls {
		if !bytes.Equal(keys[call.Fact.Key], call.Body) {
			t.Errorf("call %s does not come again with the same key and body", call.Fact.Key)
		}
	}
}

// troublesAreSettled: a parked job begins anew, a refused event is asked for again or
// dismissed with a reason that is kept; a mail whose text is gone has no button.
func troublesAreSettled(t *testing.T, o *office) {
	for _, kind := range []string{db.JobReconcileCatalog, db.JobSendMail} {
		if err := o.store.Enqueue(t.Context(), db.Job{Kind: kind, Key: "trouble"}, time.Time{}, time.Now()); err != nil {
			t.Fatal(err)
		}
		job, err := o.store.ClaimJob(t.Context(), kind, time.Now().Add(time.Minute), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := o.store.ParkJob(t.Context(), job, "no such "+kind); err != nil {
			t.Fatal(err)
		}
	}
	o.exec(`INSERT INTO usage_events (id, customer_id, provider, name, occurred_at, received_at, state, error) VALUES
		('refused-1', 'c', 'polar', 'ai_usage', 1, 1, 'parked', 'unknown meter'), ('refused-2', 'c', 'polar', 'ai_usage', 1, 1, 'parked', 'too old')`)
	page := o.olive.wants(o.olive.get("/admin/jobs"), http.StatusOK, "read the catalog", "no such reconcile_catalog", "send a mail", "unknown meter", "too old")
	if n := page.Find(`li[data-job] form`).Length(); n != 1 {
		t.Errorf("%d jobs can be begun anew, want 1: a parked mail has lost its text", n)
	}
	o.olive.wants(o.olive.submit(page, `li[data-job] form`, nil), http.StatusOK, "begins anew")
	o.olive.wants(o.olive.submit(page, `li[data-job] form`, nil), http.StatusOK, "nothing to do")
	o.olive.wants(o.olive.submit(page, `li[data-usage="refused-1"] form[action$="/retry"]`, nil), http.StatusOK, "begins anew")
	dismiss := `li[data-usage="refused-2"] form.dismiss`
	o.olive.wants(o.olive.submit(page, dismiss, map[string]string{"reason": " "}), http.StatusBadRequest, "Give a reason")
	o.olive.wants(o.olive.submit(page, dismiss, map[string]string{"reason": "a test of ours"}), http.StatusOK, "both reasons are kept")
	o.olive.wants(o.olive.submit(page, dismiss, map[string]string{"reason": "again"}), http.StatusOK, "nothing to do")
	rows := o.rows("usage_events")
	if !strings.Contains(rows, "a test of ours (too old)") || !strings.Contains(rows, " dismissed ") || strings.Contains(rows, " parked ") {
		t.Errorf("usage events:\n%.1000s", rows)
	}
	for _, hostile := range []string{"%00", "'%22%3E", "..%2F..", strings.Repeat("a", 3000)} {
		for _, path := range []string{"/admin/deliveries/", "/admin/deliveries?before=", "/admin/deliveries?type=", "/admin/deliveries?object=",
			"/admin/hooks?before=", "/admin/hooks?target=", "/admin/hooks?state=", "/admin?done="} {
			if page := o.olive.get(path + hostile); page.status >= 500 {
				t.Errorf("GET %s%.20s answered %d", path, hostile, page.status)
			}
		}
	}
}
