package db

import (
	"context"
	"database/sql"
	"sync"

	"counterfoil/db/gen"
)

// prepared runs queries through statements that are parsed once. Parsing costs more
// than most of our reads (60 µs against 19 µs for the read of a session), and the
// texts are few: they are the ones in db/queries.
type prepared struct {
	db *sql.DB

	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

// statementsMost bounds the cache. Our texts are a few dozen; one that grows with its
// arguments would be many, and runs as it is once the cache is full.
const statementsMost = 500

var _ gen.DBTX = (*prepared)(nil)

func prepare(db *sql.DB) *prepared {
	return &prepared{db: db, statements: map[string]*sql.Stmt{}}
}

// statement is the prepared form of a text, or nil when the cache is full or the text
// does not parse: running it as it is tells why.
func (p *prepared) statement(ctx context.Context, query string) *sql.Stmt {
	p.mu.RLock()
	statement, full := p.statements[query], len(p.statements) >= statementsMost
	p.mu.RUnlock()
	if statement != nil || full {
		return statement
	}
	statement, err := p.db.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.statements[query]; first != nil { // somebody was faster
		_ = statement.Close() // nothing runs in it
		return first
	}
	p.statements[query] = statement
	return statement
}

// PrepareContext implements gen.DBTX. The statement is the caller's to close.
func (p *prepared) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.db.PrepareContext(ctx, query)
}

// ExecContext implements gen.DBTX.
func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if statement := p.statement(ctx, query); statement != nil {
		return statement.ExecContext(ctx, args...)
	}
	return p.db.ExecContext(ctx, query, args...)
}

// QueryContext implements gen.DBTX.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if statement := p.statement(ctx, query); statement != nil {
		return statement.QueryContext(ctx, args...)
	}
	return p.db.QueryContext(ctx, query, args...)
}

// QueryRowContext implements gen.DBTX.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if statement := p.statement(ctx, query); statement != nil {
		return statement.QueryRowContext(ctx, args...)
	}
	return p.db.QueryRowContext(ctx, query, args...)
}

// preparedTx runs the statements inside a transaction. There is one writing
// connection and the transaction holds it, so a text that is new to the cache runs as
// it is the first time, is prepared for this transaction when it comes again (a batch
// of events runs the same few texts thousands of times), and joins the cache when the
// transaction is over (learn).
type preparedTx struct {
	*prepared
	tx  *sql.Tx
	own map[string]*sql.Stmt // by text; nil for one that ran once, unprepared
}

var _ gen.DBTX = (*preparedTx)(nil)

func (p *prepared) in(tx *sql.Tx) *preparedTx {
	return &preparedTx{prepared: p, tx: tx, own: map[string]*sql.Stmt{}}
}

// statement is the prepared form of a text, or nil when it has none yet.
func (p *preparedTx) statement(ctx context.Context, query string) *sql.Stmt {
	statement, seen := p.own[query]
	if statement != nil {
		return statement
	}
	p.mu.RLock()
	shared := p.statements[query]
	p.mu.RUnlock()
	switch {
	case shared != nil:
		statement = p.tx.StmtContext(ctx, shared)
	case seen:
		if again, err := p.tx.PrepareContext(ctx, query); err == nil {
			statement = again // closed by the end of the transaction
		}
	}
	p.own[query] = statement
	return statement
}

// learn prepares the texts that were new to a transaction, once it has ended.
func (p *preparedTx) learn(ctx context.Context) {
	for query := range p.own {
		p.prepared.statement(ctx, query)
	}
}

// PrepareContext implements gen.DBTX.
func (p *preparedTx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.tx.PrepareContext(ctx, query)
}

// ExecContext implements gen.DBTX.
func (p *preparedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if statement := p.statement(ctx, query); statement != nil {
		return statement.ExecContext(ctx, args...)
	}
	return p.tx.ExecContext(ctx, query, args...)
}

// QueryContext implements gen.DBTX.
func (p *preparedTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if statement := p.statement(ctx, query); statement != nil {
		return statement.QueryContext(ctx, args...)
	}
	return p.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext implements gen.DBTX.
func (p *preparedTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if statement := p.statement(ctx, query); statement != nil {
		return statement.QueryRowContext(ctx, args...)
	}
	return p.tx.QueryRowContext(ctx, query, args...)
}
