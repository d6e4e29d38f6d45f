package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/pressly/goose/v3"
)

// Inspection is what Inspect saw of a SQLite database.
type Inspection struct {
	Running bool     // a process works on it
	Schema  int64    // highest migration that was applied
	Bytes   int64    // size of the database
	WAL     int64    // size of its log
	Alarms  []string // that last, the oldest first
	Disk    Disk
}

// Inspect looks at a SQLite database without changing it, beside the process that works
// on it or with none: a schema newer than this program and a damaged file are errors.
func Inspect(ctx context.Context, url string) (in Inspection, err error) {
	path := strings.TrimPrefix(url, "file:")
	about, err := os.Stat(path)
	if err != nil {
		return in, fmt.Errorf("database: %w", err)
	}
	in.Bytes = about.Size()
	if about, err := os.Stat(path + "-wal"); err == nil {
		in.WAL = about.Size()
	}
	if _, err := os.Stat(path + ".lock"); err == nil {
		file, err := openLocked(path + ".lock")
		in.Running = errors.Is(err, ErrLocked)
		if err == nil {
			file.Close()
		}
	}
	if in.Disk, err = diskOf(path); err != nil {
		return in, err
	}
	conn, err := sql.Open("sqlite", "file:"+path+readerPragmas)
	if err != nil {
		return in, err
	}
	defer conn.Close()
	var health string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&health); err != nil {
		return in, fmt.Errorf("check the database: %w", err)
	}
	if health != "ok" {
		return in, fmt.Errorf("the database is damaged: %s", health)
	}
	const newest = "SELECT COALESCE(MAX(version_id), 0) FROM " + goose.DefaultTablename + " WHERE is_applied"
	if err := conn.QueryRowContext(ctx, newest).Scan(&in.Schema); err != nil {
		return in, fmt.Errorf("version of the schema: %w", err)
	}
	known, err := fs.Glob(migrations, fmt.Sprintf("migrations/sqlite/%05d_*", in.Schema))
	if err != nil || len(known) == 0 {
		return in, fmt.Errorf("its schema has version %d, which this program does not know", in.Schema)
	}
	in.Alarms, err = lasting(ctx, conn)
	return in, err
}

// lasting lists the alarms that last, a line each.
func lasting(ctx context.Context, conn *sql.DB) (lines []string, err error) {
	rows, err := conn.QueryContext(ctx, "SELECT kind, subject, detail FROM alarms WHERE cleared_at IS NULL ORDER BY raised_at LIMIT 200")
	if err != nil {
		return nil, fmt.Errorf("alarms: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, subject, detail string
		if err := rows.Scan(&kind, &subject, &detail); err != nil {
			return nil, fmt.Errorf("alarms: %w", err)
		}
		lines = append(lines, kind+" of "+subject+": "+detail)
	}
	return lines, rows.Err()
}
