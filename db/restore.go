package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"

	"counterfoil/db/gen"
)

// Restored says what a restored database is a copy of. Both are zero for one that never
// was restored.
type Restored struct {
	At       time.Time // when it was restored
	CopiedAt time.Time // the moment whose state it had then
	KeptAs   string    // the file that the replaced database has now; told by Restore alone
}

// oldMail is how old a mail of a restored outbox may be to be sent all the same.
const oldMail = 24 * time.Hour

// Reasons that a restore writes down.
const (
	reasonOldMail = "Not sent: the database was restored from a backup, and this mail was a day old by then. It has probably been sent before."
	reasonAction  = "Not asked for: the database was restored from a backup, and this may have happened since the copy. Look at it again and decide anew."
)

// Restore puts a backup where the database of url belongs. It refuses while a process uses
// that database, and one that exists unless replace is set: that one is kept beside it, under a
// new name. Before anything is replaced, the backup is copied, checked whole, brought up to
// this program's schema (a newer one is refused) and told that it was restored.
//
// What waits in the backup may have been done since, and is safe to do again: usage carries
// ids that the provider knows, customers and refunds are looked up by ours, deliveries and
// readings change nothing twice, calls of hooks keep their keys. What is not safe so is
// set aside here: old mail, and wishes to cancel or resume. Every wallet is frozen until its
// figure is proven, and usage that waits is held until then; see repair.go. Everybody signs
// in anew, because the copy does not know who signed out.
func Restore(ctx context.Context, file, url string, replace bool, now time.Time) (done Restored, err error) {
	path, err := sqlitePath(url)
	if err != nil {
		return done, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return done, fmt.Errorf("create the data folder: %w", err)
	}
	locked, err := lock(path)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, locked.Close()) }()
	if err := mayReplace(file, path, replace); err != nil {
		return done, err
	}
	part, err := emptyFile(path)
	if err != nil {
		return done, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, removeDatabase(part)) }()
	if err := copyFile(file, part); err != nil {
		return done, fmt.Errorf("copy %s: %w", file, err)
	}
	err = onFile(ctx, part, func(conn *sql.DB) (err error) {
		done, err = prepareRestored(ctx, conn, now)
		return err
	})
	if err != nil {
		return done, fmt.Errorf("backup %s: %w", file, err)
	}
	if done.KeptAs, err = setAside(ctx, path, now); err != nil {
		return done, err
	}
	return done, publish(part, path)
}

// mayReplace refuses what would lose something.
func mayReplace(file, path string, replace bool) error {
	backup, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("no backup to restore: %w", err)
	}
	if !backup.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", file)
	}
	if about, err := os.Stat(file + "-wal"); err == nil && about.Size() > 0 {
		return fmt.Errorf("%s-wal lies beside the backup, so it is a live database or half of one: make a copy by counterfoil backup", file)
	}
	have, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	switch {
	case err != nil:
		return fmt.Errorf("look at %s: %w", path, err)
	case os.SameFile(backup, have):
		return fmt.Errorf("%s is the database itself", file)
	case !replace:
		return fmt.Errorf("%s exists: restore -replace keeps it beside the restored one, under another name", path)
	}
	return nil
}

// copyFile copies a file that no connection of this process has open.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// prepareRestored checks a copy of a backup and makes it ready to be started on.
func prepareRestored(ctx context.Context, conn *sql.DB, now time.Time) (done Restored, err error) {
	var tables int
	if err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('goose_db_version', 'ledger_entries')").Scan(&tables); err != nil {
		return done, fmt.Errorf("it cannot be read: %w", err)
	}
	if tables != 2 {
		return done, errors.New("it is no database of Counterfoil")
	}
	if err := checkWhole(ctx, conn); err != nil {
		return done, err
	}
	// A copy has the table from Backup even where its schema had none yet.
	copied, err := readMoment(ctx, gen.New(conn), settingCopied)
	if err != nil {
		copied = time.Time{}
	}
	if err := migrateCopy(ctx, conn); err != nil {
		return done, err
	}
	done = Restored{At: now, CopiedAt: copied}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return done, err
	}
	if err := markRestored(ctx, gen.New(tx), done); err != nil {
		return done, rolledBack(tx, err)
	}
	return done, tx.Commit()
}

// migrateCopy brings a copy's schema up to date. The table that Backup adds to a copy whose
// schema is from before it would be in the way of its own migration.
func migrateCopy(ctx context.Context, conn *sql.DB) error {
	var known bool
	if err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM goose_db_version WHERE version_id = ?)", settingsVersion).Scan(&known); err != nil {
		return err
	}
	if !known {
		if _, err := conn.ExecContext(ctx, "DROP TABLE IF EXISTS settings"); err != nil {
			return err
		}
	}
	return migrate(ctx, conn, goose.DialectSQLite3)
}

// settingsVersion is the migration that makes the table settings.
const settingsVersion = 7

func markRestored(ctx context.Context, q *gen.Queries, done Restored) error {
	ms := millis(done.At)
	steps := []func() error{
		func() error { return saveMoment(ctx, q, settingRestored, done.At, done.At) },
		func() error { return saveMoment(ctx, q, settingCopied, done.CopiedAt, done.At) },
		func() error {
			_, err := q.DropOldMail(ctx, gen.DropOldMailParams{Now: &ms, Reason: reasonOldMail, Before: millis(done.At.Add(-oldMail))})
			return err
		},
		func() error { _, err := q.DoubtRefunds(ctx, &ms); return err },
		func() error {
			_, err := q.WithdrawActions(ctx, gen.WithdrawActionsParams{Now: &ms, Reason: reasonAction})
			return err
		},
		func() error {
			_, err := q.FreezeWallets(ctx, gen.FreezeWalletsParams{Now: &ms, Reason: FrozenByRestore})
			return err
		},
		func() error { _, err := q.HoldUsage(ctx, heldUsage); return err },
		func() error { _, err := q.EndAllSessions(ctx); return err },
		func() error { _, err := q.ForgetCodes(ctx); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("mark it as restored: %w", err)
		}
	}
	return nil
}

// setAside renames a database, so that nothing of it is left where the restored one goes,
// and returns its new name; empty when there was none.
func setAside(ctx context.Context, path string, now time.Time) (string, error) {
	kept := path + ".before-" + now.UTC().Format("20060102-150405")
	if _, err := os.Lstat(kept); err == nil {
		return "", fmt.Errorf("%s exists: nothing was changed, try again in a second", kept)
	}
	if _, err := os.Stat(path); err == nil {
		// With its log written back it is one file, and one rename moves it whole. One that
		// is damaged stays as it is: for that a backup is restored.
		_ = onFile(ctx, path, func(conn *sql.DB) error { return conn.PingContext(ctx) })
	}
	moved := ""
	// The log of a database that is not there is removed by SQLite, never taken for another's.
	for _, suffix := range []string{"", "-wal", "-shm"} {
		err := os.Rename(path+suffix, kept+suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("keep the old database: %w", err)
		}
		moved = kept
	}
	return moved, nil
}

// Restored reads when the database was restored, and from when the copy was.
func (s *Store) Restored(ctx context.Context) (Restored, error) { return restoredOf(ctx, s.r) }
