package billing

import "fmt"

// Wallet is where one customer stands on one meter within the current period, which
// began at the latest reset. The rules are Polar's (its credit arithmetic, read in its
// source and documentation, 2026-08). The zero Wallet is a new customer's.
type Wallet struct {
	Credited Credits // granted in this period, less what was taken back; never below zero
	Consumed Credits // used in this period
	Rollover Credits // the part of Credited that may be carried over
	// Carry is what may still be carried over from the period before: it is set by a
	// reset and ends with the next movement of any kind.
	Carry Credits
}

// Balance is what is left; below zero is overage.
func (w Wallet) Balance() (Credits, error) { return w.Credited.Sub(w.Consumed) }

// Credit applies a grant, a revocation or a reset. A revocation takes at most what is
// credited, because the running sum never goes below zero. ErrInvalid: the numbers do
// not fit.
func (w Wallet) Credit(e CreditEvent) (Wallet, Movement, error) {
	m := Movement{FactKind: FactCredit, FactID: e.ProviderID, OccurredAt: e.OccurredAt}
	if e.Reset {
		return w.reset(m)
	}
	m.Cause, m.Units = CauseGranted, e.Units
	switch {
	case e.Units < 0:
		m.Cause, m.Units = CauseRevoked, max(e.Units, -w.Credited)
	case e.Rollover && w.Carry > 0:
		m.Cause = CauseCarriedOver
	}
	next := Wallet{Consumed: w.Consumed, Rollover: w.Rollover}
	var err error
	if next.Credited, err = w.Credited.Add(m.Units); err == nil {
		_, err = next.Balance()
	}
	if e.Rollover && err == nil {
		next.Rollover, err = w.Rollover.Add(m.Units)
		next.Rollover = max(0, next.Rollover)
	}
	if err != nil {
		return w, Movement{}, fmt.Errorf("credit event %s: %w", e.ProviderID, err)
	}
	return next, m, nil
}

// reset ends the period: what is left expires, an overage is settled. What Polar will
// grant again right after is known here: whole credits, at most what may roll over.
func (w Wallet) reset(m Movement) (Wallet, Movement, error) {
	left, err := w.Balance()
	if err == nil {
		m.Units, err = Credits(0).Sub(left)
	}
	if err != nil {
		return w, Movement{}, fmt.Errorf("reset %s: %w", m.FactID, err)
	}
	m.Cause = CauseExpired
	if left < 0 {
		m.Cause = CauseSettled
	}
	return Wallet{Carry: max(0, min(left.Whole(), w.Rollover))}, m, nil
}

// Use counts units that were used. Negative units give credits back, which is Polar's
// documented way of an ad hoc credit. ErrInvalid: the numbers do not fit.
func (w Wallet) Use(u Use) (Wallet, Movement, error) {
	m := Movement{Cause: CauseUsed, FactKind: FactUse, FactID: u.EventID, OccurredAt: u.OccurredAt}
	next := Wallet{Credited: w.Credited, Rollover: w.Rollover}
	var err error
	if next.Consumed, err = w.Consumed.Add(u.Units); err == nil {
		_, err = next.Balance()
	}
	if err == nil {
		m.Units, err = Credits(0).Sub(u.Units)
	}
	if err != nil {
		return w, Movement{}, fmt.Errorf("event %s: %w", u.EventID, err)
	}
	return next, m, nil
}
