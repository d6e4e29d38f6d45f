package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"counterfoil/db/gen"
)

// ErrPostgres says that a PostgreSQL database is copied and restored by its own programs.
var ErrPostgres = errors.New("PostgreSQL is copied by its own programs")

// Names of settings; each value is a moment in unix milliseconds.
const (
	settingCopied    = "copied_at"    // in a backup, and in what was restored from it: when the copy was made
	settingRestored  = "restored_at"  // when it was restored
	settingIntegrity = "integrity_at" // when the whole file was last found to be sound
)

// onlyReads opens a SQLite file beside a process that writes it. It must not be
// query_only: VACUUM INTO writes, only elsewhere.
const onlyReads = "?mode=ro&_pragma=busy_timeout(5000)"

// Backup copies the database of url into a new file, as it is at one moment, whether a
// process is using it or not; an existing file is refused. The copy is one file that needs
// no other, is checked whole and is on disk when Backup returns its size in bytes. Until
// then it has another name, so a file of that name is never half a backup.
//
// It reads through SQLite and never opens the live file itself: the end of any plain
// descriptor of it drops the locks that SQLite holds for this process
// (sqlite.org/howtocorrupt.html, 2.2).
func Backup(ctx context.Context, url, file string, now time.Time) (size int64, err error) {
	path, err := sqlitePath(url)
	if err != nil {
		return 0, err
	}
	if _, err := os.Stat(path); err != nil {
		return 0, fmt.Errorf("there is no database to copy: %w", err)
	}
	if _, err := os.Lstat(file); err == nil {
		return 0, fmt.Errorf("%s exists: a backup never replaces a file, choose another name", file)
	}
	part, err := emptyFile(file)
	if err != nil {
		return 0, fmt.Errorf("make the backup: %w", err)
	}
	defer func() { err = errors.Join(err, removeDatabase(part)) }()
	if err := copyInto(ctx, path, part); err != nil {
		return 0, fmt.Errorf("copy %s: %w", path, err)
	}
	err = onFile(ctx, part, func(conn *sql.DB) error {
		if err := checkWhole(ctx, conn); err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL, changed_at BIGINT NOT NULL)"); err != nil {
			return err
		}
		return saveMoment(ctx, gen.New(conn), settingCopied, now, now)
	})
	if err != nil {
		return 0, fmt.Errorf("check the copy: %w", err)
	}
	if err := publish(part, file); err != nil {
		return 0, err
	}
	about, err := os.Stat(file)
	if err != nil {
		return 0, fmt.Errorf("look at the backup: %w", err)
	}
	return about.Size(), nil
}

// sqlitePath is the file of a database's URL; ErrPostgres: it has none.
func sqlitePath(url string) (string, error) {
	if isPostgres(url) {
		return "", ErrPostgres
	}
	path, ok := strings.CutPrefix(url, "file:")
	if !ok || path == "" || strings.Contains(path, "?") {
		return "", errors.New("the database is given as file:PATH without parameters")
	}
	return path, nil
}

// copyInto writes what the database holds at one moment into an empty file.
func copyInto(ctx context.Context, path, part string) (err error) {
	conn, err := sql.Open("sqlite", "file:"+path+onlyReads)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?", part)
	return err
}

// onFile works on a database file that nobody else uses, and closes it: everything is in
// the one file then.
func onFile(ctx context.Context, path string, work func(*sql.DB) error) (err error) {
	conn, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(DELETE)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		return err
	}
	conn.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, conn.Close()) }()
	return work(conn)
}

// errDamaged says that a database file is not sound.
var errDamaged = errors.New("the database file is damaged")

// checkWhole reads every page and every index of a database.
func checkWhole(ctx context.Context, conn *sql.DB) error {
	return checkPages(ctx, conn, "PRAGMA integrity_check(3)")
}

func checkPages(ctx context.Context, conn *sql.DB, pragma string) error {
	rows, err := conn.QueryContext(ctx, pragma)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	defer rows.Close()
	var faults []string
	for rows.Next() {
		var fault string
		if err := rows.Scan(&fault); err != nil {
			return err
		}
		faults = append(faults, fault)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	if len(faults) == 1 && faults[0] == "ok" {
		return nil
	}
	return fmt.Errorf("%w: %s", errDamaged, strings.Join(faults, "; "))
}

// emptyFile makes a file beside another one that only its owner may read: a database
// holds names, addresses and what people bought.
func emptyFile(beside string) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(beside), filepath.Base(beside)+".part-*") // mode 0600
	if err != nil {
		return "", err
	}
	return file.Name(), file.Close()
}

// publish puts a finished file on disk and gives it its name, which must be free.
func publish(part, name string) error {
	if err := syncPath(part); err != nil {
		return fmt.Errorf("write %s to disk: %w", part, err)
	}
	// A link fails where a rename would replace. Some file systems have none.
	if err := os.Link(part, name); errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s appeared meanwhile: %w", name, err)
	} else if err != nil {
		if err := os.Rename(part, name); err != nil {
			return fmt.Errorf("name %s: %w", name, err)
		}
	}
	if err := syncPath(filepath.Dir(name)); err != nil {
		return fmt.Errorf("write the folder of %s to disk: %w", name, err)
	}
	return nil
}

// removeDatabase removes a file of ours and what SQLite may have left beside it.
func removeDatabase(path string) error {
	var errs []error
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func saveMoment(ctx context.Context, q *gen.Queries, name string, at, now time.Time) error {
	return q.SaveSetting(ctx, gen.SaveSettingParams{Name: name, Value: strconv.FormatInt(millis(at), 10), Now: millis(now)})
}

// readMoment is a setting that is a moment, zero when it was never set.
func readMoment(ctx context.Context, q *gen.Queries, name string) (time.Time, error) {
	text, err := q.Setting(ctx, name)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("setting %s: %w", name, err)
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("setting %s: %w", name, err)
	}
	return moment(ms), nil
}
