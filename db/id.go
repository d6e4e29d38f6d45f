package db

import "github.com/google/uuid"

// NewID makes a UUIDv7 (RFC 9562): unique, and sorting by the time of its making.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// lastID sorts after every id, in every collation.
const lastID = "g"
