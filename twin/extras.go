package twin

import "time"

// extras are the tables of what stands around the money: the people of a team, files, forms and cards. The
// comments name the index positions used with by.
type extras struct {
	members    *table[Member]        // byOwner
	seats      *table[Seat]          // seatsByScope, seatsByToken
	methods    *table[PaymentMethod] // byOwner
	wallets    *table[Wallet]        // byOwner
	files      *table[File]          // filesBySecret
	contents   *table[Content]       //
	links      *table[CheckoutLink]  // by client secret
	fields     *table[CustomField]   //
	eventTypes *table[EventType]     //
	codes      *table[LoginCode]     // by code
	disputes   *table[Dispute]       //
}

// Index positions of the tables above.
const (
	seatsByScope  = 0
	seatsByToken  = 1
	filesBySecret = 0
)

// newExtras builds empty tables.
func newExtras() extras {
	x := extras{
		members: newTable("member", func(m *Member) string { return m.ID }, func(m *Member) string { return m.CustomerID }),
		seats: newTable("seat", func(s *Seat) string { return s.ID },
			func(s *Seat) string { return s.SubscriptionID + s.OrderID }, func(s *Seat) string { return s.Token }),
		methods: newTable("payment_method", func(m *PaymentMethod) string { return m.ID },
			func(m *PaymentMethod) string { return m.CustomerID }),
		wallets:    newTable("wallet", func(w *Wallet) string { return w.ID }, func(w *Wallet) string { return w.CustomerID }),
		files:      newTable("file", func(f *File) string { return f.ID }, func(f *File) string { return f.Secret }),
		contents:   newTable("content", func(c *Content) string { return c.FileID }),
		links:      newTable("checkout_link", func(l *CheckoutLink) string { return l.ID }, func(l *CheckoutLink) string { return l.ClientSecret }),
		fields:     newTable("custom_field", func(f *CustomField) string { return f.ID }),
		eventTypes: newTable("event_type", func(t *EventType) string { return t.ID }),
		codes:      newTable("login_code", func(c *LoginCode) string { return c.ID }, func(c *LoginCode) string { return c.Code }),
		disputes:   newTable("dispute", func(d *Dispute) string { return d.ID }),
	}
	x.codes.due = func(c *LoginCode) time.Time { return c.ExpiresAt }
	return x
}

// loaders is all tables, in the order they were written down.
func (x extras) loaders() []loader {
	return []loader{
		x.members, x.seats, x.methods, x.wallets, x.files, x.contents, x.links, x.fields, x.eventTypes, x.codes, x.disputes,
	}
}
