package db

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
)

// scans are the queries that may read a whole table, and why that costs nothing that
// grows with what people do.
var scans = map[string]string{
	"Products":        "the catalog, which is small",
	"Meters":          "the catalog, which is small",
	"UsageTotals":     "the catalog, which is small",
	"InboxCounts":     "for operators",
	"OutboxCounts":    "for operators",
	"FailingJobs":     "an index of failing ones alone",
	"JobsSetAside":    "an index of parked ones alone",
	"CountParked":     "indexes of parked ones alone",
	"HookCounts":      "for operators",
	"DoubtRefunds":    "an index of waiting ones alone",
	"FreezeWallets":   "at a restore",
	"WithdrawActions": "an index of waiting ones alone",

	"SweepSetupTokens":   "a token or two, until somebody is an operator",
	"SpendSetupTokens":   "a token or two, until somebody is an operator",
	"RunningOf":          "an index of waiting ones alone",
	"DeleteOrganization": "an index of waiting changes alone",

	"ErasePayerFacts":   "once in a customer's life; an index of facts that have words alone",
	"FactsOfErased":     "once in a customer's life; an index of facts that have words alone",
	"ErasePayerDrifts":  "once in a customer's life",
	"ErasePayerActions": "once in a customer's life",
	"ErasePayerPasses":  "once in a customer's life",
	"ErasePayerJobs":    "once in a customer's life",
	"ErasePayerAlarms":  "once in a customer's life",
	"EraseSeatActions":  "once in a user's life; an index of what was asked for seats alone",
	"EraseLinking":      "once in a user's life; what is under way alone",
	"ErasePending":      "once in a user's life; what is under way alone",
	"ForgetOldRefunds":  "once an hour; who was erased, of whom there are few",
}

// TestPlans: no query reads a table from end to end, so that a page costs the same
// however much has gathered. It asks SQLite how it would run each of our texts.
func TestPlans(t *testing.T) {
	conn, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := migrate(t.Context(), conn, goose.DialectSQLite3); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no queries: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range strings.Split(string(text), "-- name: ")[1:] {
			head, body, _ := strings.Cut(query, "\n")
			name := strings.Fields(head)[0]
			if bareLimit.MatchString(body) {
				t.Errorf("%s: write LIMIT CAST(@size AS BIGINT): SQLite plans a statement anew at each run whose limit is a bare parameter", name)
			}
			steps := plan(t, conn, body)
			if strings.HasPrefix(name, "Claim") && !byID.MatchString(steps[0]) {
				t.Errorf("%s walks along everything that waits to find the few it claims: %s", name, steps[0])
			}
			for _, step := range steps {
				if scansTable.MatchString(step) && !derived.MatchString(step) {
					if seen[name] = true; scans[name] == "" {
						t.Errorf("%s: %s", name, step)
					}
				}
			}
		}
	}
	for name := range scans {
		if !seen[name] {
			t.Errorf("%s scans nothing any more: take it off the list", name)
		}
	}
}

var (
	bareLimit   = regexp.MustCompile(`LIMIT @`)
	placeholder = regexp.MustCompile(`@(\w+)`)
	scansTable  = regexp.MustCompile(`^SCAN (\w+)( USING .*)?$`)
	byID        = regexp.MustCompile(`\(id=\?\)$`)
	derived     = regexp.MustCompile(`^SCAN (unbalanced|known|due)$`) // names of subqueries
)

// plan is how SQLite would run a query, a line for each step.
func plan(t *testing.T, conn *sql.DB, query string) []string {
	t.Helper()
	var args []any
	given := map[string]bool{}
	for _, found := range placeholder.FindAllStringSubmatch(query, -1) {
		if name := found[1]; !given[name] {
			given[name] = true
			args = append(args, sql.Named(name, nil))
		}
	}
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
