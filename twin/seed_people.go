package twin

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// playSamAndPat plays both lives day by day. Sam Okafor has been on Pro for fourteen months (one of them
// given to him after an outage), bought two credit packs and got part of one month back. Pat Lindqvist has
// been on Pro for five months; yesterday's renewal failed.
func (s *seeder) playSamAndPat(begin time.Time) {
	s.at(begin)
	sam := s.subscribe("Sam Okafor", "sam@example.com", &Address{
		Line1: "18 Marlowe Street", City: "Portland", State: "US-OR", PostalCode: "97205", Country: "US",
	})
	patBegins := addMonths(s.now.AddDate(0, 0, -1), -5)
	story := map[int]func(){
		130: func() { s.giveMonth(sam) },
		240: func() { s.giveBack(sam) },
	}
	packs := 0
	random := rand.New(rand.NewPCG(20, 26))
	var pat string
	for day := 0; s.err == nil; day++ {
		morning := begin.AddDate(0, 0, day).Truncate(24 * time.Hour).Add(9 * time.Hour)
		if morning.Add(workday).After(s.now.Add(-time.Minute)) {
			break
		}
		s.at(morning)
		if tell := story[day]; tell != nil {
			tell()
		}
		// The first pack in the long fifth month, the second in the busy last ones: when credits run low.
		if window := []int{140, 300}; packs < 2 && day >= window[packs] && (s.balance(sam) < Units(600) || day >= window[packs]+85) {
			s.buyPack("sam@example.com")
			packs++
		}
		var agenda []errand
		if s.balance(sam) > Units(200) { // otherwise Sam waits for the renewal
			agenda = s.uses(sam, "sam", morning, day, 3+day/105, random)
		}
		if pat == "" && patBegins.Before(morning.AddDate(0, 0, 1)) {
			agenda = append(agenda, errand{patBegins, func() {
				pat = s.subscribe("Pat Lindqvist", "pat@example.com", &Address{Line1: "Storgatan 4", City: "Lund", PostalCode: "222 23", Country: "SE"})
			}})
		} else if pat != "" {
			if s.now.Sub(morning) < 6*24*time.Hour {
				s.check("spoil card", s.e.SetCard(s.ctx, pat, CardFailsLate))
			}
			agenda = append(agenda, s.uses(pat, "pat", morning, day, 4, random)...)
		}
		s.run(agenda)
	}
}

// workday is how long a day of work is.
const workday = 12 * time.Hour

// errand is something that happens at a time of the day.
type errand struct {
	at time.Time
	do func()
}

// run plays a day in the order of time, each thing when it happens: Polar counts a use in the period in which
// it arrives, so one that was reported late could end up in another period than its own.
func (s *seeder) run(agenda []errand) {
	slices.SortStableFunc(agenda, func(a, b errand) int { return a.at.Compare(b.at) })
	for _, e := range agenda {
		s.at(e.at)
		if s.err == nil {
			e.do()
		}
	}
}

// subscribe buys Pro through a checkout and returns the customer's id.
func (s *seeder) subscribe(name, email string, address *Address) string {
	done := s.buy(s.pro.ID, CheckoutEdit{CustomerName: &name, CustomerEmail: &email, BillingName: &name, BillingAddress: address})
	return done.Checkout.CustomerID
}

// buyPack buys the credit pack.
func (s *seeder) buyPack(email string) {
	s.buy(s.pack.ID, CheckoutEdit{CustomerEmail: &email})
}

// buy opens a checkout and pays it with the good card.
func (s *seeder) buy(productID string, edit CheckoutEdit) Confirmed {
	c, err := s.e.CreateCheckout(s.ctx, CheckoutInput{ProductIDs: []string{productID}, AllowDiscountCodes: true, AllowTrial: true})
	s.check("checkout", err)
	if s.err != nil {
		return Confirmed{}
	}
	done, err := s.e.ConfirmCheckout(s.ctx, c.ID, edit, CardSucceeds)
	s.check("pay", err)
	return done
}

// giveMonth moves the renewal by a month, as a merchant does to make up for an outage.
func (s *seeder) giveMonth(customerID string) {
	for _, sub := range s.e.SubscriptionsOf(customerID) {
		_, err := s.e.SetPeriodEnd(s.ctx, sub.ID, addMonths(sub.PeriodEnd, 1))
		s.check("give a month", err)
	}
}

// giveBack refunds part of the latest order of the subscription.
func (s *seeder) giveBack(customerID string) {
	orders := s.e.OrdersOf(customerID)
	for i := len(orders) - 1; i >= 0; i-- {
		if orders[i].SubscriptionID == "" {
			continue
		}
		_, err := s.e.CreateRefund(s.ctx, RefundInput{
			OrderID: orders[i].ID, Amount: 800, Reason: "service_disruption", Comment: "Slow answers for a week",
		})
		s.check("refund", err)
		return
	}
}

// balance is what is left of the customer's AI credits.
func (s *seeder) balance(customerID string) Quantity {
	for _, m := range s.e.MetersOf(customerID) {
		if m.MeterID == s.credits.ID {
			return m.Balance()
		}
	}
	return 0
}

// uses is one day of work: busy weekdays, quiet weekends, some days off.
func (s *seeder) uses(customerID, who string, morning time.Time, day, busy int, random *rand.Rand) (agenda []errand) {
	if weekend := morning.Weekday() == time.Saturday || morning.Weekday() == time.Sunday; weekend {
		busy = 1
	}
	if s.err != nil || random.IntN(9) == 0 {
		return nil
	}
	add := func(name string, metadata Metadata) {
		at := morning.Add(time.Duration(1+random.IntN(int(workday/time.Minute))) * time.Minute)
		use := EventInput{
			Name: name, CustomerID: customerID, Timestamp: at, Metadata: metadata,
			ExternalID: fmt.Sprintf("seed-%s-%d-%d", who, day, len(agenda)),
		}
		agenda = append(agenda, errand{at, func() {
			_, _, err := s.e.Ingest(s.ctx, []EventInput{use})
			s.check("usage", err)
		}})
	}
	models := []string{"lumen-swift", "lumen-swift", "lumen-deep"}
	for range busy + random.IntN(3) {
		credits := 6 + random.IntN(22)
		add("ai_usage", Metadata{
			"credits": json.Number(strconv.Itoa(credits)), "model": models[random.IntN(len(models))],
			"words": json.Number(strconv.Itoa(credits * (18 + random.IntN(9)))),
		})
	}
	for range random.IntN(busy) {
		add("file_uploaded", Metadata{"kind": []string{"pdf", "docx", "md"}[random.IntN(3)], "kilobytes": json.Number(strconv.Itoa(40 + random.IntN(4000)))})
	}
	return agenda
}
