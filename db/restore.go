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
// in anew, because the copy does not know who signed out, and what counts once (codes, links
// that set a password, changes of address) is forgotten, because it does not know what was used.
func Restore(ctx context.Context, file, url string, replace bool, now time.Time) (done Restored, err error) {
	path, err := sqlitePath(url)
	if err != nil {
		return done, err
	}
	backup, err := isBackup(file)
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
	if err := mayReplace(backup, path, replace); err != nil {
		return done, err
	}
	if err := removeUnfinished(path); err != nil {
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
	done.KeptAs, err = exchange(ctx, part, path, now)
	return done, err
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
	}
	for _, forget := range []func(context.Context) (int64, error){
		q.ForgetCodes, q.ForgetMailedLinks, q.ForgetEmailChanges, q.ForgetSignIns, q.ForgetPendingIdentities, q.ForgetChallenges, q.ForgetSetupTokens,
	} { // each counts once, and may have been spent since
		steps = append(steps, func() error { _, err := forget(ctx); return err })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("mark it as restored: %w", err)
		}
	}
	return nil
}

// Restored reads when the database was restored, and from when the copy was.
func (s *Store) Restored(ctx context.Context) (Restored, error) { return restoredOf(ctx, s.r) }
