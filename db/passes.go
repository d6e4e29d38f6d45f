package db

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Kinds of passes.
const (
	PassScheduled = "scheduled"
	PassManual    = "manual"
	PassDry       = "dry" // reads everything and applies nothing
)

// States of a pass besides those of a job.
const (
	StateRunning = "running"
	StateFailed  = "failed"
)

// Pass is one reading of everything that a provider has, or of what one customer has.
type Pass struct {
	ID         string
	Provider   string
	Kind       string // PassScheduled, PassManual or PassDry
	CustomerID string // ours; empty for everything
	State      string // waiting, running, done or failed
	AskedAt    time.Time
	StartedAt  time.Time // zero while it waits
	MovedAt    time.Time // when it last got a page
	FinishedAt time.Time // zero until it ends

	CursorKind billing.Kind // where a pass that was cut short goes on
	CursorPage int          // 0: at the beginning of that list

	Objects int    // read
	Calls   int    // of the provider
	Changed int    // copies that were not as the provider has them
	Healed  int    // of these: a webhook should have told us, and the mirror is right now
	Found   int    // the same, but nothing was done: a dry run, or missing from a list
	Broken  int    // failures and restarts on the way
	Error   string // why it failed, or why it waits; empty if it did not

	holder string
}

func passOf(row gen.ReconcilePass) Pass {
	return Pass{
		ID: row.ID, Provider: row.Provider, Kind: row.Kind, CustomerID: row.CustomerID, State: row.State,
		AskedAt: moment(row.AskedAt), StartedAt: moment(row.StartedAt), MovedAt: moment(row.MovedAt), FinishedAt: maybeMoment(row.FinishedAt),
		CursorKind: billing.Kind(row.CursorKind), CursorPage: int(row.CursorPage),
		Objects: int(row.Objects), Calls: int(row.Calls), Changed: int(row.Changed), Healed: int(row.Healed),
		Found: int(row.Found), Broken: int(row.Broken), Error: row.Error, holder: row.Holder,
	}
}

// completeSince is the name under which the installation remembers when the first pass
// began that read everything of a provider.
func completeSince(provider string) string { return "complete_since_" + provider }

// DuePass takes the pass that is to be run now and leases it until a time: one that was
// cut short, else an operator's wish, else a new one of everything when none began after
// olderThan, or since the database was restored, or since RestoreSettles after that.
// billing.ErrNotFound: none is due.
func (s *Store) DuePass(ctx context.Context, provider string, olderThan, until, now time.Time) (Pass, error) {
	restored, err := s.Restored(ctx)
	if err != nil {
		return Pass{}, err
	}
	for _, since := range []time.Time{restored.At, restored.Settled()} {
		if since.After(olderThan) && !since.After(now) {
			olderThan = since
		}
	}
	due, err := s.r.PassDue(ctx, gen.PassDueParams{Provider: provider, Now: millis(now), OlderThan: millis(olderThan)})
	if err != nil {
		return Pass{}, fmt.Errorf("look for a pass: %w", err)
	}
	if due == 0 {
		return Pass{}, fmt.Errorf("pass: %w", billing.ErrNotFound)
	}
	var pass Pass
	err = s.inTx(ctx, func(q *gen.Queries) error {
		_, err := q.StartPass(ctx, gen.StartPassParams{ID: NewID(), Provider: provider, Now: millis(now), OlderThan: millis(olderThan)})
		if err != nil {
			return fmt.Errorf("start a pass: %w", err)
		}
		row, err := q.ClaimPass(ctx, gen.ClaimPassParams{Holder: NewID(), LeasedUntil: millis(until), Now: millis(now), Provider: provider})
		if err != nil {
			return fmt.Errorf("claim a pass: %w", found(err))
		}
		pass = passOf(row)
		return nil
	})
	return pass, err
}

// ReleasePasses gives back, at a start, the pass that a process which died was running. It
// does so only where no other process can be running it.
func (s *Store) ReleasePasses(ctx context.Context, provider string) error {
	if s.lock == nil {
		return nil
	}
	err := s.inTx(ctx, func(q *gen.Queries) error {
		_, err := q.ReleasePasses(ctx, provider)
		return err
	})
	if err != nil {
		return fmt.Errorf("give back the pass of a process that died: %w", err)
	}
	return nil
}

// AskForPass keeps an operator's wish for a reading, of one customer of ours or (empty) of
// everything, and returns its id. Nothing runs beside another pass.
func (s *Store) AskForPass(ctx context.Context, provider, kind, customerID string, now time.Time) (string, error) {
	id := NewID()
	err := s.inTx(ctx, func(q *gen.Queries) error {
		return q.AskForPass(ctx, gen.AskForPassParams{ID: id, Provider: provider, Kind: kind, CustomerID: customerID, Now: millis(now)})
	})
	if err != nil {
		return "", fmt.Errorf("ask for a pass: %w", err)
	}
	return id, nil
}

