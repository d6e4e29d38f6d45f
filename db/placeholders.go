package db

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"counterfoil/db/gen"
)

// dollars runs what sqlc generated for SQLite on PostgreSQL: placeholders are written
// ?1 there and $1 here, and texts must be what PostgreSQL can hold.
type dollars struct {
	db    gen.DBTX
	texts *texts
	again int // how often a read is repeated whose pooled connection turns out to be dead
}

var _ gen.DBTX = dollars{}

// PrepareContext implements gen.DBTX. The statement is the caller's to close.
func (d dollars) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return d.db.PrepareContext(ctx, d.texts.numbered(query))
}

// ExecContext implements gen.DBTX.
func (d dollars) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return d.db.ExecContext(ctx, d.texts.numbered(query), storable(args)...)
}

// QueryContext implements gen.DBTX.
func (d dollars) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	for try := 0; ; try++ {
		rows, err := d.db.QueryContext(ctx, d.texts.numbered(query), storable(args)...)
		if try >= d.again || !stale(err) {
			return rows, err
		}
	}
}

// QueryRowContext implements gen.DBTX.
func (d dollars) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	for try := 0; ; try++ {
		row := d.db.QueryRowContext(ctx, d.texts.numbered(query), storable(args)...)
		if try >= d.again || !stale(row.Err()) {
			return row
		}
	}
}

// stale reports whether a connection was dead when it was used, as all that a pool
// holds are after the server has been restarted. A new one may be had at once; when it
// may not, the error is another one.
func stale(err error) bool {
	_, refused := errors.AsType[*pgconn.ConnectError](err)
	return err != nil && !refused && Unreachable(err)
}

// texts remembers how queries read in PostgreSQL. They are the ones in db/queries, so
// they are few (see statementsMost). The zero value is ready.
type texts struct {
	mu   sync.RWMutex
	done map[string]string
}

func (t *texts) numbered(query string) string {
	t.mu.RLock()
	text, ok := t.done[query]
	t.mu.RUnlock()
	if ok {
		return text
	}
	text = numbered(query)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done == nil {
		t.done = map[string]string{}
	}
	if len(t.done) < statementsMost {
		t.done[query] = text
	}
	return text
}

// numbered writes SQLite's placeholders as PostgreSQL's: ?7 is $7, and a bare ? is one
// more than the highest before it (sqlite.org/lang_expr.html, parameters). Quoted
// text, quoted names and comments stay as they are.
func numbered(query string) string {
	var out strings.Builder
	highest := 0
	for i := 0; i < len(query); {
		if n := opaque(query[i:]); n > 0 {
			out.WriteString(query[i : i+n])
			i += n
			continue
		}
		if query[i] != '?' {
			out.WriteByte(query[i])
			i++
			continue
		}
		end := i + 1
		for end < len(query) && '0' <= query[end] && query[end] <= '9' {
			end++
		}
		n, err := strconv.Atoi(query[i+1 : end])
		if err != nil { // bare
			n = highest + 1
		}
		highest = max(highest, n)
		out.WriteString("$" + strconv.Itoa(n))
		i = end
	}
	return out.String()
}

// opaque is the length of the quoted text, the quoted name or the comment that the
// query begins with; 0 for none. One that does not end goes to the end.
func opaque(query string) int {
	for _, kind := range []struct{ open, close string }{{"'", "'"}, {`"`, `"`}, {"--", "\n"}, {"/*", "*/"}} {
		if rest, ok := strings.CutPrefix(query, kind.open); ok {
			if n := strings.Index(rest, kind.close); n >= 0 {
				return len(kind.open) + n + len(kind.close)
			}
			return len(query)
		}
	}
	return 0
}

// storable replaces what PostgreSQL refuses in a text, a zero byte and what is no
// UTF-8, by U+FFFD. SQLite keeps such texts. They come only from those who try what
// happens: an id like that names nothing, and a browser's name like that is read as well.
func storable(args []any) []any {
	out := args
	for i, arg := range args {
		var text string
		switch a := arg.(type) {
		case string:
			text = a
		case *string:
			if a == nil {
				continue
			}
			text = *a
		default:
			continue
		}
		clean := strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
		if clean == text {
			continue
		}
		if &out[0] == &args[0] {
			out = append([]any(nil), args...) // the caller's stay as they are
		}
		out[i] = clean
	}
	return out
}
