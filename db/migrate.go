package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	locks "github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// migrate brings the schema up to date. A schema newer than this program is refused,
// untouched: an older program would not write what the newer one relies on. On
// PostgreSQL replicas that start together wait for each other.
func migrate(ctx context.Context, conn *sql.DB, dialect goose.Dialect) error {
	folder, options := "migrations/sqlite", []goose.ProviderOption(nil)
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
	have, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("version of the schema: %w", err)
	}
	sources := provider.ListSources()
	if known := sources[len(sources)-1].Version; have > known {
		return fmt.Errorf("its schema is version %d, and this program knows versions up to %d: "+
			"start the newer program that made it, or restore a backup from before", have, known)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
