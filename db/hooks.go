package db

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// HookCall is one call of a hook that was claimed.
type HookCall struct {
	ID     string
	Target string
	Tries  int              // this one included
	Fact   billing.FactBody // what it is told
	Body   []byte           // the same as it is written down; the same at every call
}

// ClaimHooks takes up to most calls of a target that have been due longest and leases
// them until a time: nobody else claims them before. They come in the order in which
// they were noted. Every one must end in EndHook; one that does not is due again when
// its lease is over.
func (s *Store) ClaimHooks(ctx context.Context, target string, most int, until, now time.Time) ([]HookCall, error) {
	due, err := s.r.HookIsDue(ctx, gen.HookIsDueParams{Target: target, Now: millis(now)})
	if err != nil {
		return nil, fmt.Errorf("look for calls of hook %s: %w", target, err)
	}
	if due == 0 {
		return nil, nil
	}
	var calls []HookCall
	err = s.inTx(ctx, func(q *gen.Queries) error {
		calls = nil
		rows, err := q.ClaimHooks(ctx, gen.ClaimHooksParams{
			LeasedUntil: millis(until), Target: target, Now: millis(now), Most: int64(most),
		})
		if err != nil {
			return err
		}
		slices.SortFunc(rows, func(a, b gen.HookCall) int { return cmp.Compare(a.ID, b.ID) })
		for _, row := range rows {
			call, err := hookCall(ctx, q, row)
			if err != nil {
				return err
			}
			calls = append(calls, call)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim calls of hook %s: %w", target, err)
	}
	return calls, nil
}

func hookCall(ctx context.Context, q *gen.Queries, row gen.HookCall) (HookCall, error) {
	fact, err := q.Fact(ctx, row.FactKey)
	if err != nil {
		return HookCall{}, fmt.Errorf("fact %s: %w", row.FactKey, found(err))
	}
	call := HookCall{ID: row.ID, Target: row.Target, Tries: int(row.Tries), Body: []byte(fact.Body)}
	if err := json.Unmarshal(call.Body, &call.Fact); err != nil {
		return HookCall{}, fmt.Errorf("read fact %s: %w", row.FactKey, err)
	}
	return call, nil
}

// States of what waits to be done.
const (
	StateWaiting = "waiting"
	StateDone    = "done"
	StateParked  = "parked"
)

// EndHook writes down how a claimed call ended: done, waiting until next with the reason
// of the failure, or parked with it until an operator looks.
func (s *Store) EndHook(ctx context.Context, call HookCall, state, reason string, next, now time.Time) error {
	p := gen.EndHookParams{State: state, NextTryAt: millis(next), Error: reason, ID: call.ID, Tries: int64(call.Tries)}
	if state == StateDone {
		ms := millis(now)
		p.DoneAt, p.NextTryAt = &ms, ms
	}
	err := s.inTx(ctx, func(q *gen.Queries) error {
		_, err := q.EndHook(ctx, p)
		return err
	})
	if err != nil {
		return fmt.Errorf("end call %s of hook %s: %w", call.ID, call.Target, err)
	}
	return nil
}

// ResendHook has a call that is done or parked made again, under its own key.
func (s *Store) ResendHook(ctx context.Context, id string, now time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		rows, err := q.ResendHook(ctx, gen.ResendHookParams{Now: millis(now), ID: id})
		if err == nil && rows == 0 {
			err = billing.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("resend hook call %s: %w", id, err)
		}
		return nil
	})
}

// ParkedHooks counts the calls of a target that wait for an operator.
func (s *Store) ParkedHooks(ctx context.Context, target string) (int, error) {
	n, err := s.r.ParkedHooks(ctx, target)
	if err != nil {
		return 0, fmt.Errorf("parked calls of hook %s: %w", target, err)
	}
	return int(n), nil
}

// HookBacklog counts the calls by target and state, for operators.
func (s *Store) HookBacklog(ctx context.Context) ([]Backlog, error) {
	rows, err := s.r.HookCounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("count hook calls: %w", err)
	}
	return mapEach(rows, func(row gen.HookCountsRow) Backlog {
		return Backlog{Kind: row.Target, State: row.State, Count: int(row.Calls), Oldest: moment(row.Oldest)}
	}), nil
}

// HookRecord is one call as an operator sees it.
type HookRecord struct {
	ID, Target, FactKey, State string
	Type                       string // of the fact
	Object                     billing.Ref
	CustomerID                 string // ours; may be empty
	Tries                      int
	Error                      string
	NotedAt, NextTryAt, DoneAt time.Time
}

// HookCalls lists calls of a target in one state, the latest first; before is the id of
// the last one seen, empty for the first page.
func (s *Store) HookCalls(ctx context.Context, target, state, before string, most int) ([]HookRecord, error) {
	if before == "" {
		before = "~" // later than any id
	}
	rows, err := s.r.HookCalls(ctx, gen.HookCallsParams{State: state, Target: target, Before: before, Most: int64(most)})
	if err != nil {
		return nil, fmt.Errorf("%s calls of hook %s: %w", state, target, err)
	}
	return mapEach(rows, func(row gen.HookCallsRow) HookRecord {
		return HookRecord{
			ID: row.ID, Target: row.Target, FactKey: row.FactKey, State: row.State, Type: row.Type,
			Object:     billing.Ref{Provider: row.Provider, Kind: billing.Kind(row.ObjectKind), ProviderID: row.ObjectID},
			CustomerID: row.CustomerID, Tries: int(row.Tries), Error: row.Error,
			NotedAt: moment(row.NotedAt), NextTryAt: moment(row.NextTryAt), DoneAt: maybeMoment(row.DoneAt),
		}
	}), nil
}

// PruneHooks removes up to most calls of each target that were done before a time, and
// empties the facts that nobody waits for. The keys of facts stay for ever, so that no
// replay is news.
func (s *Store) PruneHooks(ctx context.Context, before time.Time, most int) (pruned int64, err error) {
	err = s.inTx(ctx, func(q *gen.Queries) error {
		pruned = 0
		for _, target := range s.hooks {
			n, err := q.PruneHooks(ctx, gen.PruneHooksParams{Target: target.Name, Before: millis(before), Most: int64(most)})
			if err != nil {
				return err
			}
			pruned += n
		}
		n, err := q.PruneFacts(ctx, gen.PruneFactsParams{Before: millis(before), Most: int64(most)})
		pruned += n
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune hooks: %w", err)
	}
	return pruned, nil
}
