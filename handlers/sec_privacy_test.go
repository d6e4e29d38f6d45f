package handlers_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
	"counterfoil/twin/server"
)

// traces are twelve values that nobody may find after their person was erased (SEC-18).
var traces = []string{
	"plant-01@example.com", "Plant02", "Plant03", "Plant04", "Plant05", "Plant06", "Plant07", "Plant08", "plant-09@example.com", "Plant10", "Plant11", "Plant12",
}

// plant gives somebody who has bought a life that leaves traces everywhere.
func (s *stack) plant(b *browser) (id string) {
	s.t.Helper()
	b.signIn(traces[0])
	b.wants(b.post("/account", url.Values{"name": {traces[1]}}), http.StatusOK, "Saved.")
	checkout := b.submit(b.get("/plans"), "[data-plan=pro] form", nil)
	paid := b.submit(checkout, "form.checkout", map[string]string{"country": "DE", "name": traces[2], "card": cardWorks, "do": "pay"})
	b.settled(paid)
	id = s.one("SELECT id FROM users WHERE email = '" + traces[0] + "'")
	event := billing.Event{ID: "a use", CustomerID: id, Name: "file_uploaded", Metadata: map[string]any{"file": traces[4]}, OccurredAt: s.now()}
	if _, err := s.store.RecordUsage(s.t.Context(), event, "polar", nil, s.now()); err != nil {
		s.t.Fatal(err)
	}
	for _, change := range []string{
		"UPDATE sessions SET user_agent = '" + traces[5] + "' WHERE user_id = '" + id + "'",
		"INSERT INTO passkeys (id, user_id, handle, name, credential, sign_count, created_at) VALUES ('k', '" + id + "', 'h', '" + traces[6] + "', '{}', 0, 1)",
		"INSERT INTO identities (provider, subject, user_id, created_at, last_used_at) VALUES ('https://id.example', '" + traces[7] + "', '" + id + "', 1, 1)",
		"UPDATE users SET image = 'https://pictures.example/" + traces[10] + "' WHERE id = '" + id + "'",
	} {
		s.exec(change)
	}
	b.wants(b.post("/account/email", url.Values{"email": {traces[8]}}), http.StatusOK)
	b.wants(b.found(traces[9], "bills@plants.example"), http.StatusOK, traces[9])
	b.wants(b.post("/orgs/act", url.Values{"organization": {""}}), http.StatusOK)
	s.quiet() // no mail with another code is on its way when the next sign-in looks for one
	return id
}

// revoke ends a subscription at the provider at once.
func (s *stack) revoke(id string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodDelete, s.twin.BaseURL+"/v1/subscriptions/"+id, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+server.OrganizationToken)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close() // nothing in it is of use
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("revoking answered %s", answer.Status)
	}
}

// quiet waits until nothing is left to be done.
func (s *stack) quiet() {
	s.t.Helper()
	s.until("all is done", func() bool {
		return s.delivered() && s.one("SELECT CAST(COUNT(*) AS TEXT) FROM inbox WHERE state = 'waiting'") == "0" &&
			s.one("SELECT CAST(COUNT(*) AS TEXT) FROM outbox WHERE state = 'waiting'") == "0"
	})
}

