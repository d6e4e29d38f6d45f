package handlers_test

import (
	"net/http"
	"testing"
	"time"

	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestW14AcknowledgementIgnoresTheBacklog: with nobody applying deliveries, a webhook is
// answered as fast behind thousands of them as behind none. Both intakes are asked in turn,
// and the fastest answers are compared, since load only ever adds to one; what each of 200
// a second takes behind 100,000 is BenchmarkAcknowledgement.
func TestW14AcknowledgementIgnoresTheBacklog(t *testing.T) {
	waiting := 10_000
	if dbtest.OnPostgres() {
		waiting = 4_000
	}
	const rounds, tries, most = 60, 12, 3
	empty, crowded := newIntake(t, "first secret"), newIntake(t, "first secret")
	crowded.crowd(waiting)
	fastest := map[*intake]time.Duration{}
	for try := 1; ; try++ {
		for range rounds {
			for _, in := range []*intake{empty, crowded} {
				c := in.good(db.NewID())
				c.body = string(intakeBody)
				began := time.Now()
				if status := in.status(c); status != http.StatusAccepted {
					t.Fatalf("answered %d", status)
				}
				if took := time.Since(began); fastest[in] == 0 || took < fastest[in] {
					fastest[in] = took
				}
			}
		}
		t.Logf("%s behind none, %s behind %d", fastest[empty], fastest[crowded], waiting)
		if fastest[crowded] <= most*fastest[empty] {
			break
		}
		if try == tries {
			t.Fatalf("acknowledged after %s behind an empty inbox, after %s behind %d deliveries", fastest[empty], fastest[crowded], waiting)
		}
	}
	if n := crowded.received(); n < waiting+rounds {
		t.Errorf("%d deliveries wait, want %d", n, waiting+rounds)
	}
}
