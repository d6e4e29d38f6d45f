package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"counterfoil/db/gen"
)

// inTx runs work in one writing transaction: all of it happens, or nothing. Work may
// be run several times, so it begins by setting anew what it hands to its caller.
//
// An error may leave open whether it happened: the answer to a commit can be lost, on
// PostgreSQL with the connection. Nobody guesses then. Each write of the Store may be
// repeated after it happened: it is keyed by an id, a version, a state or a lease, so it
// either changes nothing more or is refused (a sign-in code is spent once). Who asked
// for it does repeat it: the provider sends its delivery again, a caller its event under
// the same id, a loop of the worker its job, a person his form.
func (s *Store) inTx(ctx context.Context, work func(q *gen.Queries) error) error {
	return s.transact(ctx, func(on gen.DBTX) error { return work(gen.New(on)) })
}

// transact is inTx for work that chooses how its statements are run.
func (s *Store) transact(ctx context.Context, work func(on gen.DBTX) error) error {
	if s.postgres {
		return s.inSerializable(ctx, work)
	}
	if err := s.Failure(); err != nil {
		return err
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", s.graded(err, false))
	}
	defer func() { _ = tx.Rollback() }() // after a panic of work; else it has ended
	statements := s.w.in(tx)
	if err := work(statements); err != nil {
		return rolledBack(tx, s.graded(err, false))
	}
	if err := tx.Commit(); err != nil {
		return rolledBack(tx, fmt.Errorf("commit: %w", s.graded(err, true)))
	}
	s.full.Store(false)
	statements.learn(ctx)
	return nil
}

func rolledBack(tx *sql.Tx, err error) error {
	if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
		return errors.Join(err, fmt.Errorf("roll back: %w", rollback))
	}
	return err
}

const (
	// txTries bounds how often a transaction is run. Whoever loses to another one has
	// seen that one commit, so all of them together always get on.
	txTries = 40
	// txAlone is after how many lost tries a transaction runs alone in its process.
	txAlone = 3
	// txPatience bounds how long a server that cannot be reached is tried: long enough for
	// one to restart. It does not end the turns of those who lose to each other, which on a
	// busy machine take as long as they take.
	txPatience = 6 * time.Second
)

// inSerializable runs work as if no other transaction ran at the same time. PostgreSQL
// rolls back one of two that cannot both be right (40001); that one is run again.
func (s *Store) inSerializable(ctx context.Context, work func(on gen.DBTX) error) error {
	began := time.Now() // of a wait, not of a fact
	for try := 1; ; try++ {
		certain, err := s.trySerializable(ctx, try > txAlone, work)
		if err == nil {
			return nil
		}
		if !certain {
			return fmt.Errorf("commit, whose outcome is unknown: %w", err)
		}
		if ctx.Err() != nil || givesUp(err, try, time.Since(began)) {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// givesUp reports whether a transaction that failed is not run again, at which try and
// after which time.
func givesUp(err error, try int, took time.Duration) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	lost := ok && (refused.Code == "40001" || refused.Code == "40P01")
	return !passes(err, try) || try == txTries || took > txPatience && !lost
}

// trySerializable runs work once. After an error certain says that nothing happened.
func (s *Store) trySerializable(ctx context.Context, alone bool, work func(on gen.DBTX) error) (certain bool, err error) {
	if alone {
		s.turn.Lock()
		defer s.turn.Unlock()
	} else {
		s.turn.RLock()
		defer s.turn.RUnlock()
	}
	tx, err := s.write.BeginTx(ctx, nil) // serializable by writerSettings
	if err != nil {
		return true, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a panic of work; else it has ended
	if err := work(dollars{db: tx, texts: &s.texts}); err != nil {
		return true, rolledBack(tx, err)
	}
	if err := tx.Commit(); err != nil {
		// An ERROR is the server's word that it rolled back. A FATAL is not: it comes, too,
		// when a standby has not confirmed what is committed here. Nor is a broken line.
		refused, ok := errors.AsType[*pgconn.PgError](err)
		return ok && refused.SeverityUnlocalized == "ERROR" || errors.Is(err, sql.ErrTxDone), err
	}
	return true, nil
}

// passes reports whether the same work may succeed when it is run again.
func passes(err error, try int) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return Unreachable(err) || errors.Is(err, sql.ErrConnDone)
	}
	switch refused.Code {
	case "40001", "40P01": // lost to another transaction; a deadlock
		return true
	case "23505": // a unique key, which one that ran at the same time may have taken
		return try <= txAlone
	case "25P03": // it waited for us too long
		return true
	}
	return Unreachable(err)
}

// Unreachable reports whether an error says that PostgreSQL cannot be reached at the
// moment: it is stopped, starting, or on the other side of a broken line. Nothing is
// wrong with what was asked for. Other broken lines look the same, so look at kinds first.
func Unreachable(err error) bool {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		// operator intervention (57P01 to 57P03) and connection exceptions (class 08)
		return strings.HasPrefix(refused.Code, "57P0") || strings.HasPrefix(refused.Code, "08")
	}
	_, refused := errors.AsType[*pgconn.ConnectError](err)
	_, cut := errors.AsType[*net.OpError](err)
	return refused || cut || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed)
}

// pause waits before the next try: 2 ms, doubling up to 200 ms, each anywhere between
// nothing and that, so that those who met once do not meet again.
func pause(ctx context.Context, try int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(min(200*time.Millisecond, time.Millisecond<<min(try, 8)))):
		return nil
	}
}
