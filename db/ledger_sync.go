package db

import (
	"context"
	"fmt"
	"slices"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// EventLag is how late a provider may show an event that it already counts, and how
// far two clocks may differ. Reading begins that much before the last event known.
const EventLag = 10 * time.Minute

// EventCursor says how far a customer's events were read.
type EventCursor struct {
	CustomerID string    // ours
	Until      time.Time // time of the last event known, by the provider's clock; zero: none
	ReadAt     time.Time // when that was, by our clock
}

// Since is where to begin reading: what is read twice is posted once.
func (c EventCursor) Since() time.Time {
	if c.Until.IsZero() {
		return time.Time{}
	}
	return c.Until.Add(-EventLag)
}

// EventCursor finds whose credits a provider's customer has. ErrNotFound: nobody's,
// as long as the customer is not linked to one of ours.
func (s *Store) EventCursor(ctx context.Context, provider, providerCustomerID string) (EventCursor, error) {
	row, err := s.r.EventCursor(ctx, gen.EventCursorParams{Provider: provider, ProviderID: providerCustomerID})
	if err := found(err); err != nil {
		return EventCursor{}, fmt.Errorf("events of %s customer %s: %w", provider, providerCustomerID, err)
	}
	return EventCursor{row.CustomerID, moment(row.EventsUntil), moment(row.EventsReadAt)}, nil
}

// CreditNews is what a provider's own record says about one customer since a time.
type CreditNews struct {
	Provider string
	Cursor   EventCursor // as it was before reading
	Since    time.Time   // where reading began; Credits and Uses are complete from there to the last of them
	Credits  []billing.CreditEvent
	Uses     []billing.ForeignEvent
	ReadAt   time.Time // our time when reading began
}

// CreditReport says what posting did.
type CreditReport struct {
	Posted int // facts that were new
	// UnknownMeters are meters that the mirror has not: their credits were left out,
	// and the cursor stays where it was, so that the next reading brings them again.
	UnknownMeters []string
}

// syncChunk is how many facts are posted in one transaction: few enough to let other
// writers in between while fourteen months of history are read for the first time.
const syncChunk = 400

// PostCredits posts what a provider's record says in the order of time. It may be
// repeated: every fact has a business key. A crash between two chunks leaves a valid
// beginning, which the next reading completes, since the cursor moves at the end.
func (s *Store) PostCredits(ctx context.Context, news CreditNews, meters []billing.Meter, now time.Time) (CreditReport, error) {
	p := &poster{news: news, meters: meters, now: now, periods: map[string]*billing.Wallet{}}
	facts := p.inOrder()
	for chunk := range slices.Chunk(facts, syncChunk) {
		var next *poster
		err := s.inLedger(ctx, now, func(l *ledger) error {
			next = p.clone() // a try that is rolled back leaves nothing behind
			for _, f := range chunk {
				if err := next.post(ctx, l, f); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return p.report, fmt.Errorf("post credits of customer %s: %w", news.Cursor.CustomerID, err)
		}
		p = next
	}
	if len(p.report.UnknownMeters) > 0 {
		return p.report, nil
	}
	until := news.Cursor.Until
	if len(facts) > 0 && facts[len(facts)-1].at().After(until) {
		until = facts[len(facts)-1].at()
	}
	err := s.inTx(ctx, func(q *gen.Queries) error {
		return q.SaveEventCursor(ctx, gen.SaveEventCursorParams{
			Provider: news.Provider, CustomerID: news.Cursor.CustomerID,
			EventsUntil: millis(until), EventsReadAt: millis(news.ReadAt),
		})
	})
	if err != nil {
		return p.report, fmt.Errorf("move the cursor of customer %s: %w", news.Cursor.CustomerID, err)
	}
	return p.report, nil
}

// poster carries the state of one PostCredits from chunk to chunk.
type poster struct {
	news    CreditNews
	meters  []billing.Meter
	now     time.Time
	periods map[string]*billing.Wallet // by meter: the credited side of the period at this point of the record
	report  CreditReport
}

func (p *poster) clone() *poster {
	c := *p
	c.report.UnknownMeters = slices.Clone(p.report.UnknownMeters)
	c.periods = make(map[string]*billing.Wallet, len(p.periods))
	for meter, period := range p.periods {
		wallet := *period
		c.periods[meter] = &wallet
	}
	return &c
}
