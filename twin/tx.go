package twin

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// tx is one operation: it changes memory at once, and the file when it commits. If anything fails, memory is
// put back and the file never knew. A tx runs under the engine's write lock.
type tx struct {
	*View
	undo    []func()
	dirty   map[rowKey]any // nil value: removed
	written []rowKey       // dirty keys in order of first change
	stale   []string       // customers whose state changed, told last
	failed  error          // first webhook body that could not be built
}

// rowKey names a stored row.
type rowKey struct{ kind, id string }

// put stores a new version of a row.
func put[T any](x *tx, t *table[T], row T) {
	id := t.id(&row)
	old := t.set(id, &row)
	x.undo = append(x.undo, func() { t.set(id, old) })
	x.mark(rowKey{t.kind, id}, &row)
	if at := t.dueAt(&row); !at.IsZero() {
		x.e.agenda.add(at, t.kind, id)
	}
}

// remove deletes a row for good.
func remove[T any](x *tx, t *table[T], id string) {
	old := t.set(id, nil)
	x.undo = append(x.undo, func() { t.set(id, old) })
	x.mark(rowKey{t.kind, id}, nil)
}

// mark remembers what to write at commit.
func (x *tx) mark(key rowKey, row any) {
	if _, seen := x.dirty[key]; !seen {
		x.written = append(x.written, key)
	}
	x.dirty[key] = row
}

// stamp returns now, moved on by microseconds so that no two stamps of an engine are equal or go backwards:
// whoever sorts events by time gets the order in which they happened.
func (x *tx) stamp() time.Time {
	at := x.now
	if !at.After(x.e.lastStamp) {
		at = x.e.lastStamp.Add(time.Microsecond)
	}
	x.e.lastStamp = at
	return at
}

// made is the stamp of a new object.
func (x *tx) made() Stamp { return Stamp{CreatedAt: x.stamp()} }

// touched returns s with ModifiedAt set.
func (x *tx) touched(s Stamp) Stamp { return Stamp{CreatedAt: s.CreatedAt, ModifiedAt: x.stamp()} }

// newID returns a random UUID.
func newID() string { return uuid.NewString() }

// write runs op as one operation at the engine's present time, after everything that was due before it.
func (e *Engine) write(ctx context.Context, op func(*tx) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.clock()
	if err := e.runDue(ctx, now); err != nil {
		return err
	}
	return e.apply(ctx, now, op)
}

// apply runs op at the given time and commits it; the caller holds the write lock.
func (e *Engine) apply(ctx context.Context, now time.Time, op func(*tx) error) error {
	x := &tx{View: &View{e: e, data: e.data, now: now}, dirty: map[rowKey]any{}}
	committed := false
	defer func() {
		if !committed { // an error, or a panic on its way to the caller
			x.rollback()
		}
	}()
	if err := op(x); err != nil {
		return err
	}
	x.tellStates()
	if x.failed != nil {
		return x.failed
	}
	if len(x.written) > 0 {
		if err := x.commit(ctx); err != nil {
			return err
		}
		e.announce()
	}
	committed = true
	return nil
}

// rollback puts memory back, newest change first.
func (x *tx) rollback() {
	for i := len(x.undo) - 1; i >= 0; i-- {
		x.undo[i]()
	}
}

// commit writes all changed rows in one SQLite transaction. Once begun it is not abandoned with its caller's
// context: the outcome must be known.
func (x *tx) commit(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	db, err := x.e.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := x.save(ctx, db); err != nil {
		return fmt.Errorf("save: %w", errors.Join(err, db.Rollback()))
	}
	if err := db.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// save upserts or deletes every changed row.
func (x *tx) save(ctx context.Context, db *sql.Tx) error {
	upsert := db.StmtContext(ctx, x.e.upsert)
	for _, key := range x.written {
		row := x.dirty[key]
		if row == nil {
			if _, err := db.ExecContext(ctx, `DELETE FROM objects WHERE kind = ? AND id = ?`, key.kind, key.id); err != nil {
				return fmt.Errorf("delete %s: %w", key.kind, err)
			}
			continue
		}
		body, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("encode %s: %w", key.kind, err)
		}
		if _, err := upsert.ExecContext(ctx, key.kind, key.id, string(body)); err != nil {
			return fmt.Errorf("store %s: %w", key.kind, err)
		}
	}
	return nil
}
