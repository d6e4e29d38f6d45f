package twin

import (
	"fmt"
	"testing"
	"time"
)

func TestCredits(t *testing.T) {
	type step func(w *world, customer string, sub Subscription)
	use := func(amounts ...string) step {
		return func(w *world, customer string, _ Subscription) { w.use(customer, amounts...) }
	}
	renewal := func(w *world, _ string, sub Subscription) {
		w.pass(ok(w.Subscription(sub.ID))(w.t).PeriodEnd)
	}
	topUp := func(units int64, rollover bool) step {
		return func(w *world, _ string, _ Subscription) {
			w.buy(w.product("", 500, []string{w.credits(units, rollover)}), "ada@example.com")
		}
	}
	revoke := func(w *world, _ string, sub Subscription) {
		ok(w.RevokeSubscription(w.t.Context(), sub.ID, Cancellation{}))(w.t)
	}
	tests := []struct {
		name     string
		rollover bool // of the subscription's 100 credits a month
		steps    []step
		consumed string
		credited int64
		balance  string
	}{
		{"granted at the start", false, nil, "0", 100, "100"},
		{"usage counts down, exactly", false, []step{use("0.1", "0.2", "12")}, "12.3", 100, "87.7"},
		{"a negative event gives credits back", false, []step{use("30", "-10")}, "20", 100, "80"},
		{"overage is a negative balance", false, []step{use("130")}, "130", 100, "-30"},
		{"without rollover a renewal starts anew", false, []step{use("30"), renewal}, "0", 100, "100"},
		{"with rollover the rest is added", true, []step{use("30"), renewal}, "0", 170, "170"},
		{"a fraction does not roll over", true, []step{use("30.5"), renewal}, "0", 169, "169"},
		{"overage does not roll over", true, []step{use("130"), renewal}, "0", 100, "100"},
		{"rollover adds up over months", true, []step{renewal, renewal, use("50"), renewal}, "0", 350, "350"},
		{"a top-up adds", false, []step{topUp(50, false)}, "0", 150, "150"},
		{"a top-up without rollover is lost at renewal", false, []step{topUp(50, false), renewal}, "0", 100, "100"},
		{"a top-up with rollover survives", false, []step{topUp(50, true), renewal}, "0", 150, "150"},
		{"only flagged credits roll over", false, []step{topUp(50, true), use("20"), renewal}, "0", 150, "150"},
		{"flagged credits are limited by the balance", false, []step{topUp(50, true), use("120"), renewal}, "0", 130, "130"},
		{"revocation takes the last credits", false, []step{use("30"), revoke}, "30", 0, "-30"},
		{"revocation leaves a top-up", false, []step{topUp(50, false), use("30"), revoke}, "30", 50, "20"},
		{"revocation after rollover takes the last grant only", true, []step{renewal, revoke}, "0", 100, "100"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			done := w.buy(w.product(Month, 2000, []string{w.credits(100, test.rollover)}), "ada@example.com")
			for _, step := range test.steps {
				step(w, done.Checkout.CustomerID, w.subscription(done))
			}
			m := w.standing(done.Checkout.CustomerID)
			if m.Consumed.String() != test.consumed || m.Credited != test.credited || m.Balance().String() != test.balance {
				t.Errorf("consumed %s credited %d balance %s, want %s %d %s",
					m.Consumed, m.Credited, m.Balance(), test.consumed, test.credited, test.balance)
			}
		})
	}
}

// TestCreditHistory: whoever sorts the events by time can tell the story of every credit.
func TestCreditHistory(t *testing.T) {
	w := newWorld(t)
	done := w.buy(w.product(Month, 2000, []string{w.credits(100, true)}), "ada@example.com")
	w.use(done.Checkout.CustomerID, "40")
	w.pass(w.subscription(done).PeriodEnd)
	var story []string
	var last time.Time
	for _, v := range w.data.events.all() {
		if !v.Timestamp.After(last) {
			t.Errorf("%s at %v is not after %v", v.Name, v.Timestamp, last)
		}
		last = v.Timestamp
		switch v.Name {
		case "meter.credited":
			story = append(story, fmt.Sprint("credited ", v.Metadata["units"], " ", v.Metadata["rollover"]))
		case "meter.reset":
			story = append(story, "reset")
		}
	}
	want := "[credited 100 true reset credited 60 true credited 100 true]"
	if got := fmt.Sprint(story); got != want {
		t.Errorf("history %s, want %s", got, want)
	}
}

func TestMeteredPriceBillsOverageAndResets(t *testing.T) {
	w := newWorld(t)
	cap100 := int64(100)
	tests := []struct {
		name   string
		price  Price
		used   string
		amount int64
	}{
		{"within the credits", Price{UnitAmount: "2"}, "100", 0},
		{"beyond the credits", Price{UnitAmount: "2"}, "110", 20},
		{"parts of a cent are rounded half up", Price{UnitAmount: "0.35"}, "110", 4},
		{"capped", Price{UnitAmount: "50"}, "110", 100},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.price.Kind, test.price.MeterID, test.price.CapAmount = Metered, w.meter.ID, &cap100
			done := w.buy(w.product(Month, 1000, []string{w.credits(100, false)}, test.price), fmt.Sprintf("ada%d@example.com", i))
			w.use(done.Checkout.CustomerID, test.used)
			w.pass(w.subscription(done).PeriodEnd)
			orders := w.OrdersOf(done.Checkout.CustomerID)
			if got := orders[len(orders)-1].Total - 1000; got != test.amount {
				t.Errorf("metered amount %d, want %d", got, test.amount)
			}
			if m := w.standing(done.Checkout.CustomerID); m.Consumed != 0 || m.Credited != 100 {
				t.Errorf("after the cycle: consumed %s credited %d", m.Consumed, m.Credited)
			}
		})
	}
}
