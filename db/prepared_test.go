package db

import (
	"database/sql"
	"fmt"
	"testing"
)

// TestPreparedIsBounded: texts beyond the bound run, and leave nothing behind.
func TestPreparedIsBounded(t *testing.T) {
	conn, err := sql.Open("sqlite", "file:"+t.TempDir()+"/test.db")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := prepare(conn)
	for i := range statementsMost + 50 {
		tx, err := conn.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		in := p.in(tx)
		var got int
		if err := in.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d", i)).Scan(&got); err != nil || got != i {
			t.Fatalf("got %d (%v), want %d", got, err, i)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		in.learn(t.Context())
		if err := p.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d", i)).Scan(&got); err != nil || got != i {
			t.Fatalf("got %d (%v), want %d", got, err, i)
		}
	}
	if len(p.statements) != statementsMost {
		t.Errorf("%d statements are kept, want %d", len(p.statements), statementsMost)
	}
	if s := p.statement(t.Context(), "SELECT 'one more'"); s != nil {
		t.Error("a statement was prepared that nobody would close")
	}
}
