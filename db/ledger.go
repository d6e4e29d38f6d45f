package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// walletKey names a wallet: whose, and of which meter.
type walletKey struct {
	customerID string // ours
	meter      billing.Ref
}

// noFloor lets a wallet go below zero. The providers never block usage: what is used
// beyond the credits is overage. Spending that must be refused names a floor instead.
const noFloor = math.MinInt64

// ledger collects movements within one transaction. post claims the business key of a
// fact, flush writes the two sides of every claimed movement and moves the accounts,
// each account once however many movements there are. Forgetting flush would leave
// transactions without entries, so only inLedger makes one.
type ledger struct {
	q       *gen.Queries
	now     time.Time
	claimed []claimed
}

type claimed struct {
	wallet   walletKey
	id       string // of the ledger transaction
	movement billing.Movement
}

// inLedger runs work in one writing transaction and flushes what it posted.
func (s *Store) inLedger(ctx context.Context, now time.Time, work func(l *ledger) error) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		l := &ledger{q: q, now: now}
		if err := work(l); err != nil {
			return err
		}
		return l.flush(ctx)
	})
}

// post claims a movement. It is false when the same fact moved this meter before, in
// which case nothing changes. Time is kept in milliseconds.
func (l *ledger) post(ctx context.Context, w walletKey, m billing.Movement, note string) (bool, error) {
	c := claimed{w, NewID(), m}
	n, err := l.q.InsertLedgerTransaction(ctx, gen.InsertLedgerTransactionParams{
		ID: c.id, CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID,
		Cause: string(m.Cause), CauseKind: m.FactKind, CauseID: m.FactID, Note: note,
		OccurredAt: millis(m.OccurredAt), PostedAt: millis(l.now),
	})
	if err != nil {
		return false, fmt.Errorf("post %s %s: %w", m.FactKind, m.FactID, err)
	}
	if n == 0 {
		return false, nil
	}
	if m.Units != 0 { // a reset of an empty wallet is a fact without entries
		l.claimed = append(l.claimed, c)
	}
	return true, nil
}

// account is one account's share of a flush.
type account struct {
	wallet walletKey
	kind   billing.Account
	total  billing.Credits
	sides  []side
}

type side struct {
	*claimed
	units billing.Credits
}

// flush writes the entries of everything posted since the last flush.
func (l *ledger) flush(ctx context.Context) error {
	accounts, err := sidesByAccount(l.claimed)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if err := l.write(ctx, a); err != nil {
			return fmt.Errorf("post to account %s of customer %s on meter %s: %w",
				a.kind, a.wallet.customerID, a.wallet.meter.ProviderID, err)
		}
	}
	l.claimed = nil
	return nil
}

func sidesByAccount(list []claimed) ([]*account, error) {
	type key struct {
		walletKey
		kind billing.Account
	}
	byKey := map[key]*account{}
	var accounts []*account
	for i := range list {
		c := &list[i]
		for _, entry := range c.movement.Entries() {
			k := key{c.wallet, entry.Account}
			a := byKey[k]
			if a == nil {
				a = &account{wallet: c.wallet, kind: entry.Account}
				byKey[k] = a
				accounts = append(accounts, a)
			}
			var err error
			if a.total, err = a.total.Add(entry.Units); err != nil {
				return nil, fmt.Errorf("sum of movements: %w", err)
			}
			a.sides = append(a.sides, side{c, entry.Units})
		}
	}
	return accounts, nil
}

// write moves the account and writes its entries, numbered without a gap.
func (l *ledger) write(ctx context.Context, a *account) error {
	moved, err := l.move(ctx, a, noFloor)
	if err != nil {
		return err
	}
	balance := moved.Balance - int64(a.total)
	seq := moved.LastSeq - int64(len(a.sides))
	days := dayGroups{}
	for _, s := range a.sides {
		balance += int64(s.units)
		seq++
		if err := l.q.InsertLedgerEntry(ctx, gen.InsertLedgerEntryParams{
			AccountID: moved.ID, Seq: seq, TransactionID: s.id, Credits: int64(s.units), BalanceAfter: balance,
		}); err != nil {
			return fmt.Errorf("entry %d: %w", seq, err)
		}
		if a.kind == billing.AccountWallet {
			days.add(moved.ID, s, balance, seq)
		}
	}
	for _, day := range days.list {
		if err := l.q.AddLedgerDay(ctx, *day); err != nil {
			return fmt.Errorf("day %d: %w", day.Day, err)
		}
	}
	return nil
}

// move changes the balance by the guarded statement. ErrConflict: it would end below
// least, or beyond what can be counted.
func (l *ledger) move(ctx context.Context, a *account, least int64) (gen.MoveLedgerAccountRow, error) {
	arg := gen.MoveLedgerAccountParams{
		Credits: int64(a.total), Entries: int64(len(a.sides)), Least: least,
		CustomerID: a.wallet.customerID, Provider: a.wallet.meter.Provider,
		ProviderMeterID: a.wallet.meter.ProviderID, Kind: string(a.kind),
	}
	row, err := l.q.MoveLedgerAccount(ctx, arg)
	if !errors.Is(err, sql.ErrNoRows) {
		return row, err
	}
	// Either the account is new, or the statement refused.
	err = l.q.EnsureLedgerAccount(ctx, gen.EnsureLedgerAccountParams{
		ID: NewID(), CustomerID: arg.CustomerID, Provider: arg.Provider,
		ProviderMeterID: arg.ProviderMeterID, Kind: arg.Kind,
	})
	if err != nil {
		return row, fmt.Errorf("open the account: %w", err)
	}
	row, err = l.q.MoveLedgerAccount(ctx, arg)
	if errors.Is(err, sql.ErrNoRows) {
		return row, fmt.Errorf("move %s credits: %w", a.total, billing.ErrConflict)
	}
	return row, err
}

// dayGroups sums a wallet's entries per day and cause, in the order of the first.
type dayGroups struct {
	list []*gen.AddLedgerDayParams
}

func (g *dayGroups) add(accountID string, s side, balance, seq int64) {
	day, cause := utcDay(s.movement.OccurredAt), string(s.movement.Cause)
	for _, d := range g.list {
		if d.Day == day && d.Cause == cause {
			d.Credits += int64(s.units)
			d.Entries++
			d.BalanceAfter, d.LastSeq = balance, seq
			return
		}
	}
	g.list = append(g.list, &gen.AddLedgerDayParams{
		AccountID: accountID, Day: day, Cause: cause, Credits: int64(s.units), Entries: 1,
		BalanceAfter: balance, LastSeq: seq,
	})
}
