//go:build linux

package chaos

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestD1KilledInTheMiddleOfABackup kills "counterfoil backup" while it writes beside a
// running portal. There must be no file then that looks like a backup and is none, and
// the next one must succeed.
func TestD1KilledInTheMiddleOfABackup(t *testing.T) {
	needsTime(t)
	t.Parallel()
	binary, err := builds.real()
	if err != nil {
		t.Fatal(err)
	}
	rng := newRand(t)
	s := newSite(t, binary, startProvider(t, newHistory(rng, 1, 1, time.Now())))
	if err := s.settlePeople(2000); err != nil {
		t.Fatal(err)
	}
	p, err := s.start("", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer p.kill()
	if _, err := s.ready(p); err != nil {
		t.Fatal(err)
	}
	want, hit := 2, 0
	if *tier == "long" {
		want = 20
	}
	tries := 0
	for ; hit < want && tries < 10*want; tries++ {
		file := filepath.Join(t.TempDir(), "backup.db")
		s.backup(t, file, 1+rng.IntN(20))
		_, err := os.Stat(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			hit++
		case err != nil:
			t.Fatal(err)
		default:
			whole(t, file) // it was done before it was killed
		}
		second := filepath.Join(filepath.Dir(file), "second.db")
		s.backup(t, second, 1<<30)
		whole(t, second)
	}
	if hit < want {
		t.Errorf("%d kills fell into a backup, want %d", hit, want)
	}
	t.Logf("%d of %d kills fell into a backup", hit, tries)
	if err := s.look(intact); err != nil {
		t.Error(err)
	}
}

// backup makes a backup, and kills it at that many writes to its folder.
func (s *site) backup(t *testing.T, file string, most int) {
	cmd := exec.Command(s.binary, "backup", file)
	cmd.Dir, cmd.Env = s.dir, s.env
	started, writes := make(chan struct{}), 0
	end, err := watch(filepath.Dir(file), "", func() bool {
		if writes++; writes < most {
			return true
		}
		<-started
		_ = cmd.Process.Kill() // it may have ended
		return false
	})
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	if err := cmd.Wait(); err != nil && most == 1<<30 {
		t.Fatalf("backup: %v", err)
	}
}

// whole checks a backup as a database.
func whole(t *testing.T, file string) {
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := intact(db); err != nil {
		t.Errorf("%s: %v", filepath.Base(file), err)
	}
	if n, err := number(db, "SELECT COUNT(*) FROM users"); err != nil || n != 2000 {
		t.Errorf("%s holds %d people, want 2000: %v", filepath.Base(file), n, err)
	}
}
