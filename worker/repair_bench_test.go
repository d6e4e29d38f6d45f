package worker

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"counterfoil/db"
	"counterfoil/twin"
)

// BenchmarkB2Restore restores a copy from before 10,000 customers each used something, of
// whom one in ten used more after it, and measures until the mirror is the provider's and
// until every wallet counts. The provider's pace is not waited for: calls are counted, of
// which Polar allows 400 a minute in the background. Run it with -benchtime 1x.
func BenchmarkB2Restore(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s, customers := bigStage(b, 10_000)
		file := filepath.Join(b.TempDir(), "copy.db")
		if _, err := db.Backup(b.Context(), s.url, file, s.now()); err != nil {
			b.Fatal(err)
		}
		for i, me := range customers {
			if i%10 == 0 {
				s.use(me, fmt.Sprint("gap-", i), 1)
			}
		}
		s.step("usage")
		s.restore(file)
		w := &wire{}
		s.provide(w)
		s.later(time.Minute)

		b.StartTimer()
		began := time.Now()
		s.step("reconcile")
		mirror, calls := time.Since(began), w.asked("/")
		b.ReportMetric(mirror.Seconds(), "s/mirror")
		b.ReportMetric(float64(calls), "calls/mirror")
		b.ReportMetric(float64(calls)/400, "min/mirror-at-400")
		s.later(db.RestoreSettles)
		began = time.Now()
		for left := 1; left > 0; {
			s.step("reconcile")
			s.step(db.JobSyncCredits)
			s.step("repair")
			wallets, err := s.Store.FrozenWallets(b.Context(), "polar", "", 1, time.Time{})
			if err != nil {
				b.Fatal(err)
			}
			if left = len(wallets); left > 0 {
				s.later(repairAsks)
			}
		}
		calls = w.asked("/")
		b.ReportMetric(time.Since(began).Seconds(), "s/wallets")
		b.ReportMetric(float64(calls), "calls/wallets")
		b.ReportMetric(float64(calls)/400, "min/wallets-at-400")
	}
}

// bigStage has so many customers with a free plan and one use each.
func bigStage(b *testing.B, n int) (*stage, []string) {
	b.Helper()
	s := newRestoreStage(b)
	s.Log = slog.New(slog.DiscardHandler)
	free, customers := s.product("free"), make([]string, n)
	for i := range customers {
		customers[i] = s.signUp(fmt.Sprintf("c%d@example.com", i))
	}
	s.step(db.JobCreateCustomer)
	for i, me := range customers {
		if _, err := s.twin.Engine.CreateSubscription(b.Context(), free, "", me, twin.Metadata{}); err != nil {
			b.Fatal(err)
		}
		s.use(me, fmt.Sprint("before-", i), 1)
	}
	s.step("usage")
	s.settle(customers[0])
	return s, customers
}
