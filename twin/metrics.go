package twin

import (
	"fmt"
	"math/big"
	"slices"
	"time"
)

// MetricsQuery asks how business went from From to To, per interval in Zone. An empty filter lets all through;
// Billing is one_time or recurring.
type MetricsQuery struct {
	From, To                         time.Time
	Interval                         Interval
	Zone                             *time.Location
	Products, Customers, BillingType []string
}

// allows reports whether what a customer has of a product passes the filters.
func (q MetricsQuery) allows(customerID, productID string, recurring bool) bool {
	billing := "one_time"
	if recurring {
		billing = "recurring"
	}
	in := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return in(q.Customers, customerID) && in(q.Products, productID) && in(q.BillingType, billing)
}

// Metrics is how one span of time went, by the provider's names. Money is in minor units, rates are shares of
// one.
type Metrics struct {
	Start  time.Time
	Values map[string]Quantity
}

// Metrics counts per interval, and over the whole range.
func (v *View) Metrics(q MetricsQuery) ([]Metrics, Metrics) {
	starts := bucketStarts(QuantityQuery{From: q.From, To: q.To, Interval: q.Interval, Zone: q.Zone})
	var periods []Metrics
	var earned, netted, spent Quantity
	for _, start := range starts {
		p := v.measureSpan(q, start, q.Interval.After(start, 1))
		earned, netted, spent = earned+p["revenue"], netted+p["net_revenue"], spent+p["costs"]
		p.accumulate(earned, netted, spent)
		periods = append(periods, Metrics{start, p})
	}
	end := q.Interval.After(starts[len(starts)-1], 1)
	whole := v.measureSpan(q, starts[0], end)
	whole.accumulate(earned, netted, spent)
	return periods, Metrics{starts[0], whole}
}

// tallies are the values of one span.
type tallies map[string]Quantity

// add counts n whole units (or minor units) of a metric.
func (t tallies) add(name string, n int64) { t[name] += Units(n) }

// ratio sets name to a / b, 0 when b is.
func (t tallies) ratio(name string, a, b Quantity) {
	t[name] = 0
	if b != 0 {
		if share, fits := ratQuantity(big.NewRat(int64(a), int64(b))); fits {
			t[name] = share
		}
	}
}

// money sets name to a / b in whole minor units.
func (t tallies) money(name string, a, b Quantity) {
	t[name] = 0
	if b != 0 {
		t[name] = Units(roundRat(big.NewRat(int64(a), int64(b))).Int64())
	}
}

// accumulate adds what depends on all spans so far.
func (t tallies) accumulate(earned, netted, spent Quantity) {
	t["cumulative_revenue"], t["net_cumulative_revenue"], t["cumulative_costs"] = earned, netted, spent
	t["gross_margin"] = earned - spent
	t.ratio("gross_margin_percentage", earned-spent, earned)
	t["cashflow"] = t["revenue"] - t["costs"]
}

// measureSpan counts what happened from start on and before end.
func (v *View) measureSpan(q MetricsQuery, start, end time.Time) tallies {
	t := tallies{}
	within := func(at time.Time) bool { return !at.IsZero() && !at.Before(start) && at.Before(end) }
	v.measureOrders(q, t, within)
	active := v.measureSubscriptions(q, t, start, end, within)
	for _, c := range v.checkouts.all() {
		p, err := v.products.get(c.ProductID)
		if err != nil || !within(c.CreatedAt) || !q.allows(c.CustomerID, c.ProductID, p.Recurring()) {
			continue
		}
		t.add("checkouts", 1)
		if c.Status == CheckoutSucceeded {
			t.add("succeeded_checkouts", 1)
		}
	}
	users := v.measureEvents(q, t, within)
	t.add("active_user_by_event", users)
	t.ratio("checkouts_conversion", t["succeeded_checkouts"], t["checkouts"])
	t.money("average_order_value", t["revenue"], t["orders"])
	t.money("net_average_order_value", t["net_revenue"], t["orders"])
	t.money("average_revenue_per_user", t["monthly_recurring_revenue"], t["active_subscriptions"])
	t.money("cost_per_user", t["costs"], Units(users))
	t.ratio("churn_rate", t["churned_subscriptions"], Units(active))
	if t["churn_rate"] > 0 {
		t.money("ltv", t["average_revenue_per_user"], t["churn_rate"])
	}
	return t
}

// measureOrders counts the orders paid within the span. Net revenue is what is left after refunds and fees.
func (v *View) measureOrders(q MetricsQuery, t tallies, within func(time.Time) bool) {
	for _, o := range v.orders.all() {
		if !o.Paid() || !within(o.CreatedAt) || !q.allows(o.CustomerID, o.ProductID, o.SubscriptionID != "") {
			continue
		}
		net := o.Net - o.Refunded - o.PlatformFee
		t.add("orders", 1)
		t.add("revenue", o.Net)
		t.add("net_revenue", net)
		kind := map[string]string{"subscription_create": "new_subscriptions", "subscription_cycle": "renewed_subscriptions"}[o.Reason]
		if o.SubscriptionID == "" {
			kind = "one_time_products"
		}
		if kind == "" {
			continue
		}
		t.add(kind, 1)
		t.add(kind+"_revenue", o.Net)
		t.add(kind+"_net_revenue", net)
	}
}

// measureSubscriptions counts who was there at the end of the span and who left in it; it returns how many
// there were at the start.
func (v *View) measureSubscriptions(q MetricsQuery, t tallies, start, end time.Time, within func(time.Time) bool) (before int64) {
	for _, sub := range v.subscriptions.all() {
		if !q.allows(sub.CustomerID, sub.ProductID, true) {
			continue
		}
		there := func(at time.Time) bool {
			return sub.StartedAt.Before(at) && (sub.EndedAt.IsZero() || !sub.EndedAt.Before(at))
		}
		if there(start) {
			before++
		}
		if there(end) {
			monthly := monthlyAmount(*sub)
			t.add("active_subscriptions", 1)
			t.add("monthly_recurring_revenue", monthly)
			if !sub.CancelAtPeriodEnd {
				t.add("committed_subscriptions", 1)
				t.add("committed_monthly_recurring_revenue", monthly)
			}
		}
		if within(sub.EndedAt) {
			t.add("churned_subscriptions", 1)
		}
		if within(sub.CanceledAt) {
			t.add("canceled_subscriptions", 1)
			reason := sub.CancelReason
			if reason == "" {
				reason = "other"
			}
			t.add("canceled_subscriptions_"+reason, 1)
		}
	}
	return before
}

// measureEvents counts the users who reported events, and what the events say that they cost.
func (v *View) measureEvents(q MetricsQuery, t tallies, within func(time.Time) bool) int64 {
	users := map[string]bool{}
	for _, event := range v.candidates(q.Customers) {
		if event.Source != "user" || !within(event.Timestamp) {
			continue
		}
		users[eventOwner(event)] = true
		if cost, ok := event.Metadata["_cost"].(map[string]any); ok {
			if amount, ok := parseQuantity(fmt.Sprint(cost["amount"])); ok { // a number, or its text
				t["costs"] += amount
			}
		}
	}
	return int64(len(users))
}

// monthlyAmount is what a subscription brings in a month.
func monthlyAmount(sub Subscription) int64 {
	perYear := map[Interval]int64{Day: 365, Week: 52, Month: 12, Year: 1}[sub.Interval]
	return share(sub.Amount, perYear, 12*int64(max(sub.IntervalCount, 1)))
}
