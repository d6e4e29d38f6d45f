package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"counterfoil/db/gen"
)

// MarkRestored tells a PostgreSQL database, which its own programs have put back, that it is
// a copy from copiedAt: it does to it what Restore does to a SQLite one. It refuses while a
// portal is connected, since that would go on with what it knows.
func MarkRestored(ctx context.Context, url string, copiedAt, now time.Time) error {
	if !isPostgres(url) {
		return errors.New("the database is SQLite, and counterfoil restore tells it that itself")
	}
	config, err := parsePostgres(url, writerSettings)
	if err != nil {
		return err
	}
	config.RuntimeParams["application_name"] = "counterfoil restored"
	conn := stdlib.OpenDB(*config)
	defer conn.Close()
	var portals int
	const connected = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ('counterfoil', 'counterfoil pages')"
	if err := conn.QueryRowContext(ctx, connected).Scan(&portals); err != nil {
		return fmt.Errorf("%s: %w", nameOf(url), err)
	}
	if portals > 0 {
		return fmt.Errorf("%s: a portal is connected: stop every one of them first", nameOf(url))
	}
	if err := checkPostgres(ctx, conn); err != nil {
		return fmt.Errorf("%s: %w", nameOf(url), err)
	}
	if err := migrate(ctx, conn, goose.DialectPostgres); err != nil {
		return fmt.Errorf("%s: %w", nameOf(url), err)
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := markRestored(ctx, gen.New(dollars{db: tx, texts: &texts{}}), Restored{At: now, CopiedAt: copiedAt}); err != nil {
		return rolledBack(tx, err)
	}
	return tx.Commit()
}
