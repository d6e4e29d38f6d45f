package db

import "context"

// SyncNormal lets SQLite commit without waiting for the disk: what an installation must
// never do, and a test must be able to notice.
func (s *Store) SyncNormal(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, "PRAGMA synchronous = NORMAL")
	return err
}
