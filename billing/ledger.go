package billing

import (
	"cmp"
	"slices"
	"time"
)

// Cause says why credits moved.
type Cause string

// Causes, as the credit history names them.
const (
	CauseGranted     Cause = "granted"      // a benefit, a purchase or a renewal gave credits
	CauseCarriedOver Cause = "carried_over" // what was left of the period before came along
	CauseRevoked     Cause = "revoked"      // a grant was taken back
	CauseUsed        Cause = "used"         // an event was counted; one with a negative value gives back
	CauseExpired     Cause = "expired"      // the period ended with credits left
	CauseSettled     Cause = "settled"      // the period ended below zero; the overage was billed or let go
)

// Account is one of the accounts that every customer and meter has. The wallet holds
// what can be spent; the others hold where credits came from and went to, so that
// all of them together are always zero.
type Account string

// Accounts of the ledger.
const (
	AccountWallet  Account = "wallet"
	AccountGranted Account = "granted"
	AccountUsed    Account = "used"
	AccountExpired Account = "expired"
	AccountSettled Account = "settled"
)

// Counter is the account on the other side of the wallet. What is carried over comes
// back out of what expired, so the expired account holds what was really lost.
func (c Cause) Counter() Account {
	switch c {
	case CauseUsed:
		return AccountUsed
	case CauseExpired, CauseCarriedOver:
		return AccountExpired
	case CauseSettled:
		return AccountSettled
	default:
		return AccountGranted
	}
}

// Kinds of facts that move credits; with the fact's id they are the business key that
// keeps one fact from moving credits twice.
const (
	FactCredit = "credit_event" // a CreditEvent, by its ProviderID
	FactUse    = "event"        // a use, by Use.EventID
)

// Movement is what one fact does to the wallet of one customer and meter. Every fact
// makes exactly one movement; Units is zero when it changed nothing, such as the
// reset of an empty wallet, which still begins a new period.
type Movement struct {
	Cause      Cause
	FactKind   string // FactCredit or FactUse
	FactID     string
	Units      Credits // change of the wallet; the counter account moves by -Units
	OccurredAt time.Time
}

// Entry is one side of a movement.
type Entry struct {
	Account Account
	Units   Credits
}

// Entries are the two sides of m; they add up to zero.
func (m Movement) Entries() [2]Entry {
	return [2]Entry{{AccountWallet, m.Units}, {m.Cause.Counter(), -m.Units}}
}

// Use is what one event used of a meter: Meter.Units of an event that it matches.
type Use struct {
	EventID    string // Event.ID, or the provider's id of an event that is not ours
	Units      Credits
	OccurredAt time.Time
}

// Fold turns all credit events and uses of one customer and one meter into movements,
// oldest first. Repetition in its input does not matter, nor does order, but among
// credits of one instant, which keep theirs. Of facts at one instant a reset comes
// first (uses at or after it belong to the new period), then what is taken back,
// carried over, granted, and used.
//
// ErrInvalid: the numbers do not fit.
func Fold(credits []CreditEvent, uses []Use) (Wallet, []Movement, error) {
	facts := make([]fact, 0, len(credits)+len(uses))
	for _, e := range credits {
		facts = append(facts, fact{FactCredit, e.ProviderID, e.OccurredAt, creditRank(e), e, Use{}})
	}
	for _, u := range uses {
		facts = append(facts, fact{FactUse, u.EventID, u.OccurredAt, rankUse, CreditEvent{}, u})
	}
	slices.SortStableFunc(facts, compareFacts)

	var wallet Wallet
	movements := make([]Movement, 0, len(facts))
	seen := make(map[[2]string]bool, len(facts))
	for _, f := range facts {
		key := [2]string{f.kind, f.id}
		if seen[key] {
			continue
		}
		seen[key] = true
		var m Movement
		var err error
		if f.kind == FactUse {
			wallet, m, err = wallet.Use(f.use)
		} else {
			wallet, m, err = wallet.Credit(f.credit)
		}
		if err != nil {
			return Wallet{}, nil, err
		}
		movements = append(movements, m)
	}
	return wallet, movements, nil
}

// fact is a credit event or a use with what orders it.
type fact struct {
	kind, id string
	at       time.Time
	rank     int
	credit   CreditEvent
	use      Use
}

const (
	rankReset = iota
	rankRevocation
	rankRollover
	rankGrant
	rankUse
)

func creditRank(e CreditEvent) int {
	switch {
	case e.Reset:
		return rankReset
	case e.Units < 0:
		return rankRevocation
	case e.Rollover:
		return rankRollover
	default:
		return rankGrant
	}
}

func compareFacts(a, b fact) int {
	order := cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rank, b.rank))
	if order == 0 && a.rank == rankUse {
		return cmp.Compare(a.id, b.id)
	}
	return order
}
