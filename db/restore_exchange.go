package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// isBackup looks at a file that is to be restored, before anything is made for it.
func isBackup(file string) (os.FileInfo, error) {
	backup, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("no backup to restore: %w", err)
	}
	if !backup.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", file)
	}
	if about, err := os.Stat(file + "-wal"); err == nil && about.Size() > 0 {
		return nil, fmt.Errorf("%s-wal lies beside the backup, so it is a live database or half of one: make a copy by counterfoil backup", file)
	}
	return backup, nil
}

// mayReplace refuses what would lose something.
func mayReplace(backup os.FileInfo, path string, replace bool) error {
	have, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	switch {
	case err != nil:
		return fmt.Errorf("look at %s: %w", path, err)
	case os.SameFile(backup, have):
		return fmt.Errorf("%s is the database itself", backup.Name())
	case !replace:
		return fmt.Errorf("%s exists: restore -replace keeps it beside the restored one, under another name", path)
	}
	return nil
}

// removeUnfinished removes what restores left that were killed: whole copies of what people
// bought. Whoever calls it holds the lock of the database, so none is under way.
func removeUnfinished(path string) error {
	folder := filepath.Dir(path)
	files, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look for unfinished restores: %w", err)
	}
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), filepath.Base(path)+".part-") {
			continue
		}
		if err := os.Remove(filepath.Join(folder, file.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove an unfinished restore: %w", err)
		}
	}
	return nil
}

// exchange puts a finished file in the place of a database, and keeps what was there beside
// it: its new name is returned, empty when there was none. At every moment one of the two
// is in that place, wherever this is cut short: a portal that found none would begin with
// an empty one. After an error the old one is there as it was.
func exchange(ctx context.Context, part, path string, now time.Time) (string, error) {
	kept := path + ".before-" + now.UTC().Format("20060102-150405")
	if _, err := os.Lstat(kept); err == nil {
		return "", fmt.Errorf("%s exists: nothing was changed, try again in a second", kept)
	}
	if err := syncPath(part); err != nil {
		return "", fmt.Errorf("write %s to disk: %w", part, err)
	}
	moved, putBack, err := keepBeside(ctx, path, kept)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("keep the old database and name the new one: %w", err), putBack())
	}
	if err := syncPath(filepath.Dir(path)); err != nil {
		return moved, fmt.Errorf("write the folder of %s to disk: %w", path, err)
	}
	return moved, nil
}

// keepBeside gives a database a second name, and what SQLite left beside it that name alone,
// so that nobody takes it for the log of the next one. putBack undoes that.
func keepBeside(ctx context.Context, path, kept string) (moved string, putBack func() error, err error) {
	var undo []func() error
	putBack = func() error {
		var errs []error
		for _, step := range undo {
			errs = append(errs, step())
		}
		return errors.Join(errs...)
	}
	if _, err := os.Stat(path); err == nil {
		// With its log written back it is one file. One that is damaged stays as it is: for
		// that a backup is restored.
		_ = onFile(ctx, path, func(conn *sql.DB) error { return conn.PingContext(ctx) })
		if err := os.Link(path, kept); err == nil {
			undo = append(undo, func() error { return os.Remove(kept) })
		} else if err := os.Rename(path, kept); err == nil { // some file systems have no links
			undo = append(undo, func() error { return os.Rename(kept, path) })
		} else {
			return "", putBack, err
		}
		moved = kept
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		err := os.Rename(path+suffix, kept+suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", putBack, err
		}
		undo = append(undo, func() error { return os.Rename(kept+suffix, path+suffix) })
		moved = kept
	}
	return moved, putBack, nil
}
