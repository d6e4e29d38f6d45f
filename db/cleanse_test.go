package db_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// kept are the tables about a user that cleansing leaves, with the reason.
var kept = map[string]string{
	"customers":   "who pays is the same user",
	"seats":       "the provider's, and his by a proven address alone",
	"memberships": "only who has proven his address joins or makes an organisation",
}

// TestEveryTableOfAUserIsCleansed: a new table with a user_id is removed when an address is
// proven late, or stands in kept with a reason. Rows are looked for, not the code.
func TestEveryTableOfAUserIsCleansed(t *testing.T) {
	dbtest.SQLiteOnly(t, "its catalog is read; the schema is the same")
	url := dbtest.URL(t)
	store, raw := dbtest.OpenAt(t, url), dbtest.Raw(t, url)
	rows, err := raw.Query(`SELECT DISTINCT m.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
		WHERE m.type = 'table' AND c.name IN ('user_id', 'pending_user_id') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil || len(tables) < 6 {
		t.Fatalf("%v, %v", tables, err)
	}
	exec := func(query string) {
		t.Helper()
		if _, err := raw.Exec(query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	exec(`PRAGMA foreign_keys = 0`)
	exec(`INSERT INTO users (id, email, created_at, updated_at) VALUES ('u', 'ada@example.com', 1, 1)`)
	for _, table := range tables {
		if kept[table] == "" {
			exec(rowFor(t, raw, table))
		}
	}
	in := db.SignIn{Session: db.Session{ID: "new", TokenHash: "new", Data: "{}", CreatedAt: nine, SeenAt: nine, ExpiresAt: nine}, Now: nine}
	id := db.Identity{Provider: "https://id.example.com", Subject: "s", Email: "ada@example.com", EmailVerified: true}
	if _, err := store.SignInWithIdentity(t.Context(), id, in); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		var left int
		query := `SELECT COUNT(*) FROM "` + table + `" WHERE user_id = 'u'`
		if slices.Contains([]string{"sessions", "identities"}, table) {
			query += ` AND created_at = 1` // not what the proof itself made
		}
		if err := raw.QueryRow(query).Scan(&left); err != nil {
			t.Fatal(err)
		}
		if left != 0 {
			t.Errorf("%s still has %d rows of the user: add it to cleanse, or to kept with a reason", table, left)
		}
	}
}

// rowFor is a statement that plants one row of the user in a table, whatever its columns.
func rowFor(t *testing.T, raw *sql.DB, table string) string {
	t.Helper()
	rows, err := raw.Query(`SELECT name, type FROM pragma_table_info('` + table + `') WHERE "notnull" = 1 OR pk > 0 OR name = 'user_id'`)
	if err != nil {
		t.Fatal(err)
	}
	var columns, values []string
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			t.Fatal(err)
		}
		value := "1"
		switch {
		case name == "user_id":
			value = "'u'"
		case kind == "TEXT":
			value = "'planted'"
		case kind == "BLOB":
			value = "x'01'"
		}
		columns, values = append(columns, name), append(values, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return `INSERT INTO "` + table + `" (` + strings.Join(columns, ", ") + `) VALUES (` + strings.Join(values, ", ") + `)`
}
