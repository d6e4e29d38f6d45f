package twin

import (
	"math/rand/v2"
	"time"
)

// The model of the year: an account book in plain whole numbers that knows nothing of the engine. It decides
// what a customer does, and says what that must come to.

// plan is a product of the model: its price a month in cents and its credits a month.
type plan struct{ price, credits int64 }

// The model's shop: three plans, and a pack of credits that roll over.
var plans = []plan{{1000, 100}, {2500, 300}, {4999, 900}}

var pack = plan{700, 50}

// act is one thing that somebody does at a time.
type act struct {
	at     time.Time
	kind   string
	amount int64 // of usage and refunds
	plan   int   // wanted
}

// book is what the model expects of one customer.
type book struct {
	acts     []act
	plan     int
	payments []int64 // every successful charge, in order
	orders   int
	renewals int
	voided   int
	refunded int64
	balance  int64 // owed to the customer
	credited int64
	rollover int64
	consumed int64
	status   string
}

// life decides and keeps the books of one customer from start to horizon.
func life(r *rand.Rand, start, horizon time.Time) *book {
	b := &book{plan: r.IntN(len(plans)), status: Active}
	trial := r.IntN(4) == 0
	b.do(start, map[bool]string{true: "buy with trial", false: "buy"}[trial], 0)
	b.credited = plans[b.plan].credits
	anchor, from, until, n := start, start, addDull(start, 1), 1
	if trial {
		until, n = start.Add(14*24*time.Hour), 0
		anchor = until
		b.orders++
	} else {
		b.charge(plans[b.plan].price)
	}
	for {
		b.live(r, from, until, horizon, trial && n == 0)
		if until.After(horizon) || !b.renew(r, until, horizon) {
			return b
		}
		n++
		from, until = until, addDull(anchor, n)
	}
}

// do notes something to be done.
func (b *book) do(at time.Time, kind string, amount int64) {
	b.acts = append(b.acts, act{at, kind, amount, b.plan})
}

// charge is an order of the amount that is paid at once, after what is owed.
func (b *book) charge(amount int64) {
	used := min(amount, b.balance)
	b.balance -= used
	b.orders++
	if amount-used > 0 {
		b.payments = append(b.payments, amount-used)
	}
}

// live is what happens within a period.
func (b *book) live(r *rand.Rand, from, until, horizon time.Time, trial bool) {
	at := func(percent int64) time.Time {
		return from.Add(time.Duration(int64(until.Sub(from)/time.Second)*percent/100) * time.Second)
	}
	if units := r.Int64N(150); units > 0 && at(25).Before(horizon) {
		b.do(at(25), "use", units)
		b.consumed += units
	}
	if r.IntN(8) == 0 && at(50).Before(horizon) && !trial {
		old := plans[b.plan]
		b.plan = (b.plan + 1 + r.IntN(len(plans)-1)) % len(plans)
		b.do(at(50), "change", 0)
		whole, left := int64(until.Sub(from)/time.Second), int64(until.Sub(at(50))/time.Second)
		b.charge(nearest(plans[b.plan].price*left, whole) - nearest(old.price*left, whole))
		b.credited = max(0, b.credited-old.credits) + plans[b.plan].credits
	}
	if r.IntN(10) == 0 && at(60).Before(horizon) {
		b.do(at(60), "pack", 0)
		b.orders++ // a checkout costs what it says, whatever is owed
		b.payments = append(b.payments, pack.price)
		b.credited, b.rollover = b.credited+pack.credits, b.rollover+pack.credits
		if r.IntN(5) == 0 && at(70).Before(horizon) {
			b.do(at(70), "return the pack", pack.price)
			b.refunded += pack.price
			b.credited, b.rollover = max(0, b.credited-pack.credits), max(0, b.rollover-pack.credits)
		}
	}
	if r.IntN(15) == 0 && at(80).Before(horizon) && len(b.payments) > 0 && b.refunded == 0 {
		part := b.payments[0] / (1 + r.Int64N(3))
		if part > 0 {
			b.do(at(80), "refund the first payment", part)
			b.refunded += part
		}
	}
}

// renew is what happens at the end of a period; false ends the subscription.
func (b *book) renew(r *rand.Rand, at, horizon time.Time) bool {
	before, fate := at.Add(-time.Hour), r.IntN(50)
	if horizon.Sub(at) < 22*24*time.Hour { // a failure would not be over at the horizon
		fate = max(fate, 5)
	}
	if b.balance >= plans[b.plan].price { // nothing to charge, so nothing to decline
		fate = max(fate, 5)
	}
	switch fate {
	case 0, 1:
		b.do(before, "cancel", 0)
		b.status = Canceled
		b.credited = max(0, b.credited-plans[b.plan].credits)
		return false
	case 2:
		b.do(before, "spoil the card", 0)
		b.status, b.orders, b.renewals, b.voided = Canceled, b.orders+1, b.renewals+1, b.voided+1
		b.credited = max(0, b.credited-plans[b.plan].credits)
		return false
	case 3, 4:
		b.do(before, "decline once", 0)
	}
	b.renewals++
	b.charge(plans[b.plan].price)
	left := max(0, min(b.credited-b.consumed, b.rollover))
	b.credited, b.rollover, b.consumed = left+plans[b.plan].credits, left, 0
	return true
}

// nearest is a / b to the nearest whole number; a is not negative here.
func nearest(a, b int64) int64 { return (2*a + b) / (2 * b) }

// addDull adds months and stays within the month.
func addDull(t time.Time, months int) time.Time {
	month := t.Month() + time.Month(months)
	days := time.Date(t.Year(), month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(t.Year(), month, min(t.Day(), days), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}
