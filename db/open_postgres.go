package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"counterfoil/db/gen"
)

// writers is how many transactions a process has under way at once on PostgreSQL. More
// would mostly wait for the same rows, and be rolled back for it.
const writers = 8

// What PostgreSQL is told about each connection. A page's connection cannot write. A
// process that hangs in the middle of a transaction, stopped or cut off, loses it and
// its locks after ten seconds, so that the other replicas go on.
var (
	writerSettings = map[string]string{
		"application_name": "counterfoil", "default_transaction_isolation": "serializable", "idle_in_transaction_session_timeout": "10s",
	}
	readerSettings = map[string]string{
		"application_name": "counterfoil pages", "default_transaction_read_only": "on", "statement_timeout": "30s",
	}
)

// openPostgres fills in the store, as far as it comes.
func (s *Store) openPostgres(ctx context.Context, url string) (err error) {
	writer, err := parsePostgres(url, writerSettings)
	if err != nil {
		return err
	}
	reader, err := parsePostgres(url, readerSettings)
	if err != nil {
		return err
	}
	s.postgres, s.products.ages, s.meters.ages, s.catalog.ages = true, true, true, true
	s.write = pool(writer, writers)
	s.read = pool(reader, readers)
	s.r = gen.New(dollars{db: s.read, texts: &s.texts, again: readers})
	if err := checkPostgres(ctx, s.write); err != nil {
		return err
	}
	return migrate(ctx, s.write, goose.DialectPostgres)
}

// errPostgresURL does not quote the URL, nor what the parser says of it: both may hold
// the password.
var errPostgresURL = errors.New("it is no URL of PostgreSQL: give postgres://user:password@host:port/name, and write special characters of the password as %XX")

// parsePostgres reads the URL. Both pools use the primary: a standby may be behind, and
// may show an order of commits that never was (Jepsen, Amazon RDS 17.4, 2025).
func parsePostgres(url string, settings map[string]string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errPostgresURL
	}
	if config.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return nil, errors.New("the simple protocol puts values into the text of a query: leave default_query_exec_mode out")
	}
	for name, value := range settings {
		config.RuntimeParams[name] = value
	}
	config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	return config, nil
}

func pool(config *pgx.ConnConfig, most int) *sql.DB {
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}

// checkPostgres refuses a server that would break what the Store promises: text that is
// no UTF-8, and commits that are acknowledged before they are on disk.
func checkPostgres(ctx context.Context, conn *sql.DB) error {
	var encoding, synchronous string
	err := conn.QueryRowContext(ctx, "SELECT current_setting('server_encoding'), current_setting('synchronous_commit')").Scan(&encoding, &synchronous)
	if err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("its encoding is %s: create it with ENCODING 'UTF8'", encoding)
	}
	if synchronous == "off" {
		return errors.New("synchronous_commit is off, so a commit could be lost after it was acknowledged: set it to on")
	}
	return nil
}

// isPostgres tells the two engines apart.
func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// nameOf is a database as errors and logs may call it: without the password.
func nameOf(url string) string {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return "postgres"
	}
	return "postgres " + config.Database + " at " + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
}
