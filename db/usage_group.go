package db

import (
	"context"
	"errors"
	"time"
)

const (
	// mostTogether is how many events share a transaction at most.
	mostTogether = 256
	// recordTimeout bounds the transaction on PostgreSQL: all that come later wait for it,
	// and a server whose machine has vanished is noticed by the network after a quarter of
	// an hour.
	recordTimeout = 8 * time.Second
)

// recording is an event that waits for its transaction.
type recording struct {
	use
	recorded bool
}

// recordTogether writes a batch in one transaction. If that fails each is tried on
// its own, so that nobody fails for a neighbour, unless it is the database that is away,
// which it would be for each of them in turn. A caller that has gone before the
// start is left out; after it, the shared transaction does not depend on anyone.
func (s *Store) recordTogether(batch []*member[recording]) {
	err := s.recordAll(batch)
	away := s.postgres && (Unreachable(err) || errors.Is(err, context.DeadlineExceeded))
	if err != nil && len(batch) > 1 && !away {
		for _, m := range batch {
			s.recordTogether([]*member[recording]{m})
		}
		return
	}
	for _, m := range batch {
		if err != nil {
			m.item.recorded, m.err = false, err
		}
	}
}

func (s *Store) recordAll(batch []*member[recording]) error {
	ctx := context.WithoutCancel(batch[0].ctx)
	if s.postgres { // a file does not hang; see receiveTogether
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, recordTimeout)
		defer cancel()
	}
	return s.inLedger(ctx, batch[0].item.at, func(l *ledger) error {
		for _, m := range batch {
			m.item.recorded = false // as it was before a try that was rolled back
			if m.err = m.ctx.Err(); m.err != nil {
				continue
			}
			l.now = m.item.at
			m.item.recorded, m.err = l.record(ctx, m.item.use)
			if m.err != nil && !errors.Is(m.err, errReused) {
				return m.err
			}
		}
		return nil
	})
}
