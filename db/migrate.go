package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/pressly/goose/v3"
	locks "github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. A schema newer than this program is refused,
// untouched: an older program would not write what the newer one relies on. On
// PostgreSQL replicas that start together wait for each other.
func migrate(ctx context.Context, conn *sql.DB, dialect goose.Dialect) error {
	// A fork numbers its own migrations from 1000, and ours that come later run all the same.
	folder, options := "migrations/sqlite", []goose.ProviderOption{goose.WithAllowOutofOrder(true)}
	if dialect == goose.DialectPostgres {
		folder = "migrations/postgres"
		// Look every second, for as long as a large migration of another replica may take.
		locker, err := locks.NewPostgresSessionLocker(locks.WithLockTimeout(1, 600))
		if err != nil {
			return fmt.Errorf("lock for migrations: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return fmt.Errorf("find migrations: %w", err)
	}
	provider, err := goose.NewProvider(dialect, conn, files, options...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if err := checkSchema(ctx, conn, provider); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// checkSchema refuses a schema with a migration that this program does not have.
func checkSchema(ctx context.Context, conn *sql.DB, provider *goose.Provider) error {
	if _, err := provider.GetDBVersion(ctx); err != nil { // makes the table of versions
		return fmt.Errorf("version of the schema: %w", err)
	}
	rows, err := conn.QueryContext(ctx, "SELECT version_id FROM "+goose.DefaultTablename+" WHERE is_applied AND version_id > 0")
	if err != nil {
		return fmt.Errorf("version of the schema: %w", err)
	}
	defer rows.Close()
	sources := provider.ListSources()
	for rows.Next() {
		var have int64
		if err := rows.Scan(&have); err != nil {
			return fmt.Errorf("version of the schema: %w", err)
		}
		if !slices.ContainsFunc(sources, func(s *goose.Source) bool { return s.Version == have }) {
			return fmt.Errorf("its schema has version %d, and this program knows versions up to %d: "+
				"start the newer program that made it, or restore a backup from before", have, sources[len(sources)-1].Version)
		}
	}
	return rows.Err()
}
