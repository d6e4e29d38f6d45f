package db

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrLocked says that another process works on the database.
var ErrLocked = errors.New("another process is using this database: stop it, or give this one a folder of its own (COUNTERFOIL_DATA)")

const (
	// lockPatience is how long a start waits for a process that is just ending.
	lockPatience = 500 * time.Millisecond
	lockEvery    = 25 * time.Millisecond
)

// lock makes this process the only one that works on a SQLite file: what runs here
// (group commits, leases given back at the start, one applying inbox) relies on being
// alone. It is an operating system's lock on an empty file beside the database, which
// ends with the process however that dies, so nothing is ever left to clean up. The
// database itself is not locked: programs that read it or back it up may.
func lock(path string) (*os.File, error) {
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(lockEvery) {
		file, err := openLocked(path + ".lock")
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, ErrLocked) || time.Now().After(deadline) {
			return nil, fmt.Errorf("lock %s.lock: %w", path, err)
		}
	}
}
