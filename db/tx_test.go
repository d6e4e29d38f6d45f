package db

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestGivesUp: who loses to others is given every try, however long the turns of a busy
// machine take; a server that stays away is not waited for.
func TestGivesUp(t *testing.T) {
	refused := func(code string) error { return fmt.Errorf("write: %w", &pgconn.PgError{Code: code}) }
	tests := []struct {
		name string
		err  error
		try  int
		took time.Duration
		want bool
	}{
		{"lost", refused("40001"), 1, time.Millisecond, false},
		{"lost, on a busy machine", refused("40001"), txTries - 1, 10 * txPatience, false},
		{"a deadlock, on a busy machine", refused("40P01"), 2, 10 * txPatience, false},
		{"lost every time", refused("40001"), txTries, time.Second, true},
		{"the server restarts", refused("57P01"), 9, txPatience, false},
		{"the server stays away", refused("57P01"), 9, txPatience + 1, true},
		{"the line is cut", pgconn.ErrConnClosed, 2, time.Second, false},
		{"no line for long", pgconn.ErrConnClosed, 2, txPatience + 1, true},
		{"what is wrong stays wrong", refused("22003"), 1, 0, true},
		{"no error of the server", errors.New("no"), 1, 0, true},
	}
	for _, tt := range tests {
		if got := givesUp(tt.err, tt.try, tt.took); got != tt.want {
			t.Errorf("%s: gives up %v, want %v", tt.name, got, tt.want)
		}
	}
}
