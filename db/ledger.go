package db

import (
	"context"
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
// each pair once for all movements in a row between them. Forgetting flush would leave
// transactions without entries, so only inLedger makes one.
type ledger struct {
	store   *Store
	q       *gen.Queries
	now     time.Time
	claimed map[walletKey][]claimed
	wallets []walletKey // in the order of their first movement
	hours   usageHours
}

// claimed is a movement whose transaction row is written, but not its entries.
type claimed struct {
	id string // of the ledger transaction
	billing.Movement
}

// inLedger runs work in one writing transaction and flushes what it posted.
func (s *Store) inLedger(ctx context.Context, now time.Time, work func(l *ledger) error) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		l := &ledger{store: s, q: q, now: now, claimed: map[walletKey][]claimed{}, hours: usageHours{}}
		if err := work(l); err != nil {
			return err
		}
		return l.flush(ctx)
	})
}

// post claims a movement. It is false when the same fact moved this meter before, in
// which case nothing changes. Time is kept in milliseconds.
func (l *ledger) post(ctx context.Context, w walletKey, m billing.Movement, note string) (bool, error) {
	c := claimed{NewID(), m}
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
		if len(l.claimed[w]) == 0 {
			l.wallets = append(l.wallets, w)
		}
		l.claimed[w] = append(l.claimed[w], c)
	}
	return true, nil
}

// flush writes the entries and roll-ups of everything posted since the last flush.
func (l *ledger) flush(ctx context.Context) error {
	for _, w := range l.wallets {
		for list := l.claimed[w]; len(list) > 0; {
			n := 1
			for n < len(list) && list[n].Cause.Counter() == list[0].Cause.Counter() {
				n++
			}
			if err := l.write(ctx, w, list[:n]); err != nil {
				return fmt.Errorf("post to the wallet of customer %s on meter %s: %w", w.customerID, w.meter.ProviderID, err)
			}
			list = list[n:]
		}
	}
	l.wallets = nil
	clear(l.claimed)
	return l.hours.flush(ctx, l.q)
}

// write moves a wallet and one counter account by a run of movements between them,
// and writes their entries, numbered without a gap in each account.
func (l *ledger) write(ctx context.Context, w walletKey, run []claimed) error {
	var total billing.Credits
	var err error
	for _, c := range run {
		if total, err = total.Add(c.Units); err != nil {
			return fmt.Errorf("sum of movements: %w", err)
		}
	}
	wallet, counter, err := l.move(ctx, w, run[0].Cause.Counter(), total, len(run), noFloor)
	if err != nil {
		return err
	}
	entry := gen.InsertLedgerEntriesParams{
		WalletID: wallet.ID, WalletSeq: wallet.LastSeq - int64(len(run)), WalletBalance: wallet.Balance - int64(total),
		CounterID: counter.ID, CounterSeq: counter.LastSeq - int64(len(run)), CounterBalance: counter.Balance + int64(total),
	}
	var days dayGroups
	for _, c := range run {
		entry.TransactionID, entry.Credits = c.id, int64(c.Units)
		entry.WalletSeq++
		entry.WalletBalance += entry.Credits
		entry.CounterSeq++
		entry.CounterBalance -= entry.Credits
		if err := l.q.InsertLedgerEntries(ctx, entry); err != nil {
			return fmt.Errorf("entries of %s %s: %w", c.FactKind, c.FactID, err)
		}
		if err := days.add(c, entry); err != nil {
			return err
		}
		if err := l.tellLow(ctx, w, c.Movement, billing.Credits(entry.WalletBalance)); err != nil {
			return err
		}
	}
	for _, day := range days {
		if err := fits(l.q.AddLedgerDay(ctx, *day)); err != nil {
			return fmt.Errorf("sum of day %d: %w", day.Day, err)
		}
	}
	return nil
}

// move changes both balances by the guarded statement, and opens the accounts when
// there are none. ErrConflict: the wallet would end below least; ErrInvalid: without a
// floor, a balance beyond what can be counted. The transaction must be rolled back.
func (l *ledger) move(ctx context.Context, w walletKey, against billing.Account, total billing.Credits, entries int, least int64) (wallet, counter gen.MoveCreditsRow, err error) {
	arg := gen.MoveCreditsParams{
		CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID,
		Counter: string(against), Credits: int64(total), Entries: int64(entries), Least: least,
	}
	rows, err := l.q.MoveCredits(ctx, arg)
	if err == nil && len(rows) == 0 {
		if err = l.open(ctx, w); err == nil {
			rows, err = l.q.MoveCredits(ctx, arg)
		}
	}
	if err != nil {
		return wallet, counter, fmt.Errorf("move %s credits: %w", total, err)
	}
	switch {
	case len(rows) == 2:
	case least == noFloor:
		return wallet, counter, fmt.Errorf("move %s credits: too much to count: %w", total, billing.ErrInvalid)
	default:
		return wallet, counter, fmt.Errorf("move %s credits: %w", total, billing.ErrConflict)
	}
	wallet, counter = rows[0], rows[1]
	if wallet.Kind != string(billing.AccountWallet) {
		wallet, counter = counter, wallet
	}
	return wallet, counter, nil
}

// open makes all accounts of a customer and meter that are not there yet.
func (l *ledger) open(ctx context.Context, w walletKey) error {
	for _, kind := range []billing.Account{
		billing.AccountWallet, billing.AccountGranted, billing.AccountUsed, billing.AccountExpired, billing.AccountSettled,
	} {
		err := l.q.OpenLedgerAccount(ctx, gen.OpenLedgerAccountParams{
			ID: NewID(), CustomerID: w.customerID, Provider: w.meter.Provider,
			ProviderMeterID: w.meter.ProviderID, Kind: string(kind),
		})
		if err != nil {
			return fmt.Errorf("open account %s: %w", kind, err)
		}
	}
	return nil
}
