package db_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// nobody lets this thread use files as a user who owns none, as long as work runs.
func nobody(t *testing.T, work func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		work() // modes count for us
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const uid = 65534
	if _, _, err := syscall.RawSyscall(syscall.SYS_SETFSUID, uid, 0, 0); err != 0 {
		t.Fatal(err)
	}
	defer syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0) //nolint:errcheck // it always may go back
	work()
}

func anybody(_ *testing.T, work func()) { work() }

// TestD6FolderThatCannotBeUsed: the portal refuses to start, with the reason and what to do.
func TestD6FolderThatCannotBeUsed(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL has a folder of its own")
	closed := func(mode os.FileMode) string {
		folder := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(folder, mode); err != nil {
			t.Fatal(err)
		}
		for at := filepath.Dir(folder); len(at) > len(os.TempDir()); at = filepath.Dir(at) {
			if err := os.Chmod(at, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return folder
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	others := os.FileMode(0o700)
	if os.Geteuid() != 0 {
		others = 0 // it is ours, so nothing less keeps us out
	}
	tests := []struct {
		name, folder, want string
		as                 func(t *testing.T, work func())
	}{
		{"read-only folder", closed(0o555), "must own the folder", nobody},
		{"somebody else's folder", closed(others), "must own the folder", nobody},
		{"a file where the folder should be", file, "name another one (COUNTERFOIL_DATA)", anybody},
		{"a folder that cannot be made", "/proc/nowhere", "make the folder /proc/nowhere", anybody},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.as(t, func() {
				store, err := db.Open(t.Context(), "file:"+filepath.Join(tt.folder, "x.db"))
				if err == nil {
					store.Close()
					t.Fatal("it was opened")
				}
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("it says: %v", err)
				}
			})
		})
	}
}
