package db_test

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// openFile opens a store and says where its file is.
func openFile(t *testing.T) (*db.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	store, err := db.Open(t.Context(), "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store, path
}

// contents is a hash of every row of every table.
func contents(t *testing.T, path string) string {
	t.Helper()
	conn, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	names := textsOf(t, conn, `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
	if len(names) < 20 {
		t.Fatalf("only %d tables: the hash does not cover the database", len(names))
	}
	hash := sha256.New()
	for _, name := range names {
		columns := textsOf(t, conn, `SELECT 'quote("' || name || '")' FROM pragma_table_info('`+name+`')`)
		for _, row := range textsOf(t, conn, `SELECT `+strings.Join(columns, " || ',' || ")+` FROM "`+name+`" ORDER BY 1`) {
			fmt.Fprintln(hash, name, row)
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}

func textsOf(t *testing.T, conn *sql.DB, query string) (texts []string) {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

// TestRehearsalWritesNothing: the difference is told in full, every table stays as it is,
// and what was told is what applying does. Applied, a second rehearsal finds nothing.
func TestRehearsalWritesNothing(t *testing.T) {
	store, path := openFile(t)
	wants := func(factType string) bool { return factType == "order.paid" }
	if err := store.CallHooks(t.Context(), nine, 0, db.HookTarget{Name: "go", Wants: wants}); err != nil {
		t.Fatal(err)
	}
	source := func(version time.Time) billing.Source {
		return billing.Source{Provider: "polar", ProviderID: "ord_1", Version: version.UnixMicro(), CreatedAt: nine}
	}
	pending := billing.Order{Source: source(nine), ProviderCustomerID: "cus_1", Status: billing.OrderPending, Total: 2400, Currency: "usd"}
	if _, err := store.Apply(t.Context(), billing.Change{Object: pending}, nine); err != nil {
		t.Fatal(err)
	}
	paid := pending
	paid.Source, paid.Status = source(nine.Add(time.Minute)), billing.OrderPaid
	strange := billing.Change{Type: "moon.landed", Provider: "polar", ToldID: "moon_1", ToldAt: nine, Raw: []byte(`{}`)}
	changes := []billing.Change{{Type: "order.paid", Object: paid}, {Type: "order.paid", Object: paid}, strange}

	before := contents(t, path)
	told, err := store.Rehearse(t.Context(), changes, nine.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if after := contents(t, path); after != before {
		t.Fatal("a rehearsal changed the database")
	}
	first := told[0]
	if !first.Changes() || first.New || len(first.Fields) != 2 || first.Fields[0] != (db.FieldDifference{Name: "Status", Before: "pending", After: "paid"}) {
		t.Errorf("fields %+v", first.Fields)
	}
	if len(first.Told) != 2 || first.Told[0].Type != "order.updated" || first.Told[0].Targets != nil || first.Told[1].Type != "order.paid" || len(first.Told[1].Targets) != 1 {
		t.Errorf("facts %+v", first.Told)
	}
	if told[1].Changes() {
		t.Errorf("the same change a second time would change %+v", told[1])
	}
	if len(told[2].Told) != 1 || told[2].Told[0].Type != "moon.landed" {
		t.Errorf("a type that nobody knows tells %+v", told[2].Told)
	}

	if _, err := store.Apply(t.Context(), changes[0], nine.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if contents(t, path) == before {
		t.Fatal("applying changed nothing that the hash sees: it proves nothing") // the control
	}
	again, err := store.Rehearse(t.Context(), changes[:1], nine.Add(2*time.Hour))
	if err != nil || again[0].Changes() {
		t.Errorf("after it was applied a rehearsal finds %+v, %v", again, err)
	}
	if _, err := store.Rehearse(t.Context(), []billing.Change{{Object: alien{}}}, nine); err == nil || !errors.Is(err, billing.ErrInvalid) {
		t.Errorf("what the mirror does not keep: %v", err)
	}
}

// alien is no object of the mirror.
type alien struct{}

func (alien) Ref() billing.Ref     { return billing.Ref{Provider: "polar", Kind: "alien", ProviderID: "a"} }
func (alien) ObjectVersion() int64 { return 1 }
