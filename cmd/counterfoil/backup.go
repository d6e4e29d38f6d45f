package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"counterfoil/db"
)

// backup copies the database into a file and says how large it is and how long it took.
func backup(ctx context.Context, c config, out io.Writer, file string) error {
	began := time.Now()
	size, err := db.Backup(ctx, c.DatabaseURL, file, began)
	if errors.Is(err, db.ErrPostgres) {
		return fmt.Errorf("the database is PostgreSQL, which has its own program for this:\n\n  pg_dump --format=custom --file=%s \"$DATABASE_URL\"", file)
	}
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s: %s in %s, checked\n", file, bytesText(size), time.Since(began).Round(time.Millisecond))
	return err
}

// restore puts a backup where the database belongs.
func restore(ctx context.Context, c config, out io.Writer, file string, replace bool) error {
	began := time.Now()
	done, err := db.Restore(ctx, file, c.DatabaseURL, replace, began)
	if errors.Is(err, db.ErrPostgres) {
		return fmt.Errorf("the database is PostgreSQL, which has its own programs for this. Stop every portal, then fill an empty database, "+
			"and name it in DATABASE_URL from then on:\n\n  createdb --maintenance-db=\"$DATABASE_URL\" counterfoil_restored\n"+
			"  pg_restore --exit-on-error --single-transaction --dbname=postgres://...counterfoil_restored %s\n"+
			"  DATABASE_URL=postgres://...counterfoil_restored counterfoil restored TIME   (of the copy, in UTC)", file)
	}
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	fmt.Fprintf(out, "%s: restored in %s, checked\n", file, time.Since(began).Round(time.Millisecond))
	if !done.CopiedAt.IsZero() {
		fmt.Fprintf(out, "  it is as of    %s (%s ago)\n", done.CopiedAt.Format(time.RFC3339), began.Sub(done.CopiedAt).Round(time.Second))
	}
	if done.KeptAs != "" {
		fmt.Fprintf(out, "  the old one is %s\n", done.KeptAs)
	}
	_, err = fmt.Fprintln(out, "  start the portal now: it reads everything anew from the provider, and everybody signs in again")
	if err == nil {
		_, err = fmt.Fprintln(out, "  "+takenBack)
	}
	return err
}

// takenBack is what a restore cannot know, so that somebody must look.
const takenBack = "what was taken back since the copy counts again, such as revoked API keys and members who were removed: see docs/operations.md, What counts again"

// restored tells a PostgreSQL database, which pg_restore put back, from when it is.
func restored(ctx context.Context, c config, out io.Writer, asOf string) error {
	copied, err := parseTime(asOf)
	now := time.Now()
	if err != nil || copied.After(now) {
		return fmt.Errorf("%q: give the time of the copy in UTC, such as 2026-11-22T09:30", asOf)
	}
	if err := db.MarkRestored(ctx, c.DatabaseURL, copied, now); err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	_, err = fmt.Fprintln(out, "start the portal now: it reads everything anew from the provider, wallets are frozen until they agree, and everybody signs in again")
	if err == nil {
		_, err = fmt.Fprintln(out, takenBack)
	}
	return err
}

// bytesText is a size for people.
func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	default:
		return fmt.Sprintf("%d KiB", (n+1023)/1024)
	}
}
