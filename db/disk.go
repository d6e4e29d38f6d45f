package db

// Disk is how much room the disk of a database has.
type Disk struct {
	Known bool  // false where nobody can tell: PostgreSQL, Windows
	Free  int64 // bytes that we may use
	Size  int64 // bytes
}

// NearlyFull is when an operator is told: nine tenths are used.
func (d Disk) NearlyFull() bool { return d.Known && d.Free < d.Size/10 }

// Disk looks at the disk of the database.
func (s *Store) Disk() (Disk, error) {
	if s.path == "" {
		return Disk{}, nil
	}
	return diskOf(s.path)
}
