package twin

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Config says where an engine lives.
type Config struct {
	Path string           // SQLite file, made when missing
	Log  *slog.Logger     // nil: slog.Default
	Now  func() time.Time // real time under the movable clock; nil: time.Now

	// RetryUnit is the unit of the webhook back-off: attempts follow after 4, 8, 16 ... units. Default 1 s;
	// tests make it small.
	RetryUnit time.Duration
}

// Engine is one twin: all objects in memory, written through to SQLite, one transaction per operation. All
// methods may be called from any goroutine.
type Engine struct {
	mu        sync.RWMutex // guards everything below but db
	data      *data
	agenda    agenda
	offset    time.Duration // how far the clock was moved
	lastStamp time.Time
	playedTo  time.Time // the latest due work done
	render    Renderer
	changed   chan struct{} // closed and replaced after every commit
	faults    []Fault       // in memory: a restart heals
	limit     int           // calls a minute, 0 for any; in memory

	db     *sql.DB
	upsert *sql.Stmt
	log    *slog.Logger
	real   func() time.Time
	unit   time.Duration
}

// Open opens or makes the engine's file and reads it. An organization is made on first use.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e := &Engine{data: newData(), changed: make(chan struct{}), log: cfg.Log, real: cfg.Now, unit: cfg.RetryUnit}
	if e.unit <= 0 {
		e.unit = time.Second
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	if e.real == nil {
		e.real = time.Now
	}
	if err := e.openFile(ctx, cfg.Path); err != nil {
		return nil, fmt.Errorf("open twin %s: %w", cfg.Path, err)
	}
	return e, nil
}

// Close closes the file. Operations after it fail.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.db.Close()
}

// clock is the present of the twin; the caller holds the lock.
func (e *Engine) clock() time.Time { return e.real().Add(e.offset).UTC().Truncate(time.Microsecond) }

// announce wakes everyone who waits for a change.
func (e *Engine) announce() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// Changed returns a channel that is closed after the next commit.
func (e *Engine) Changed() <-chan struct{} {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.changed
}

// Read runs f with a consistent view of everything. f must not call methods of the engine.
func (e *Engine) Read(f func(*View) error) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return f(&View{e: e, data: e.data, now: e.clock()})
}

// View answers questions about one moment. It is only valid inside Read.
type View struct {
	*data
	e   *Engine
	now time.Time
}

// Now is the moment of the view on the twin's clock.
func (v *View) Now() time.Time { return v.now }

// read runs a question that gives one value.
func read[T any](e *Engine, ask func(*View) (T, error)) (T, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return ask(&View{e: e, data: e.data, now: e.clock()})
}
