package handlers_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// export downloads the reader's archive: the text of each file by its name.
func (b *browser) export() map[string]string {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.stack.url+"/account/data/export", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Origin", b.stack.url)
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.t.Fatalf("the export answered %s (%v)", answer.Status, err)
	}
	for name, want := range map[string]string{"Content-Type": "application/zip", "Cache-Control": "no-store"} {
		if got := answer.Header.Get(name); got != want {
			b.t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if got := answer.Header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="personal-data-`) {
		b.t.Errorf("Content-Disposition: %s", got)
	}
	files, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files.File {
		part, err := f.Open()
		if err != nil {
			b.t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			b.t.Fatal(err)
		}
		texts[f.Name] = string(text)
	}
	return texts
}

// list reads one list of an archive.
func list(t *testing.T, archive map[string]string, name string) (rows []map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(archive[name+".json"]), &rows); err != nil {
		t.Fatalf("%s.json: %v: %.200s", name, err, archive[name+".json"])
	}
	return rows
}

// one reads a single text from the database.
func (s *stack) one(query string, args ...any) (text string) {
	s.t.Helper()
	conn, err := dbtest.RawAt(s.database)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.QueryRowContext(s.t.Context(), query, args...).Scan(&text); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return text
}

// TestExportHoldsEveryRowAndNobodyElses (SEC-18): whoever has a year of history takes all
// of it, whoever else has one is not in it, and acting for an organisation changes nothing.
func TestExportHoldsEveryRowAndNobodyElses(t *testing.T) {
	s := start(t)
	sam, pat := s.browser(), s.browser()
	sam.signIn("sam@example.com")
	pat.signIn("pat@example.com")
	for _, b := range []*browser{sam, pat} {
		s.until("the history is copied", func() bool {
			return b.get("/credits").Find("dl.sum").Length() > 0 && b.get("/portal/orders").Find(`a[href^="/portal/orders/"]`).Length() > 0
		})
	}
	s.until("Sam's is copied to its end", func() bool { return s.settledWallets("sam@example.com") == 2 })
	s.rest() // what is counted stands still
	id, other := s.one("SELECT id FROM users WHERE email = 'sam@example.com'"), s.one("SELECT id FROM users WHERE email = 'pat@example.com'")
	at := s.one("SELECT provider_id FROM provider_customers WHERE customer_id = '" + id + "'")
	archive := sam.export()

	for name, query := range map[string]string{
		"profile": "users WHERE id = '" + id + "'", "sessions": "sessions WHERE user_id = '" + id + "'", "browsers": "devices WHERE user_id = '" + id + "'",
		"customer": "customers WHERE user_id = '" + id + "'", "billing_customers": "provider_customers WHERE customer_id = '" + id + "'",
		"orders": "orders WHERE provider_customer_id = '" + at + "'", "subscriptions": "subscriptions WHERE provider_customer_id = '" + at + "'",
		"refunds": "refunds WHERE provider_customer_id = '" + at + "'", "benefits": "benefit_grants WHERE provider_customer_id = '" + at + "'",
		"meters": "customer_meters WHERE provider_customer_id = '" + at + "'", "provider_records": "mirror_raw WHERE provider_customer_id = '" + at + "'",
		"usage_events": "usage_events WHERE customer_id = '" + id + "'", "usage_by_hour": "usage_hours WHERE customer_id = '" + id + "'",
		"usage_by_day": "usage_days WHERE customer_id = '" + id + "'", "credit_accounts": "ledger_accounts WHERE customer_id = '" + id + "'",
		"credits":      "ledger_entries WHERE account_id IN (SELECT id FROM ledger_accounts WHERE customer_id = '" + id + "')",
		"events":       "facts WHERE customer_id = '" + id + "' OR provider_customer_id = '" + at + "'",
		"mailed_codes": "sign_in_codes WHERE email = 'sam@example.com'",
	} {
		var want int
		if err := json.Unmarshal([]byte(s.one("SELECT CAST(COUNT(*) AS TEXT) FROM "+query)), &want); err != nil {
			t.Fatal(err)
		}
		if got := len(list(t, archive, name)); got != want || want == 0 && name != "refunds" {
			t.Errorf("%s has %d rows, the database %d", name, got, want)
		}
	}
	for _, file := range db.PersonalFiles() {
		list(t, archive, file.Name)
	}
	if profile := list(t, archive, "profile")[0]; profile["email"] != "sam@example.com" || !strings.HasSuffix(profile["created_at"].(string), "Z") {
		t.Errorf("profile: %v", profile)
	}
	if order := list(t, archive, "orders")[0]; order["total"].(float64) <= 0 || len(order["items"].([]any)) == 0 {
		t.Errorf("order: %v", order)
	}
	table, err := csv.NewReader(strings.NewReader(archive["orders.csv"])).ReadAll()
	if err != nil || len(table) != 1+len(list(t, archive, "orders")) {
		t.Errorf("orders.csv has %d lines (%v)", len(table), err)
	}

	all := strings.Builder{}
	for _, text := range archive {
		all.WriteString(text)
	}
	foreign := []string{other, "pat@example.com", s.one("SELECT provider_id FROM provider_customers WHERE customer_id = '" + other + "'")}
	secrets := []string{s.one("SELECT token_hash FROM sessions WHERE user_id = '" + id + "'"), s.one("SELECT token_hash FROM devices WHERE user_id = '" + id + "'")}
	for _, text := range append(foreign, secrets...) {
		if text == "" || strings.Contains(all.String(), text) {
			t.Errorf("%q is in Sam's archive", text)
		}
	}
}

// TestExportIsOnesOwn: nobody takes the data of an organisation for which he acts as his
// own, and whoever proved himself long ago does so again first.
func TestExportIsOnesOwn(t *testing.T) {
	s := start(t)
	ada := s.browser()
	ada.signIn("ada@example.com")
	ada.wants(ada.found("Ada Works", "bills@works.example"), http.StatusOK, "Ada Works")
	archive := ada.export()
	if customers := list(t, archive, "customer"); len(customers) != 1 || customers[0]["email"] != "ada@example.com" {
		t.Errorf("customers: %v", customers)
	}
	if orgs := list(t, archive, "organisations"); len(orgs) != 1 || orgs[0]["name"] != "Ada Works" || orgs[0]["role"] != "owner" {
		t.Errorf("organisations: %v", orgs)
	}
	for name, text := range archive {
		if strings.Contains(text, "bills@works.example") {
			t.Errorf("%s holds what is the organisation's", name)
		}
	}
	s.exec("UPDATE sessions SET proven_at = 1")
	if page := ada.post("/account/data/export", nil); page.url.Path != "/account/confirm" {
		t.Errorf("an old proof led to %s", page.url)
	}
}

// exec changes the database behind the portal's back.
func (s *stack) exec(query string) {
	s.t.Helper()
	if err := dbtest.Exec(s.t.Context(), s.database, query); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}
