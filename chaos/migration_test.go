//go:build linux

package chaos

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// TestD1KilledInTheMiddleOfAMigration kills first starts while they write the schema.
// The next start must finish it, whatever was half done.
func TestD1KilledInTheMiddleOfAMigration(t *testing.T) {
	needsTime(t)
	t.Parallel()
	binary, err := builds.real()
	if err != nil {
		t.Fatal(err)
	}
	rng := newRand(t)
	files, err := filepath.Glob(filepath.Join(root, "db/migrations/sqlite/*.sql"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d migrations found: %v", len(files), err)
	}
	provider := startProvider(t, newHistory(rng, 1, 1, time.Now()))
	whole := firstStart(t, newSite(t, binary, provider), 1<<30)
	t.Logf("a first start writes %d times to the log of the database", whole)
	want, hit := 2, 0
	if *tier == "long" {
		want = 20
	}
	tries := 0
	for ; hit < want && tries < 10*want; tries++ {
		s := newSite(t, binary, provider)
		firstStart(t, s, 1+rng.Int64N(whole))
		if n := s.migrations(t); n < len(files) {
			hit++
		}
		firstStart(t, s, 1<<30)
		if n := s.migrations(t); n != len(files) {
			t.Fatalf("%d of %d migrations after the second start", n, len(files))
		}
		if err := s.look(intact); err != nil {
			t.Error(err)
		}
	}
	if hit < want {
		t.Errorf("%d kills fell into a migration, want %d", hit, want)
	}
	t.Logf("%d of %d kills fell into a migration", hit, tries)
}

// firstStart starts and kills at that many writes to the log, or when it is ready. It
// returns the writes.
func firstStart(t *testing.T, s *site, most int64) int64 {
	var writes atomic.Int64
	var p atomic.Pointer[process]
	end, err := watch(s.dir, filepath.Base(s.database())+"-wal", func() bool {
		if writes.Add(1) < most {
			return true
		}
		for p.Load() == nil {
			time.Sleep(10 * time.Microsecond)
		}
		_ = p.Load().cmd.Process.Kill()
		return false
	})
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	life, err := s.start("", 2)
	if err != nil {
		t.Fatal(err)
	}
	p.Store(life)
	defer life.kill()
	if _, err := s.ready(life); err != nil && !errors.Is(err, errDied) {
		t.Fatalf("start: %v\n%s", err, s.tail())
	}
	return writes.Load()
}

// migrations is how many migrations have been made, read from a copy, so that the next
// start finds the files as death left them.
func (s *site) migrations(t *testing.T) (n int) {
	backup := &site{dir: t.TempDir()}
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(s.database() + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(backup.database()+suffix, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	db, err := sql.Open("sqlite", "file:"+backup.database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tables, err := number(db, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'goose_db_version'")
	if err == nil && tables == 1 {
		n, err = number(db, "SELECT COUNT(*) FROM goose_db_version WHERE version_id > 0")
	}
	if err != nil {
		t.Fatal(err)
	}
	return n
}
