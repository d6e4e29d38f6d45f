package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"counterfoil/billing"
)

// oldestPostgres is the oldest version that still gets corrections (postgresql.org,
// Versioning Policy, 2026-11).
const oldestPostgres = 14

// sight is what SQL tells of a PostgreSQL server and its database.
type sight struct {
	version                  int // such as 150004
	standby                  bool
	synchronous, sync        string
	fullPages, encoding      string
	bytes                    int64
	most, kept, used, ours   int64 // connections: of the server, for superusers, in use, of these by a portal
	ofDatabase, ofRole       int64 // limits; below zero: none
	usedDatabase, usedRole   int64
	super, creates, migrated bool
}

const look = `SELECT
	current_setting('server_version_num')::int, pg_is_in_recovery(), current_setting('synchronous_commit'),
	current_setting('fsync'), current_setting('full_page_writes'), current_setting('server_encoding'),
	pg_database_size(current_database()),
	current_setting('max_connections')::bigint, current_setting('superuser_reserved_connections')::bigint,
	(SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
	(SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ('counterfoil', 'counterfoil pages')),
	(SELECT datconnlimit FROM pg_database WHERE datname = current_database()),
	(SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
	(SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()),
	(SELECT COUNT(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()),
	(SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
	has_schema_privilege(current_schema(), 'CREATE'), to_regclass($1) IS NOT NULL`

// InspectPostgres looks at a PostgreSQL database as far as SQL shows it, without changing
// it, beside portals that work on it or with none. The disk of the server is not seen.
func InspectPostgres(ctx context.Context, url string) []billing.Finding {
	conn, err := onePostgres(url)
	if err != nil {
		return []billing.Finding{{Name: "database", Detail: err.Error(), Remedy: "Correct DATABASE_URL."}}
	}
	defer conn.Close()
	var s sight
	err = conn.QueryRowContext(ctx, look, goose.DefaultTablename).Scan(&s.version, &s.standby, &s.synchronous, &s.sync, &s.fullPages, &s.encoding,
		&s.bytes, &s.most, &s.kept, &s.used, &s.ours, &s.ofDatabase, &s.ofRole, &s.usedDatabase, &s.usedRole, &s.super, &s.creates, &s.migrated)
	if err != nil {
		return []billing.Finding{{Name: "database", Detail: nameOf(url) + ": " + err.Error(),
			Remedy: "Check that the server runs, that DATABASE_URL names it, its database and a user of it, and that its pg_hba.conf lets this machine in."}}
	}
	found := append([]billing.Finding{s.server(url)}, s.durable()...)
	found = append(found, s.room(), s.text())
	found = append(found, s.schema(ctx, conn)...)
	for i := range found {
		if found[i].OK {
			found[i].Remedy = ""
		}
	}
	return found
}

// onePostgres is one connection, to a standby too.
func onePostgres(url string) (*sql.DB, error) {
	config, err := parsePostgres(url, readerSettings)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = "counterfoil doctor"
	config.ValidateConnect = nil
	conn := stdlib.OpenDB(*config)
	conn.SetMaxOpenConns(1)
	return conn, nil
}

func (s sight) server(url string) billing.Finding {
	major := s.version / 10_000
	f := billing.Finding{
		Name: "database", OK: major >= oldestPostgres && !s.standby,
		Detail: fmt.Sprintf("%s: PostgreSQL %d.%d, %d KiB (how full its disk is, the server's own monitoring tells)", nameOf(url), major, s.version%10_000, s.bytes>>10),
	}
	switch {
	case s.standby:
		f.Detail += "; it is a standby, which may be behind and takes no writes"
		f.Remedy = "Let DATABASE_URL name the primary, or promote this server."
	case !f.OK:
		f.Remedy = fmt.Sprintf("Upgrade the server to version %d or newer: this one gets no corrections any more.", oldestPostgres)
	}
	return f
}

