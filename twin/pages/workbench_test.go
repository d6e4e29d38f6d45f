package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterfoil/twin"
)

func TestMailbox(t *testing.T) {
	w := newWorld(t)
	if got := w.get("/_twin/mail").expect(t, http.StatusOK).says("main"); !strings.Contains(got, "No mail yet") {
		t.Errorf("an empty mailbox says %s", got)
	}
	if got := w.get("/_twin/mail.json").body; strings.TrimSpace(got) != `{"items":[]}` {
		t.Errorf("an empty mailbox answers %s", got)
	}
	first, err := w.engine.SaveMail(t.Context(), twin.Mail{
		From: "portal@example.com", To: []string{"Noor@example.com"}, Subject: "Your code <b>",
		Text: "Code 493 021.\nOr open (http://localhost:8080/login?a=1&b=2).\n<script>alert(1)</script>",
		HTML: `<html><head><style>p{color:red}</style></head><body><p><a href="http://localhost:8080/">Open</a></p></body></html>`,
	})
	w.must(err)
	_, err = w.engine.SaveMail(t.Context(), twin.Mail{From: "portal@example.com", To: []string{"sam@example.com"}, Text: "Second"})
	w.must(err)

	var answer struct{ Items []mailJSON }
	w.must(json.Unmarshal([]byte(w.get("/_twin/mail.json").body), &answer))
	if len(answer.Items) != 2 || answer.Items[0].Text != "Second" || answer.Items[1].ID != first.ID {
		t.Errorf("items %+v", answer.Items)
	}
	w.must(json.Unmarshal([]byte(w.get("/_twin/mail.json?to=noor@example.com").body), &answer))
	if len(answer.Items) != 1 || answer.Items[0].Subject != "Your code <b>" {
		t.Errorf("items to noor %+v", answer.Items)
	}
	list := w.get("/_twin/mail").expect(t, http.StatusOK)
	if got := list.Find(".mails strong").First().Text(); got != "(no subject)" || list.Find(".mails a").Length() != 2 {
		t.Errorf("list begins with %q", got)
	}
	page := w.get("/_twin/mail/"+first.ID).expect(t, http.StatusOK)
	if got := page.Find(".letter").Text(); got != first.Text {
		t.Errorf("text %q, want %q", got, first.Text)
	}
	if got := page.Find(".letter a").AttrOr("href", ""); got != "http://localhost:8080/login?a=1&b=2" {
		t.Errorf("link %q", got)
	}
	frame := page.Find("iframe")
	if _, ok := frame.Attr("sandbox"); !ok || strings.Contains(frame.AttrOr("sandbox", ""), "allow-scripts") {
		t.Error("the frame is not sandboxed")
	}
	letter := w.get(frame.AttrOr("src", "")).expect(t, http.StatusOK)
	if policy := letter.header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox allow-popups") || !strings.Contains(policy, "frame-ancestors 'self'") {
		t.Errorf("policy of the letter %q", policy)
	}
	if letter.Find("base[target=_blank]").Length() != 1 {
		t.Error("links of the letter stay in the frame")
	}
	w.get("/_twin/mail/unknown").expect(t, http.StatusNotFound)
	w.get("/_twin/mail/unknown/letter").expect(t, http.StatusNotFound)
}

func TestWorkbench(t *testing.T) {
	w := newWorld(t)
	address, types := "http://127.0.0.1:9/webhooks", []string{"order.created"}
	w.engine.SetRenderer(func(*twin.View, string, string, time.Time, *twin.GrantProperties) (json.RawMessage, error) {
		return json.RawMessage(`{}`), nil
	})
	endpoint, err := w.engine.CreateEndpoint(t.Context(), twin.EndpointInput{URL: &address, Events: types})
	w.must(err)
	w.subscriber("pat@example.com", twin.CardSucceeds)

	page := w.get("/_twin/").expect(t, http.StatusOK)
	for _, want := range []string{"Products 4", "Orders 1", "20 Nov 2026, 09:00 UTC", "order.created", "Waiting", "polar_oat_x", address} {
		if !strings.Contains(page.says("main"), want) {
			t.Errorf("workbench lacks %q: %s", want, page.says("main"))
		}
	}
	w.post("/_twin/clock", url.Values{"by": {"month"}}).expect(t, http.StatusSeeOther)
	page = w.get("/_twin/")
	for _, want := range []string{"Orders 2", "20 Dec 2026, 09:00 UTC", "30 days ahead of real time"} {
		if !strings.Contains(page.says("main"), want) {
			t.Errorf("a month later the workbench lacks %q: %s", want, page.says("main"))
		}
	}
	w.post("/_twin/clock", url.Values{"by": {"-1"}}).expect(t, http.StatusUnprocessableEntity)

	job := w.engine.DueWebhooks()[0]
	w.must(w.engine.RecordDelivery(t.Context(), job.Event.ID, http.StatusNoContent, ""))
	again := page.Find(`form[action="/_twin/events/` + job.Event.ID + `"]`)
	if again.Length() != 1 {
		t.Fatal("the delivery cannot be sent again")
	}
	w.post(again.AttrOr("action", ""), nil).expect(t, http.StatusSeeOther)
	w.must(w.engine.Read(func(v *twin.View) error {
		event, err := v.WebhookEvent(job.Event.ID)
		if err == nil && (event.Done || event.NextAttempt.IsZero()) {
			t.Errorf("not queued again: %+v", event)
		}
		return err
	}))
	w.post("/_twin/events/unknown", nil).expect(t, http.StatusNotFound)

	off := false
	_, err = w.engine.UpdateEndpoint(t.Context(), endpoint.ID, twin.EndpointInput{Enabled: &off})
	w.must(err)
	on := w.get("/_twin/").Find(`form[action^="/_twin/endpoints/"]`).AttrOr("action", "")
	w.post(on, nil).expect(t, http.StatusSeeOther)
	if !strings.Contains(w.get("/_twin/").says(".rows"), address+" On") {
		t.Error("the endpoint stays off")
	}
}

