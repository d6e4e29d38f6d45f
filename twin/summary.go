package twin

import "time"

// Summary is the state of a twin at a glance.
type Summary struct {
	Now           time.Time     `json:"now"`
	Offset        time.Duration `json:"offset_ns"` // how far the clock was moved
	Organization  string        `json:"organization"`
	Products      int           `json:"products"`
	Customers     int           `json:"customers"` // not counting deleted ones
	Checkouts     int           `json:"checkouts"`
	Orders        int           `json:"orders"`
	Subscriptions int           `json:"active_subscriptions"`
	Events        int           `json:"events"`
	Mails         int           `json:"mails"`
	Waiting       int           `json:"webhooks_waiting"` // webhook events not yet delivered or given up
	Faults        []Fault       `json:"faults"`
	RateLimit     int           `json:"rate_limit_per_minute"` // 0: none
}

// AccessToken lets a merchant's server call the API.
type AccessToken struct{ Token string }

// Summary counts what there is.
func (e *Engine) Summary() Summary {
	e.mu.RLock()
	defer e.mu.RUnlock()
	s := Summary{
		Now: e.clock(), Offset: e.offset, Organization: e.data.organization.all()[0].Slug,
		Products: len(e.data.products.rows), Checkouts: len(e.data.checkouts.rows), Orders: len(e.data.orders.rows),
		Events: len(e.data.events.rows), Mails: len(e.data.mails.rows), Faults: append([]Fault{}, e.faults...),
		RateLimit: e.limit,
	}
	for _, c := range e.data.customers.rows {
		if c.DeletedAt.IsZero() {
			s.Customers++
		}
	}
	for _, sub := range e.data.subscriptions.rows {
		if sub.Live() {
			s.Subscriptions++
		}
	}
	for _, w := range e.data.webhookEvents.rows {
		if !w.Done {
			s.Waiting++
		}
	}
	return s
}
