package db_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// wantFailing looks at a database and demands that exactly these checks fail, each with a
// remedy, and tells what was found.
func wantFailing(t *testing.T, at string, names ...string) string {
	t.Helper()
	var failing []string
	said := ""
	for _, f := range db.InspectPostgres(t.Context(), at) {
		said += fmt.Sprintf("%v %s: %s (%s)\n", f.OK, f.Name, f.Detail, f.Remedy)
		if !f.OK {
			failing = append(failing, f.Name)
		}
		if f.OK == (f.Remedy != "") {
			t.Errorf("%s: OK %v with the remedy %q", f.Name, f.OK, f.Remedy)
		}
	}
	if fmt.Sprint(failing) != fmt.Sprint(names) {
		t.Errorf("%v fail, want %v:\n%s", failing, names, said)
	}
	return said
}

// as is the URL with another user.
func as(at, user string) string {
	return regexp.MustCompile(`user=\w+`).ReplaceAllLiteralString(at, "user="+user)
}

// TestInspectPostgres: each thing that is wrong with a database is named with what to do.
func TestInspectPostgres(t *testing.T) {
	dbtest.PostgresOnly(t, "a SQLite database has no server")
	at := dbtest.URL(t)
	store, conn := dbtest.OpenAt(t, at), dbtest.Raw(t, at)
	var name, sync, pages string
	if err := conn.QueryRowContext(t.Context(), "SELECT current_database(), current_setting('fsync'), current_setting('full_page_writes')").Scan(&name, &sync, &pages); err != nil {
		t.Fatal(err)
	}
	wants := func(at string, before []string, after ...string) string {
		t.Helper()
		if sync == "off" { // as tests like it
			before = append(before, "database fsync")
		}
		if pages == "off" {
			before = append(before, "database full_page_writes")
		}
		return wantFailing(t, at, append(before, after...)...)
	}
	exec := func(statements ...string) {
		t.Helper()
		for _, statement := range statements {
			if _, err := conn.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	if said := wants(at, nil); !strings.Contains(said, "has version") {
		t.Errorf("a database with a schema:\n%s", said)
	}
	if _, err := store.Raise(t.Context(), billing.Alarm{Kind: billing.AlarmClock, Subject: "polar", Detail: "five minutes"}, nine); err != nil {
		t.Fatal(err)
	}
	if said := wants(at, nil, "alarm"); !strings.Contains(said, "clock of polar: five minutes") {
		t.Errorf("an alarm lasts:\n%s", said)
	}
	if _, err := store.Clear(t.Context(), billing.AlarmClock, "polar", nine); err != nil {
		t.Fatal(err)
	}
	role := name + "_reader"
	exec("CREATE ROLE "+role+" LOGIN CONNECTION LIMIT 4", "GRANT USAGE ON SCHEMA public TO "+role, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+role)
	t.Cleanup(func() {
		exec("DROP OWNED BY "+role, "DROP ROLE "+role, "ALTER DATABASE "+name+" RESET synchronous_commit")
	})
	wants(as(at, role), nil, "database connections", "database schema")

	exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
	if said := wants(at, nil, "database schema"); !strings.Contains(said, "newer program") {
		t.Errorf("a newer schema:\n%s", said)
	}
	exec("DELETE FROM goose_db_version WHERE version_id = 99999", "ALTER DATABASE "+name+" SET synchronous_commit = off")
	wants(at, []string{"database synchronous_commit"})
}

// TestInspectPostgresServer: nothing is wrong with a server as it is installed, a standby is
// refused, and a server that is not there is told of without a password.
func TestInspectPostgresServer(t *testing.T) {
	dbtest.PostgresOnly(t, "a SQLite database has no server")
	server := dbtest.StartServer(t)
	at := server.URL()
	if said := wantFailing(t, at); !strings.Contains(said, "first start") {
		t.Errorf("an empty database:\n%s", said)
	}
	server.Standby()
	if said := wantFailing(t, at, "database"); !strings.Contains(said, "standby") {
		t.Errorf("a standby:\n%s", said)
	}
	server.Kill()
	if said := wantFailing(t, as(at, "me&password=secret-word"), "database"); strings.Contains(said, "secret-word") || !strings.Contains(said, "pg_hba.conf") {
		t.Errorf("no server:\n%s", said)
	}
	wantFailing(t, "postgres://:::", "database")
}