func TestStylesheetIsServed(t *testing.T) {
	w := newWorld(t)
	page := w.get("/_twin/")
	sheet := w.get(page.Find("link[rel=stylesheet]").AttrOr("href", "")).expect(t, http.StatusOK)
	if !strings.HasPrefix(sheet.header.Get("Content-Type"), "text/css") {
		t.Errorf("type %s", sheet.header.Get("Content-Type"))
	}
	w.get("/_twin/look/plex.woff2").expect(t, http.StatusOK)
}

// TestTrouble: the next charge is declined, faults come and go, and the clock finds what is next.
func TestTrouble(t *testing.T) {
	w := newWorld(t)
	if got := w.get("/_twin/").says("main"); !strings.Contains(got, "Nothing renews") {
		t.Errorf("an empty twin says %s", got)
	}
	pat := w.subscriber("pat@example.com", twin.CardSucceeds)
	page := w.get("/_twin/").expect(t, http.StatusOK)
	decline := page.Find(`form[action$="/decline"]`).AttrOr("action", "")
	w.post(decline, nil).expect(t, http.StatusSeeOther)
	if got := w.get("/_twin/").says("main"); !strings.Contains(got, "Will be declined") {
		t.Errorf("after that: %s", got)
	}
	w.post("/_twin/clock", url.Values{"by": {"next"}}).expect(t, http.StatusSeeOther)
	if sub := w.engine.SubscriptionsOf(pat.ID)[0]; sub.Status != twin.PastDue {
		t.Errorf("after the renewal: %s", sub.Status)
	}
	if got := w.get("/_twin/").says("main"); !strings.Contains(got, "Tries again") {
		t.Errorf("past due: %s", got)
	}
	w.post("/_twin/clock", url.Values{"by": {"next"}}).expect(t, http.StatusSeeOther)
	if sub := w.engine.SubscriptionsOf(pat.ID)[0]; sub.Status != twin.Active {
		t.Errorf("after the retry: %s", sub.Status)
	}

	for _, f := range []struct{ form, says string }{
		{"kind=status&status=429&count=3&only=/v1/orders", "Answers an error status (429), only /v1/orders, 3 more"},
		{"kind=latency&delay_ms=1500&count=0", "Answers late, 1.5s, until cleared"},
		{"kind=webhook_drop&only=order.paid", "Never sends a webhook, only order.paid, 1 more"},
	} {
		form, err := url.ParseQuery(f.form)
		w.must(err)
		w.post("/_twin/faults", form).expect(t, http.StatusSeeOther)
		if got := w.get("/_twin/").says("main"); !strings.Contains(got, f.says) {
			t.Errorf("%s: the page lacks %q", f.form, f.says)
		}
	}
	w.post("/_twin/faults", url.Values{"kind": {"gremlins"}}).expect(t, http.StatusUnprocessableEntity)
	w.post("/_twin/faults/clear", nil).expect(t, http.StatusSeeOther)
	w.post("/_twin/limits", url.Values{"per_minute": {"100"}}).expect(t, http.StatusSeeOther)
	if sum := w.engine.Summary(); len(sum.Faults) != 0 || sum.RateLimit != 100 {
		t.Errorf("state %+v", sum)
	}
	w.post("/_twin/limits", url.Values{"per_minute": {""}}).expect(t, http.StatusSeeOther)
	w.post("/_twin/limits", url.Values{"per_minute": {"many"}}).expect(t, http.StatusUnprocessableEntity)
	w.post("/_twin/customers/nobody/decline", nil).expect(t, http.StatusNotFound)
}
