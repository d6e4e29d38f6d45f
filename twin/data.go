package twin

import (
	"strings"
	"time"
)

// data is everything the twin knows. The numbered comments name the index positions used with by.
type data struct {
	organization   *table[Organization]
	products       *table[Product]
	discounts      *table[Discount]
	customers      *table[Customer]        // byEmail, byExternal
	sessions       *table[CustomerSession] // byToken
	checkouts      *table[Checkout]        // bySecret
	subscriptions  *table[Subscription]    // byCustomer
	orders         *table[Order]           // byCustomer, bySubscription
	payments       *table[Payment]         // byOrder
	refunds        *table[Refund]          // byOrder
	benefits       *table[Benefit]
	grants         *table[Grant] // byCustomer, byBenefit
	licenseKeys    *table[LicenseKey]
	meters         *table[Meter]
	customerMeters *table[CustomerMeter]   // byCustomer, byMeter
	events         *table[Event]           // byCustomer, byExternalID
	endpoints      *table[WebhookEndpoint] //
	webhookEvents  *table[WebhookEvent]    // pending by endpoint, byObject
	deliveries     *table[WebhookDelivery] // byEvent
	mails          *table[Mail]            //
	tokens         *table[AccessToken]     //
	extras
	tables []loader // all of the above
}

// loader is a table of any kind, as start-up and the agenda need it.
type loader interface {
	name() string
	load(id string, body []byte) (time.Time, error)
	dueOf(id string) (time.Time, bool)
}

func (t *table[T]) name() string { return t.kind }

// dueOf is when the row needs work; false when there is no such row or no work.
func (t *table[T]) dueOf(id string) (time.Time, bool) {
	row, ok := t.rows[id]
	if !ok {
		return time.Time{}, false
	}
	at := t.dueAt(row)
	return at, !at.IsZero()
}

// orderKind is the name of orders in the file and on the agenda.
const orderKind = "order"

// newData builds empty tables.
func newData() *data {
	d := &data{
		organization: newTable("organization", func(o *Organization) string { return o.ID }),
		products:     newTable("product", func(p *Product) string { return p.ID }),
		discounts:    newTable("discount", func(v *Discount) string { return v.ID }),
		customers: newTable("customer", func(c *Customer) string { return c.ID },
			livingEmail, livingExternal),
		sessions:  newTable("customer_session", func(s *CustomerSession) string { return s.ID }, func(s *CustomerSession) string { return s.Token }),
		checkouts: newTable("checkout", func(c *Checkout) string { return c.ID }, func(c *Checkout) string { return c.ClientSecret }),
		subscriptions: newTable("subscription", func(s *Subscription) string { return s.ID },
			func(s *Subscription) string { return s.CustomerID }),
		orders: newTable(orderKind, func(o *Order) string { return o.ID },
			func(o *Order) string { return o.CustomerID }, func(o *Order) string { return o.SubscriptionID }),
		payments: newTable("payment", func(p *Payment) string { return p.ID }, func(p *Payment) string { return p.OrderID }),
		refunds:  newTable("refund", func(r *Refund) string { return r.ID }, func(r *Refund) string { return r.OrderID }),
		benefits: newTable("benefit", func(b *Benefit) string { return b.ID }),
		grants: newTable("grant", func(g *Grant) string { return g.ID },
			func(g *Grant) string { return g.CustomerID }, func(g *Grant) string { return g.BenefitID }),
		licenseKeys: newTable("license_key", func(k *LicenseKey) string { return k.ID }),
		meters:      newTable("meter", func(m *Meter) string { return m.ID }),
		customerMeters: newTable("customer_meter", func(m *CustomerMeter) string { return m.ID },
			func(m *CustomerMeter) string { return m.CustomerID }, func(m *CustomerMeter) string { return m.MeterID }),
		events: newTable("event", func(v *Event) string { return v.ID },
			eventOwner, func(v *Event) string { return v.ExternalID }),
		endpoints: newTable("webhook_endpoint", func(w *WebhookEndpoint) string { return w.ID }),
		webhookEvents: newTable("webhook_event", func(w *WebhookEvent) string { return w.ID },
			pendingEndpoint, func(w *WebhookEvent) string { return w.ObjectID }),
		deliveries: newTable("webhook_delivery", func(w *WebhookDelivery) string { return w.ID },
			func(w *WebhookDelivery) string { return w.EventID }),
		mails:  newTable("mail", func(m *Mail) string { return m.ID }),
		tokens: newTable("access_token", func(t *AccessToken) string { return t.Token }),
		extras: newExtras(),
	}
	d.checkouts.due, d.subscriptions.due, d.orders.due = checkoutDue, subscriptionDue, orderDue
	d.refunds.due = refundDue
	d.sessions.due = func(s *CustomerSession) time.Time { return s.ExpiresAt }
	d.tables = []loader{
		d.organization, d.products, d.discounts, d.customers, d.sessions, d.checkouts, d.subscriptions, d.orders,
		d.payments, d.refunds, d.benefits, d.grants, d.licenseKeys, d.meters, d.customerMeters, d.events,
		d.endpoints, d.webhookEvents, d.deliveries, d.mails, d.tokens,
	}
	d.tables = append(d.tables, d.extras.loaders()...)
	return d
}

// Index positions for table.by, named by table and key.
const (
	customersByEmail = iota
	customersByExternal
)
const (
	byOwner       = 0 // customer of subscriptions, orders, grants, customer meters
	ordersBySub   = 1
	grantsByBen   = 1
	metersByMeter = 1
	eventsByOwner = 0
	eventsByExtID = 1
	hooksByObject = 1
)

// livingEmail and livingExternal index customers that are not deleted: a deleted one frees both names.
func livingEmail(c *Customer) string {
	if !c.DeletedAt.IsZero() {
		return ""
	}
	return strings.ToLower(c.Email)
}

func livingExternal(c *Customer) string {
	if !c.DeletedAt.IsZero() {
		return ""
	}
	return c.ExternalID
}

// pendingEndpoint indexes the webhook events that still wait, so that the queue is short however long the
// history.
func pendingEndpoint(w *WebhookEvent) string {
	if w.Done {
		return ""
	}
	return w.EndpointID
}

// eventOwner is the customer id of an event, or its external id behind a mark while no customer has it.
func eventOwner(v *Event) string {
	if v.CustomerID != "" {
		return v.CustomerID
	}
	if v.ExternalCustomer != "" {
		return "external:" + v.ExternalCustomer
	}
	return ""
}

// dueOf finds the row behind an agenda entry and asks it.
func (d *data) dueOf(key rowKey) (time.Time, bool) {
	for _, t := range d.tables {
		if t.name() == key.kind {
			return t.dueOf(key.id)
		}
	}
	return time.Time{}, false
}
