package db

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// ErrFull says that the disk is full: nothing was written, what is there can be read, and
// writing works again as soon as there is space.
var ErrFull = errors.New("the disk is full")

// ErrBroken says that the disk failed while a commit was written. Nobody knows then what of
// it is there: the kernel may have dropped the pages and call them clean, so that the next
// flush succeeds without them (Rebello et al., USENIX ATC 2020, on SQLite among others).
// No commit is tried again, and the process must end; see Store.Broken.
var ErrBroken = errors.New("the disk failed while a commit was written")

// Result codes of SQLite (sqlite.org/rescode.html). The low byte is the primary one.
const (
	codeIOError = 10
	codeFull    = 13
	codeSHMSize = 4874 // IOERR_SHMSIZE: no space to grow the index of the log, before anything is written
)

// graded gives an error of a SQLite write the kind that its reader acts on. committing says
// that it came from the commit.
func (s *Store) graded(err error, committing bool) error {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch code := failure.Code(); {
	case code&0xff == codeFull, code == codeSHMSize:
		s.full.Store(true)
		return fmt.Errorf("%w: %w", ErrFull, err)
	case code&0xff == codeIOError && committing:
		err = fmt.Errorf("%w: %w", ErrBroken, err)
		s.broke.CompareAndSwap(nil, &err)
		s.breaks.Do(func() { close(s.broken) })
		return err
	}
	return err
}

// Broken is closed when the disk failed while a commit was written. The process must end
// then, without another write: whoever starts it again goes on from what is on the disk.
func (s *Store) Broken() <-chan struct{} { return s.broken }

// Failure is why Broken is closed; nil while it is not.
func (s *Store) Failure() error {
	if err := s.broke.Load(); err != nil {
		return *err
	}
	return nil
}

// Full reports whether the latest write was refused because the disk is full. An alarm
// could not be written down then.
func (s *Store) Full() bool { return s.full.Load() }

// RehearseFull lets the SQLite database grow by so many pages at most, as if the disk were
// full then; below zero it may grow again. Readers see nothing of it.
func (s *Store) RehearseFull(ctx context.Context, pages int64) error {
	var have int64
	if err := s.write.QueryRowContext(ctx, "PRAGMA page_count").Scan(&have); err != nil {
		return fmt.Errorf("size of the database: %w", err)
	}
	most := int64(1) << 31
	if pages >= 0 {
		most = have + pages
	}
	if _, err := s.write.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", most)); err != nil {
		return fmt.Errorf("limit the database: %w", err)
	}
	return nil
}
