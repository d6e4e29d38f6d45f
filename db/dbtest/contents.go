package dbtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Contents is the text of every row of some tables, and of those of all tables when none is
// named: two that are equal prove that nothing was written between.
func Contents(t testing.TB, url string, tables ...string) string {
	t.Helper()
	if len(tables) == 0 {
		names := `SELECT name FROM sqlite_schema WHERE type = 'table'`
		if OnPostgres() {
			names = `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`
		}
		for _, row := range rowsOf(t, url, names) {
			tables = append(tables, strings.Trim(row, "[]"))
		}
		if len(tables) < 20 {
			t.Fatalf("only %d tables: the contents do not cover the database", len(tables))
		}
	}
	var all strings.Builder
	for _, table := range slices.Sorted(slices.Values(tables)) {
		for _, row := range slices.Sorted(slices.Values(rowsOf(t, url, `SELECT * FROM "`+table+`"`))) {
			fmt.Fprintln(&all, table, row)
		}
	}
	return all.String()
}

// rowsOf is each row of an answer as text.
func rowsOf(t testing.TB, url, query string) (texts []string) {
	t.Helper()
	conn, err := RawAt(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, err := conn.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, value := range values {
			if raw, ok := value.([]byte); ok {
				values[i] = string(raw)
			}
		}
		texts = append(texts, fmt.Sprint(values))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}
