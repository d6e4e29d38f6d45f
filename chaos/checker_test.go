//go:build linux

package chaos

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// rows write the mirror in the canonical form of state.line.
var rows = []string{
	`SELECT 'customer|' || provider_id || '|' || version || '|' || (deleted_at IS NOT NULL) || '|' || email || '|' || name FROM provider_customers`,
	`SELECT 'product|' || provider_id || '|' || version || '|' || (deleted_at IS NOT NULL) || '|' || name || '|' || archived FROM products`,
	`SELECT 'checkout|' || provider_id || '|' || version || '|' || (deleted_at IS NOT NULL) || '|' || provider_customer_id
		|| '|' || provider_product_id || '|' || status || '|' || total FROM checkouts`,
	`SELECT 'subscription|' || provider_id || '|' || version || '|' || (deleted_at IS NOT NULL) || '|' || provider_customer_id
		|| '|' || provider_product_id || '|' || status || '|' || amount || '|' || period_start || '|' || period_end
		|| '|' || cancel_at_period_end || '|' || COALESCE(canceled_at, 0) || '|' || COALESCE(started_at, 0) || '|' || COALESCE(ended_at, 0)
		FROM subscriptions`,
	`SELECT 'order|' || provider_id || '|' || version || '|' || (deleted_at IS NOT NULL) || '|' || provider_customer_id
		|| '|' || provider_subscription_id || '|' || status || '|' || reason || '|' || total || '|' || refunded FROM orders`,
	`SELECT 'benefit_grant|' || provider_id || '|' || version || '|' || (deleted_at IS NOT NULL) || '|' || provider_customer_id
		|| '|' || provider_subscription_id || '|' || provider_benefit_id || '|' || COALESCE(granted_at, 0) || '|' || COALESCE(revoked_at, 0)
		FROM benefit_grants`,
}

// look reads the database from outside, as any program may, without writing.
func (s *site) look(read func(db *sql.DB) error) (err error) {
	db, err := sql.Open("sqlite", "file:"+s.database()+"?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	return read(db)
}

// column reads a column of text.
func column(db *sql.DB, query string, args ...any) (list []string, err error) {
	found, err := db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, found.Err()
}

func number(db *sql.DB, query string, args ...any) (n int, err error) {
	err = db.QueryRow(query, args...).Scan(&n)
	return n, err
}

// intact runs SQLite's own checks.
func intact(db *sql.DB) error {
	found, err := column(db, "PRAGMA integrity_check")
	if err == nil && !slices.Equal(found, []string{"ok"}) {
		err = fmt.Errorf("integrity_check: %s", strings.Join(found, "; "))
	}
	if err != nil {
		return err
	}
	n, err := number(db, "SELECT COUNT(*) FROM pragma_foreign_key_check")
	if err == nil && n > 0 {
		err = fmt.Errorf("foreign_key_check: %d rows", n)
	}
	return err
}

// missingDeliveries are those of the acknowledged ones that the inbox does not hold.
func missingDeliveries(db *sql.DB, acked []string) ([]string, error) {
	return missing(db, acked, "SELECT COUNT(*) FROM inbox WHERE provider = 'polar' AND endpoint = ? AND delivery_id = ?", func(key string) []any {
		path, id, _ := strings.Cut(key, " ")
		return []any{path, id}
	})
}

// missing are the keys for which a query counts nothing.
func missing(db *sql.DB, keys []string, query string, args func(key string) []any) (lost []string, err error) {
	statement, err := db.Prepare(query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, statement.Close()) }()
	for _, key := range keys {
		n := 0
		if err := statement.QueryRow(args(key)...).Scan(&n); err != nil {
			return nil, err
		}
		if n == 0 {
			lost = append(lost, key)
		}
	}
	return lost, nil
}

// dump is the whole mirror in canonical form, sorted.
func dump(db *sql.DB) ([]string, error) {
	var all []string
	for _, query := range rows {
		lines, err := column(db, query)
		if err != nil {
			return nil, err
		}
		all = append(all, lines...)
	}
	slices.Sort(all)
	return all, nil
}

func hash(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}

// difference tells how two sorted lists differ, a few lines of it.
func difference(have, want []string) string {
	var out []string
	extra, lacking := minus(have, want), minus(want, have)
	for _, line := range extra[:min(5, len(extra))] {
		out = append(out, "have "+line)
	}
	for _, line := range lacking[:min(5, len(lacking))] {
		out = append(out, "want "+line)
	}
	return fmt.Sprintf("%d lines too many, %d missing:\n%s", len(extra), len(lacking), strings.Join(out, "\n"))
}

func minus(a, b []string) []string {
	var rest []string
	for _, line := range a {
		if _, found := slices.BinarySearch(b, line); !found {
			rest = append(rest, line)
		}
	}
	return rest
}
