package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// oneCauseIsOnePress: what one cause set aside a thousand times is one card of the front
// page, which hides nothing else, and begins anew by one press, all of it.
func oneCauseIsOnePress(t *testing.T, o *office) {
	const many = 1203
	for i := range many {
		o.exec(fmt.Sprintf(`INSERT INTO inbox (id, provider, endpoint, delivery_id, type, body, sent_at, received_at, state, next_try_at, error)
			VALUES ('many-%04d', 'polar', '/w', 'many-%04d', 'order.heavy', '', 1, 1, 'parked', 1, 'too heavy')`, i, i))
	}
	o.exec(`INSERT INTO usage_events (id, customer_id, provider, name, occurred_at, received_at, state, error) VALUES
		('many-1', 'c', 'polar', 'ai_usage', 1, 1, 'parked', 'unknown meter'), ('many-2', 'c', 'polar', 'ai_usage', 1, 1, 'parked', 'unknown meter')`)
	o.exec(`INSERT INTO facts (key, type, provider, object_kind, object_id, mark, version, body, occurred_at, noted_at) SELECT 'fact-' || id, 'order.paid', 'polar', 'order', id, '', 1, '{}', 1, 1 FROM inbox WHERE id LIKE 'many-%'`)
	o.exec(`INSERT INTO hook_calls (id, target, fact_key, state, next_try_at, error) SELECT id, 'url', 'fact-' || id, 'parked', 1, 'answered 500' FROM inbox WHERE id LIKE 'many-%'`)
	for _, a := range []billing.Alarm{
		{Kind: billing.AlarmDeliveryParked, Subject: "many-0001"}, {Kind: billing.AlarmDeliveryParked, Subject: "many-0002"}, {Kind: billing.AlarmDeliveryParked, Subject: "many-0003"},
		{Kind: billing.AlarmDeliveryParked, Subject: "many-0004"}, {Kind: billing.AlarmJobParked, Subject: "send_mail/m-1", Detail: "550 user unknown"},
		{Kind: billing.AlarmJobParked, Subject: "create_customer/c-1", Detail: "the address is taken"},
	} {
		if _, err := o.store.Raise(t.Context(), a, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	page := o.olive.wants(o.olive.get("/admin"), http.StatusOK, "and 1,200 more like these", "A mail could not be sent", "whoever waits for it asks for a new one", "the address is taken")
	if n := page.Find(`[data-alarm="delivery_parked"]`).Length(); n != 1 {
		t.Errorf("%d cards for deliveries that one cause set aside", n)
	}
	list := o.olive.wants(o.olive.get(page.Find(`[data-alarm="delivery_parked"] a.btn`).AttrOr("href", "")), http.StatusOK, "Try all 1,203 parked again", "order.heavy")
	o.olive.wants(o.olive.submit(list, `form[action="/admin/deliveries/retry"]`, nil), http.StatusOK, "They are tried again", "order.heavy")
	o.olive.wants(o.olive.submit(list, `form[action="/admin/deliveries/retry"]`, nil), http.StatusOK, "nothing to do")
	o.olive.wants(o.olive.submit(o.olive.get("/admin/hooks?state=parked"), `form[action="/admin/hooks/resend"]`, nil), http.StatusOK, "sent again", "Parked 0")
	o.olive.wants(o.olive.submit(o.olive.get("/admin/jobs"), `form[action="/admin/usage/retry"]`, nil), http.StatusOK, "begins anew")
	parked, err := o.store.CountParked(t.Context())
	if err != nil || parked.Deliveries+parked.Hooks+parked.Usage > 0 {
		t.Errorf("still parked: %+v, %v", parked, err)
	}
	o.exec(`DELETE FROM hook_calls WHERE id LIKE 'many-%'`)
	o.exec(`DELETE FROM inbox WHERE id LIKE 'many-%'`)
	o.exec(`DELETE FROM usage_events WHERE id LIKE 'many-%'`)
}

// listStaysWhereItWas: a button in a list leads back to that page of that list; and a proof
// that was asked for beside a rehearsal leads back to a page that is there.
func listStaysWhereItWas(t *testing.T, o *office) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+"/admin/hooks/"+unknownID+"/resend", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Referer", o.url+"/admin/hooks?state=done&target=url&done=resent")
	if page := o.olive.wants(o.olive.do(r), http.StatusOK, "nothing to do"); page.url.RawQuery != "done=nothing&state=done&target=url" {
		t.Errorf("the button led to %s", page.url)
	}
	id := o.find("order.paid")
	for _, path := range []string{"/admin/deliveries/" + id + "/rehearse", "/admin/replay/apply"} {
		o.olive.wants(o.olive.get(path), http.StatusOK)
	}
}

// searchIsNarrowedDown: type, object and state count together, and stay while one turns
// from state to state.
func searchIsNarrowedDown(t *testing.T, o *office) {
	for i, kind := range []string{"seek.one", "seek.one", "seek.two"} {
		o.receive(billing.Delivery{Provider: "elsewhere", ID: fmt.Sprint("seek", i), Type: kind, SentAt: time.Now(), Body: []byte("{}"), Object: billing.Ref{Provider: "elsewhere", ProviderID: fmt.Sprint("sought", i%2)}})
	}
	o.exec(`UPDATE inbox SET state = 'parked' WHERE delivery_id = 'seek0'`)
	count := func(query url.Values) int {
		return o.olive.wants(o.olive.get("/admin/deliveries?"+query.Encode()), http.StatusOK).Find("tr[data-delivery]").Length()
	}
	for _, c := range []struct {
		kind, object, state string
		want                int
	}{
		{"seek.one", "", "", 2}, {"", "sought0", "", 2}, {"seek.one", "sought0", "", 1}, {"seek.two", "sought1", "", 0},
		{"seek.one", "", db.StateParked, 1}, {"seek.one", "", db.StateWaiting, 1}, {"", "sought0", db.StateParked, 1}, {"", "sought1", db.StateParked, 0},
	} {
		if n := count(url.Values{"type": {c.kind}, "object": {c.object}, "state": {c.state}}); n != c.want {
			t.Errorf("type %q, object %q, state %q: %d deliveries, want %d", c.kind, c.object, c.state, n, c.want)
		}
	}
	page := o.olive.get("/admin/deliveries?type=seek.one")
	if tab := page.Find(`nav.choices a:contains("Parked")`).AttrOr("href", ""); !strings.Contains(tab, "type=seek.one") {
		t.Errorf("the tab forgets what was searched for: %s", tab)
	}
	o.exec(`DELETE FROM inbox WHERE delivery_id LIKE 'seek%'`)
}
