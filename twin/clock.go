package twin

import (
	"context"
	"fmt"
	"time"
)

// Now is the present on the twin's clock.
func (e *Engine) Now() time.Time {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.clock()
}

// RealNow is the time under the movable clock.
func (e *Engine) RealNow() time.Time { return e.real() }

// Advance moves the clock forward by d (not negative) and does everything that falls due on the way, each at
// its own time. Advance by 0 just catches up.
func (e *Engine) Advance(ctx context.Context, d time.Duration) error {
	if d < 0 {
		return invalid("The clock only moves forward.", "by")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if d > 0 {
		if err := e.saveOffset(ctx, e.offset+d); err != nil {
			return err
		}
		e.offset += d
		defer e.announce() // deliveries may have become due
	}
	if err := e.runDue(ctx, e.clock()); err != nil {
		return fmt.Errorf("advance: %w", err)
	}
	return nil
}

// StartAt sets the clock of an engine in which nothing has happened yet, to any time: history can then be
// played from there. Errors: *Refused when something has happened.
func (e *Engine) StartAt(ctx context.Context, t time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.data.products.rows)+len(e.data.customers.rows) > 0 {
		return refused("NotPermitted", "The past of a twin with a history cannot be changed.")
	}
	offset := t.Sub(e.real())
	if err := e.saveOffset(ctx, offset); err != nil {
		return err
	}
	e.offset, e.lastStamp = offset, time.Time{}
	return nil
}

// ToPresent ends a replay: it plays up to real time and lets the clock run with it.
func (e *Engine) ToPresent(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.saveOffset(ctx, 0); err != nil {
		return err
	}
	e.offset = 0
	return e.runDue(ctx, e.clock())
}

// AdvanceTo moves the clock forward to t.
func (e *Engine) AdvanceTo(ctx context.Context, t time.Time) error {
	return e.Advance(ctx, t.Sub(e.Now()))
}

// Run catches up every interval until ctx ends. It is the twin's heartbeat while nobody moves the clock.
func (e *Engine) Run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := e.Advance(ctx, 0); err != nil && ctx.Err() == nil {
				e.log.ErrorContext(ctx, "twin: catch up", "err", err)
			}
		}
	}
}
