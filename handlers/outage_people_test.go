package handlers_test

import (
	"fmt"
	"net/http"
	"slices"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// asksDuringTheOutage is what people do in the first minutes, and what they are told.
func (o *outage) asksDuringTheOutage() (refund billing.Action) {
	o.t.Helper()
	o.use(0)
	o.sam.wants(o.sam.submit(o.sam.get("/plans"), "[data-plan=credits-1000] form", nil), http.StatusServiceUnavailable, "Not possible right now", "Nothing was charged")
	o.sam.wants(o.sam.post("/portal/provider", nil), http.StatusServiceUnavailable, "Not possible right now", "cannot be reached")
	o.sam.wants(o.sam.submit(o.sam.get(o.subPage+"/cancel"), `form[action$="/cancel"]`, nil), http.StatusOK, "Your wish is kept", "waits until Polar answers")
	fresh := o.browser()
	fresh.signIn(newcomer)
	fresh.wants(fresh.get("/portal"), http.StatusOK)
	order := o.order()
	refund, err := o.store.Ask(o.t.Context(), billing.Action{
		Kind: billing.ActionRefund, Object: order.Ref(), CustomerID: o.user("sam@example.com").ID, AskedBy: o.user("olive@example.com").ID,
		Refund: billing.RefundRequest{ProviderOrderID: order.ProviderID, Amount: 1, Reason: "customer_request"},
	}, o.now())
	if err != nil {
		o.t.Fatal(err)
	}
	return refund
}

// use reports a use of something that is metered.
func (o *outage) use(hour int) {
	o.t.Helper()
	page := o.sam.get(o.names.Replace("/usage/{meter}"))
	o.sam.wants(o.sam.submit(page, `form[action="/usage/events"]`, map[string]string{"event": "ai_usage", "key": "credits", "value": fmt.Sprint(hour + 1)}),
		http.StatusOK, "Queued")
}

// providerGoesOn: what the portal cannot ask for happens all the same. One change is told by
// a webhook, which is taken and applied from what it says; one by nobody.
func (o *outage) providerGoesOn() {
	o.t.Helper()
	o.rename("noor@example.com", "Noor of the Outage")
	o.untilLong("a webhook of the outage is applied", func() bool { return o.mirrored("noor@example.com").Name == "Noor of the Outage" })
	if err := o.twin.Engine.AddFault(twin.Fault{Kind: twin.WebhookDrop}); err != nil {
		o.t.Fatal(err)
	}
	o.rename("sam@example.com", "Sam of the Outage")
}

func (o *outage) rename(email, name string) {
	o.t.Helper()
	if _, err := o.twin.Engine.UpdateCustomer(o.t.Context(), o.theirs(email)[0].ID, twin.CustomerInput{Name: &name}); err != nil {
		o.t.Fatal(err)
	}
}

// theirs are the provider's customers of an address.
func (o *outage) theirs(email string) (list []twin.Customer) {
	for _, c := range o.twin.Engine.Customers() {
		if c.Email == email && c.DeletedAt.IsZero() {
			list = append(list, c)
		}
	}
	return list
}

func (o *outage) user(email string) db.User {
	o.t.Helper()
	user, err := o.store.UserByEmail(o.t.Context(), email)
	if err != nil {
		o.t.Fatal(err)
	}
	return user
}

// mirrored is our copy of somebody's customer.
func (o *outage) mirrored(email string) billing.Customer {
	o.t.Helper()
	c, err := o.store.ProviderCustomer(o.t.Context(), "polar", o.user(email).ID)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

func (o *outage) order() billing.Order {
	o.t.Helper()
	orders, _, err := o.store.Orders(o.t.Context(), o.user("sam@example.com").ID, db.Page{Size: 100})
	if err != nil {
		o.t.Fatal(err)
	}
	paid := slices.IndexFunc(orders, func(b billing.Order) bool { return b.Status == billing.OrderPaid && b.Total > 100 })
	if paid < 0 {
		o.t.Fatalf("no paid order among %d", len(orders))
	}
	return orders[paid]
}
