package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"counterfoil/db/gen"
)

// rowsAtOnce is how many rows one statement inserts, the largest number that fits first.
// SQLite takes 16 in less than four fifths of the time of 16 statements, and more gain
// nothing; on PostgreSQL it is one way to the server instead of 16.
var rowsAtOnce = []int{16, 4, 1}

// rowsTogether lets the rows of one INSERT of sqlc's gather, and writes them with as few
// statements as can be. It stands in for the transaction that the query would run in:
// the query is called for each row, and flush then writes them.
type rowsTogether struct {
	gen.DBTX // reads go on as they are
	query    string
	args     [][]any
}

// ExecContext implements gen.DBTX. It only takes note.
func (r *rowsTogether) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	if r.query != "" && r.query != query {
		return nil, fmt.Errorf("rows of two queries at once: %.60q and %.60q", r.query, query)
	}
	r.query, r.args = query, append(r.args, args)
	return driver.RowsAffected(0), nil
}

// flush writes the rows, in their order. After each statement wrote is told which rows it
// was about, from one number up to below the other, and how many of them were new.
func (r *rowsTogether) flush(ctx context.Context, wrote func(from, to int, fresh int64) error) error {
	for from := 0; from < len(r.args); {
		left := len(r.args) - from
		n := rowsAtOnce[slices.IndexFunc(rowsAtOnce, func(n int) bool { return n <= left })]
		text, args := r.query, r.args[from]
		if n > 1 {
			many, err := manyRows(r.query, n)
			if err != nil {
				return err
			}
			text, args = many.text, many.order(r.args[from:from+n])
		}
		result, err := r.DBTX.ExecContext(ctx, text, args...)
		if err != nil {
			return err
		}
		fresh, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if err := wrote(from, from+n, fresh); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// many is an INSERT of one row, as sqlc writes it, as one of several rows.
type many struct {
	text string
	args []int // which argument of its row each value is
}

var (
	oneRow   = regexp.MustCompile(`(?m)^VALUES \(((?:\?\d+(?:, )?)+)\)$`)
	argument = regexp.MustCompile(`\?\d+`)
	manyOf   sync.Map // of many, by manyKey
)

type manyKey struct {
	query string // for one row
	rows  int
}

// manyRows makes it. Its arguments have no numbers: the driver looks up the number of
// each among all, and there are 176.
func manyRows(query string, rows int) (many, error) {
	key := manyKey{query, rows}
	if m, ok := manyOf.Load(key); ok {
		return m.(many), nil
	}
	at := oneRow.FindStringSubmatchIndex(query)
	if at == nil || argument.MatchString(query[at[3]:]) {
		return many{}, fmt.Errorf("no INSERT of a row of arguments alone: %.60q", query)
	}
	var m many
	for _, a := range argument.FindAllString(query[at[2]:at[3]], -1) {
		n, _ := strconv.Atoi(a[1:]) // digits alone, by the pattern
		m.args = append(m.args, n-1)
	}
	row := strings.TrimSuffix(strings.Repeat("?, ", len(m.args)), ", ")
	m.text = query[:at[2]] + strings.TrimSuffix(strings.Repeat(row+"), (", rows), "), (") + query[at[3]:]
	manyOf.Store(key, m)
	return m, nil
}

// order is the arguments of the rows in the order in which the text has them.
func (m many) order(rows [][]any) []any {
	all := make([]any, 0, len(rows)*len(m.args))
	for _, row := range rows {
		for _, n := range m.args {
			all = append(all, row[n])
		}
	}
	return all
}