// durable are the settings without which a commit that was acknowledged may be lost, or the
// whole database damaged (PostgreSQL documentation, chapter 20.5).
func (s sight) durable() []billing.Finding {
	return []billing.Finding{
		{Name: "database synchronous_commit", OK: s.synchronous != "off", Detail: "is " + s.synchronous,
			Remedy: "Set it to on for this database: a loss of power could take back what was acknowledged, and the portal does not start so."},
		{Name: "database fsync", OK: s.sync == "on", Detail: "is " + s.sync,
			Remedy: "Set fsync = on in postgresql.conf and restart the server: a loss of power could destroy the whole database."},
		{Name: "database full_page_writes", OK: s.fullPages == "on", Detail: "is " + s.fullPages,
			Remedy: "Set full_page_writes = on in postgresql.conf: a page that was half written at a loss of power could not be repaired."},
	}
}

// room compares the free connections with what one portal opens at most. What portals have
// open already is counted as free: the doctor runs beside one.
func (s sight) room() billing.Finding {
	const needs = writers + readers
	free := s.most - s.kept - s.used + s.ours
	if !s.super && s.ofDatabase >= 0 {
		free = min(free, s.ofDatabase-s.usedDatabase+s.ours)
	}
	if !s.super && s.ofRole >= 0 {
		free = min(free, s.ofRole-s.usedRole+s.ours)
	}
	return billing.Finding{
		Name: "database connections", OK: free >= needs,
		Detail: fmt.Sprintf("%d are free or a portal's; each portal opens up to %d; the server has %d", max(0, free), needs, s.most),
		Remedy: "Raise max_connections, or the CONNECTION LIMIT of the role or the database, or stop what else uses the server.",
	}
}

func (s sight) text() billing.Finding {
	return billing.Finding{Name: "database encoding", OK: s.encoding == "UTF8", Detail: "is " + s.encoding, Remedy: "Make a database with ENCODING 'UTF8' and restore into that."}
}

// schema compares the schema with what this program knows, and lists the alarms that last.
func (s sight) schema(ctx context.Context, conn *sql.DB) []billing.Finding {
	f := billing.Finding{Name: "database schema", OK: true, Detail: "is not there yet: the first start of the portal makes it"}
	grant := "GRANT CREATE, USAGE on the schema to the user of DATABASE_URL: migrations make tables in it."
	if !s.migrated {
		if !s.creates {
			f.OK, f.Detail, f.Remedy = false, "is not there, and this user may not make it", grant
		}
		return []billing.Finding{f}
	}
	var have int64
	const newest = "SELECT COALESCE(MAX(version_id), 0) FROM " + goose.DefaultTablename + " WHERE is_applied"
	if err := conn.QueryRowContext(ctx, newest).Scan(&have); err != nil {
		return []billing.Finding{{Name: f.Name, Detail: err.Error(), Remedy: "GRANT the user of DATABASE_URL all rights on the tables of the schema."}}
	}
	f.Detail = fmt.Sprintf("has version %d", have)
	known, err := fs.Glob(migrations, fmt.Sprintf("migrations/postgres/%05d_*", have))
	switch {
	case err != nil || len(known) == 0:
		f.OK, f.Detail, f.Remedy = false, f.Detail+", which this program does not know", "Start the newer program that made it."
	case !s.creates:
		f.OK, f.Detail, f.Remedy = false, f.Detail+", and this user may not change it", grant
	}
	found := []billing.Finding{f}
	alarms, err := lasting(ctx, conn)
	if err != nil && !strings.Contains(f.Detail, "does not know") {
		return append(found, billing.Finding{Name: "alarms", Detail: err.Error(), Remedy: "GRANT the user of DATABASE_URL all rights on the tables of the schema."})
	}
	return append(found, alarmFindings(alarms)...)
}

func alarmFindings(alarms []string) []billing.Finding {
	return mapEach(alarms, func(alarm string) billing.Finding {
		return billing.Finding{Name: "alarm", Detail: alarm, Remedy: "See /admin, which says what to do."}
	})
}
