package db_test

import (
	"testing"

	"counterfoil/db/dbtest"
)

// TestStopWritersYieldsToAWriterInItsWay: a writer that holds the table which comes last
// and wants the one that comes first is let by, and neither of the two is rolled back.
func TestStopWritersYieldsToAWriterInItsWay(t *testing.T) {
	if !dbtest.OnPostgres() {
		t.Skip("only on PostgreSQL")
	}
	url := dbtest.URL(t)
	conn, err := dbtest.RawAt(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var first, last string
	err = conn.QueryRowContext(t.Context(), `SELECT (array_agg(tablename))[1], (array_agg(tablename))[COUNT(*)]
		FROM (SELECT tablename FROM pg_tables WHERE schemaname = 'public') t`).Scan(&first, &last)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := conn.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "LOCK TABLE "+last+" IN ROW EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() {
		// As soon as the other one holds everything else and waits for this.
		for waits := false; !waits; {
			if err := conn.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks
				WHERE NOT granted AND mode = 'ExclusiveLock' AND relation = $1::regclass
					AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`, last).Scan(&waits); err != nil {
				wrote <- err
				return
			}
		}
		if _, err := tx.ExecContext(t.Context(), "LOCK TABLE "+first+" IN ROW EXCLUSIVE MODE"); err != nil {
			wrote <- err
			return
		}
		wrote <- tx.Commit()
	}()
	dbtest.StopWriters(t, url)()
	if err := <-wrote; err != nil {
		t.Errorf("the writer was stopped: %v", err)
	}
}
