package twin

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The file holds every object as one JSON document; SQLite gives atomic operations and a crash-safe file, and
// memory answers the questions. rowid order is order of creation.
const schema = `
CREATE TABLE IF NOT EXISTS objects (
	kind TEXT NOT NULL,
	id   TEXT NOT NULL,
	body TEXT NOT NULL,
	UNIQUE (kind, id)
);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);`

// errTaken says that another engine has the file. Each holds everything in memory, so two would overwrite
// each other's objects: the first keeps SQLite's lock until it closes, or its process ends.
var errTaken = errors.New("another twin has this file: stop it, or use another one")

// openFile connects, makes the tables and loads all rows.
func (e *Engine) openFile(ctx context.Context, path string) error {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_txlock=immediate&_pragma=busy_timeout(2000)" +
		"&_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=temp_store(MEMORY)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	e.db = db
	err = e.load(ctx)
	var failure *sqlite.Error
	if errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_BUSY {
		err = errTaken
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

// load makes the tables when missing and reads them.
func (e *Engine) load(ctx context.Context) error {
	if _, err := e.db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("make tables: %w", err)
	}
	if err := e.loadRows(ctx); err != nil {
		return err
	}
	if err := e.loadOffset(ctx); err != nil {
		return err
	}
	var err error
	e.upsert, err = e.db.PrepareContext(ctx,
		`INSERT INTO objects (kind, id, body) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body`)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return e.restoreCounters(ctx)
}

// loadRows fills the tables and the agenda.
func (e *Engine) loadRows(ctx context.Context) error {
	tables := map[string]loader{}
	for _, t := range e.data.tables {
		tables[t.name()] = t
	}
	rows, err := e.db.QueryContext(ctx, `SELECT kind, id, body FROM objects ORDER BY rowid`)
	if err != nil {
		return fmt.Errorf("read objects: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, id string
		var body []byte
		if err := rows.Scan(&kind, &id, &body); err != nil {
			return fmt.Errorf("read object: %w", err)
		}
		t, ok := tables[kind]
		if !ok {
			return fmt.Errorf("the file holds a %q, which this version does not know", kind)
		}
		due, err := t.load(id, body)
		if err != nil {
			return err
		}
		if !due.IsZero() {
			e.agenda.add(due, kind, id)
		}
	}
	return rows.Err()
}

// loadOffset reads how far the clock was moved.
func (e *Engine) loadOffset(ctx context.Context) error {
	var text string
	err := e.db.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'clock_offset'`).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read clock: %w", err)
	}
	nanos, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("read clock: %w", err)
	}
	e.offset = time.Duration(nanos)
	return nil
}

// saveOffset keeps how far the clock was moved.
func (e *Engine) saveOffset(ctx context.Context, offset time.Duration) error {
	_, err := e.db.ExecContext(ctx,
		`INSERT INTO settings (name, value) VALUES ('clock_offset', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
		strconv.FormatInt(int64(offset), 10))
	if err != nil {
		return fmt.Errorf("keep clock: %w", err)
	}
	return nil
}

// restoreCounters finds the last stamp and makes the organization of a new file.
func (e *Engine) restoreCounters(ctx context.Context) error {
	for _, v := range e.data.events.rows {
		e.lastStamp = later(e.lastStamp, v.IngestedAt)
	}
	for _, w := range e.data.webhookEvents.rows {
		e.lastStamp = later(e.lastStamp, w.CreatedAt)
	}
	if len(e.data.organization.rows) > 0 {
		return nil
	}
	return e.apply(ctx, e.clock(), func(x *tx) error {
		put(x, x.organization, defaultOrganization(x.made()))
		return nil
	})
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