// TestErasingLeavesNoTrace (SEC-18): somebody who has signed in, bought, used and canceled
// erases his account on the page. It is refused while his subscription runs. After it no
// planted value is in the database, in its files after a vacuum, or in the log; the order is
// still on the books; the provider has made him nameless; and a webhook that comes late and a
// reading of everything change none of that.
func TestErasingLeavesNoTrace(t *testing.T) {
	log := &diary{}
	s := (&stack{t: t, database: dbtest.URL(t), log: log}).open(true)
	b, other := s.browser(), s.browser()
	id := s.plant(b)
	other.signIn(traces[0])
	sub := s.one("SELECT s.provider_id FROM subscriptions AS s JOIN provider_customers AS c ON c.provider_id = s.provider_customer_id WHERE c.customer_id = '" + id + "'")
	at := s.one("SELECT provider_id FROM provider_customers WHERE customer_id = '" + id + "'")
	page := b.get("/portal/subscriptions/" + sub + "/cancel")
	b.wants(b.submit(page, `form[action$="/cancel"]`, map[string]string{"reason": "unused", "comment": traces[3]}), http.StatusOK)
	s.until("the provider knows of the cancellation", func() bool {
		return s.one("SELECT cancel_comment FROM subscriptions WHERE provider_id = '"+sub+"'") == traces[3]
	})
	s.quiet()
	late := s.delivery(at)
	s.until("everything is planted", func() bool { // a late copy of a grant takes the last one out again
		s.exec(`UPDATE benefit_grants SET properties = '{"account":"` + traces[11] + `"}'`)
		held := dbtest.Contents(t, s.database)
		return !slices.ContainsFunc(traces, func(value string) bool { return !strings.Contains(held, value) })
	})

	b.wants(b.get("/account/data/erase"), http.StatusOK, "subscription is still running")
	b.wants(b.post("/account/data/erase", url.Values{"confirm": {traces[0]}}), http.StatusConflict, "Nothing has happened")
	s.revoke(sub)
	s.until("the subscription has ended", func() bool {
		return s.one("SELECT CAST(COALESCE(ended_at, 0) AS TEXT) FROM subscriptions WHERE provider_id = '"+sub+"'") != "0"
	})
	s.quiet()
	var bought int64 // the year may end while this runs
	if _, err := fmt.Sscan(s.one("SELECT CAST(created_at AS TEXT) FROM orders WHERE provider_customer_id = '"+at+"'"), &bought); err != nil {
		t.Fatal(err)
	}
	page = b.wants(b.get("/account/data/erase"), http.StatusOK, "Tax law wants the books kept", fmt.Sprintf("Until 31 December %d", time.UnixMilli(bought).UTC().Year()+10), traces[9])
	b.wants(b.submit(page, `form[action="/account/data/erase"]`, map[string]string{"confirm": "somebody@example.com"}), http.StatusBadRequest, "not your e-mail address")
	done := b.wants(b.submit(page, `form[action="/account/data/erase"]`, map[string]string{"confirm": " PLANT-01@example.com "}), http.StatusOK, "Your account is erased")
	if clear := done.header.Get("Clear-Site-Data"); !strings.Contains(clear, `"cache"`) || !strings.Contains(clear, `"storage"`) {
		t.Errorf("Clear-Site-Data is %q", clear)
	}
	for _, browser := range []*browser{b, other} {
		if page := browser.get("/account"); page.url.Path != "/login" {
			t.Errorf("a session goes on at %s", page.url)
		}
	}
	s.quiet()
	s.until("the last mail is there", func() bool { return strings.Contains(s.mailbox(), "is erased") })

	s.comesLate(late)
	s.quiet()
	if s.one("SELECT CAST(done_at AS TEXT) FROM erased_provider_customers WHERE provider_id = '"+at+"'") == "" {
		t.Error("it is not written down that the provider erased him")
	}
	if c, err := s.twin.Engine.Customer(at); err != nil || !strings.HasSuffix(c.Email, "@anonymized.invalid") || c.BillingAddress != nil {
		t.Errorf("the provider has %+v (%v)", c, err)
	}
	if told := s.one("SELECT CAST(COUNT(*) AS TEXT) FROM facts WHERE type = 'customer.deleted' AND customer_id = '" + id + "'"); told != "1" {
		t.Errorf("hooks hear %s times that customer %s is gone, want once", told, id)
	}
	if order := s.one("SELECT CAST(total AS TEXT) FROM orders WHERE provider_customer_id = '" + at + "'"); order != "2400" {
		t.Errorf("on the books: %s", order)
	}
	s.rest()
	s.findNothing(log.String())
}

// delivery is the body of a webhook that names a customer.
func (s *stack) delivery(customer string) string {
	s.t.Helper()
	conn, err := dbtest.RawAt(s.database)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	var body []byte
	query := "SELECT body FROM inbox WHERE type LIKE 'customer.%' AND object_id = '" + customer + "' AND object_kind = 'customer' ORDER BY id DESC LIMIT 1"
	if err := conn.QueryRowContext(s.t.Context(), query).Scan(&body); err != nil || !bytes.Contains(body, []byte(traces[0])) {
		s.t.Fatalf("no delivery names the customer: %v %.300s", err, body)
	}
	return string(body)
}

// comesLate delivers an old webhook and reads everything anew.
func (s *stack) comesLate(body string) {
	s.t.Helper()
	status, answer, _ := s.post(call{path: "/webhooks/polar", id: "late", body: body, sentAt: s.now(), secret: server.WebhookSecret})
	if status/100 != 2 {
		s.t.Fatalf("the late webhook was answered %d: %s", status, answer)
	}
	pass, err := s.store.AskForPass(s.t.Context(), "polar", db.PassManual, "", s.now())
	if err != nil {
		s.t.Fatal(err)
	}
	s.worker.Poke()
	s.until("everything is read anew", func() bool { return s.one("SELECT state FROM reconcile_passes WHERE id = '"+pass+"'") == "done" })
}

// findNothing looks for what was planted: in every row, in every file after a vacuum, in the log.
func (s *stack) findNothing(log string) {
	s.t.Helper()
	places := map[string]string{"the log": log, "the database": dbtest.Contents(s.t, s.database)}
	if path, ok := strings.CutPrefix(s.database, "file:"); ok {
		for _, statement := range []string{"PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
			s.exec(statement)
		}
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) == 0 {
			s.t.Fatalf("no files: %v", err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				s.t.Fatal(err)
			}
			places[filepath.Base(file)] = string(text)
		}
	}
	for place, text := range places {
		for _, value := range traces {
			if place != "the log" { // which tells the slug of an organisation, in lower case
				text, value = strings.ToLower(text), strings.ToLower(value)
			}
			if i := strings.Index(text, value); i >= 0 {
				s.t.Errorf("%s is in %s: %q", value, place, text[max(0, i-200):min(len(text), i+60)])
			}
		}
	}
}