// HoldPass keeps a pass until a time: renews its lease, or (with a reason) lets it wait
// until then. calls are those made since. billing.ErrConflict: somebody else runs it now.
func (s *Store) HoldPass(ctx context.Context, pass Pass, until time.Time, calls int, reason string) error {
	broken := int64(0)
	if reason != "" {
		broken = 1
	}
	return s.ofPass(ctx, pass, func(q *gen.Queries) (int64, error) {
		return q.HoldPass(ctx, gen.HoldPassParams{
			LeasedUntil: millis(until), Error: reason, Calls: int64(calls), Broken: broken, ID: pass.ID, Holder: pass.holder,
		})
	})
}

// FinishPass ends a pass that read all it was to read. Of one that applied everything, the
// copies of all customers are as old as its beginning from now on. pass.Error is what was
// strange about it; empty if nothing was.
func (s *Store) FinishPass(ctx context.Context, pass Pass, now time.Time) error {
	ms := millis(now)
	return s.ofPass(ctx, pass, func(q *gen.Queries) (int64, error) {
		if pass.CustomerID == "" && pass.Kind != PassDry {
			at := millis(pass.StartedAt)
			if err := q.SyncedPass(ctx, gen.SyncedPassParams{Provider: pass.Provider, SyncedAt: &at}); err != nil {
				return 0, err
			}
			if _, err := q.ClearSyncErrors(ctx, pass.Provider); err != nil {
				return 0, err
			}
			err := q.Remember(ctx, gen.RememberParams{Name: completeSince(pass.Provider), Value: strconv.FormatInt(at, 10)})
			if err != nil {
				return 0, err
			}
		}
		return q.EndPass(ctx, gen.EndPassParams{State: StateDone, Now: &ms, Error: pass.Error, ID: pass.ID, Holder: pass.holder})
	})
}

// FailPass ends a pass that came to nothing, with the reason.
func (s *Store) FailPass(ctx context.Context, pass Pass, reason string, now time.Time) error {
	ms := millis(now)
	return s.ofPass(ctx, pass, func(q *gen.Queries) (int64, error) {
		return q.EndPass(ctx, gen.EndPassParams{State: StateFailed, Now: &ms, Error: reason, ID: pass.ID, Holder: pass.holder})
	})
}

// MarkPassFailing says on every customer's pages why what they show is getting old.
func (s *Store) MarkPassFailing(ctx context.Context, provider, reason string) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		return q.FailedPass(ctx, gen.FailedPassParams{Provider: provider, Error: reason})
	})
	if err != nil {
		return fmt.Errorf("say that the copies get old: %w", err)
	}
	return nil
}

// ofPass runs one statement that only the holder of a pass may run.
func (s *Store) ofPass(ctx context.Context, pass Pass, statement func(q *gen.Queries) (int64, error)) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := statement(q)
		if err == nil && rows == 0 {
			err = fmt.Errorf("another process has it: %w", billing.ErrConflict)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("pass %s: %w", pass.ID, err)
	}
	return nil
}

// Pass returns one pass.
func (s *Store) Pass(ctx context.Context, id string) (Pass, error) {
	row, err := s.r.Pass(ctx, id)
	if err != nil {
		return Pass{}, fmt.Errorf("pass %s: %w", id, found(err))
	}
	return passOf(row), nil
}

// Passes returns up to most passes, the latest first, for operators.
func (s *Store) Passes(ctx context.Context, most int) ([]Pass, error) {
	rows, err := s.r.Passes(ctx, gen.PassesParams{Before: lastID, Most: int64(most)})
	if err != nil {
		return nil, fmt.Errorf("passes: %w", err)
	}
	return mapEach(rows, passOf), nil
}

// CompleteSince is when the first pass began that read everything of a provider; zero
// while none has come to its end. What is older than that was never news to us.
func (s *Store) CompleteSince(ctx context.Context, provider string) (time.Time, error) {
	return s.rememberedTime(ctx, completeSince(provider))
}

// rememberedTime reads a time that the installation remembers; zero if it does not.
func (s *Store) rememberedTime(ctx context.Context, name string) (time.Time, error) {
	value, err := s.r.Remembered(ctx, name)
	if found(err) == billing.ErrNotFound {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("remember %s: %w", name, err)
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("remember %s: %w", name, err)
	}
	return moment(ms), nil
}

// PassRunning reports whether a pass of a provider is under way.
func (s *Store) PassRunning(ctx context.Context, provider string) (bool, error) {
	n, err := s.r.PassRunning(ctx, provider)
	if err != nil {
		return false, fmt.Errorf("look for a running pass: %w", err)
	}
	return n > 0, nil
}
