package db

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// impersonal are the tables that hold nothing that an export tells, each with the reason.
var impersonal = map[string]string{
	"alarms":                    "about the installation; a subject may be an id, which is nobody's once he is erased",
	"api_keys":                  "of the installation; created_by is an id, and the key goes on counting when its maker is gone",
	"benefits":                  "of the catalog",
	"customer_organizations":    "of an organisation; one that ends with its last member loses its name",
	"erased_customers":          "what is left of who was erased, and keeps him away",
	"erased_provider_customers": "what is left of who was erased, and keeps him away",
	"goose_db_version":          "of the schema",
	"hook_calls":                "who waits for a fact; facts hold what it says",
	"inbox":                     "deliveries as they came, at most 30 days old; provider_records and events tell what they say, and erasing removes them",
	"installation":              "of the installation",
	"ledger_days":               "sums of ledger entries",
	"ledger_entries":            "told with their transactions",
	"meters":                    "of the catalog",
	"missing_objects":           "ids of objects of the provider",
	"organizations":             "of the seller",
	"passkey_challenges":        "a ceremony of minutes in some browser, which names a random handle",
	"pending_identities":        "somebody who says that an address is his and has not proven it; it ends within the hour, and erasing removes it",
	"products":                  "of the catalog",
	"settings":                  "of the installation",
	"setup_tokens":              "of the installation; they name nobody",
}

// TestEveryTableIsTold fails on a table, or a column of one that holds personal data, that
// is neither exported nor withheld for a reason, and on one that erasing forgets.
func TestEveryTableIsTold(t *testing.T) {
	store, err := Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	tables := firstColumn(t, store, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
	if len(tables) < 40 {
		t.Fatalf("only %d tables", len(tables))
	}
	held := map[string][]holding{}
	for _, h := range holdings {
		held[h.table] = append(held[h.table], h)
	}
	for _, table := range tables {
		reason := impersonal[table]
		if (reason == "") == (held[table] == nil) {
			t.Errorf("table %s is in the export: %v; left out for a reason: %q: say one of the two", table, held[table] != nil, reason)
			continue
		}
		columns := firstColumn(t, store, "SELECT name FROM pragma_table_info('"+table+"')")
		for _, h := range held[table] {
			told := slices.Concat(names(h.columns), names(h.secret))
			for _, column := range columns {
				if !slices.Contains(told, column) {
					t.Errorf("%s: column %s of %s is neither told nor withheld", h.file, column, table)
				}
			}
			for _, column := range names(h.secret) {
				if slices.Contains(names(h.columns), column) || !slices.Contains(columns, column) {
					t.Errorf("%s: %s is withheld, and told or not there", h.file, column)
				}
			}
		}
	}
}

// TestSecretsAreWithheld names what no export may ever tell.
func TestSecretsAreWithheld(t *testing.T) {
	for _, h := range holdings {
		for _, column := range names(h.columns) {
			if strings.Contains(column, "hash") || slices.Contains([]string{"secret", "credential", "data", "payload", "code_verifier", "nonce", "url"}, column) {
				t.Errorf("%s tells %s", h.file, column)
			}
		}
	}
}

func firstColumn(t *testing.T, store *Store, query string) (list []string) {
	t.Helper()
	rows, err := store.read.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
