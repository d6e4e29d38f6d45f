package db

import (
	"context"
	"errors"
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

// providerFact is a credit event or a use, one of them.
type providerFact struct {
	credit *billing.CreditEvent
	use    *billing.ForeignEvent
}

func (f providerFact) at() time.Time {
	if f.credit != nil {
		return f.credit.OccurredAt
	}
	return f.use.OccurredAt
}

// rank orders facts of one instant: a period begins with its reset, and what was used
// at the instant belongs to the new one. The rest stays in the provider's order.
func (f providerFact) rank() int {
	switch {
	case f.use != nil:
		return 2
	case f.credit.Reset:
		return 0
	default:
		return 1
	}
}

// inOrder merges what was read, each fact once: lists that are read page by page while
// they grow show some facts twice.
func (p *poster) inOrder() []providerFact {
	facts := make([]providerFact, 0, len(p.news.Credits)+len(p.news.Uses))
	seen := make(map[string]bool, cap(facts))
	for i := range p.news.Credits {
		if id := "credit " + p.news.Credits[i].ProviderID; !seen[id] {
			seen[id] = true
			facts = append(facts, providerFact{credit: &p.news.Credits[i]})
		}
	}
	for i := range p.news.Uses {
		if id := "use " + p.news.Uses[i].ProviderID; !seen[id] {
			seen[id] = true
			facts = append(facts, providerFact{use: &p.news.Uses[i]})
		}
	}
	slices.SortStableFunc(facts, func(a, b providerFact) int {
		if c := a.at().Compare(b.at()); c != 0 {
			return c
		}
		return a.rank() - b.rank()
	})
	return facts
}

func (p *poster) post(ctx context.Context, l *ledger, f providerFact) error {
	if f.use != nil {
		return p.postUse(ctx, l, *f.use)
	}
	known := slices.ContainsFunc(p.meters, func(m billing.Meter) bool {
		return m.Provider == p.news.Provider && m.ProviderID == f.credit.ProviderMeterID
	})
	if !known {
		if !slices.Contains(p.report.UnknownMeters, f.credit.ProviderMeterID) {
			p.report.UnknownMeters = append(p.report.UnknownMeters, f.credit.ProviderMeterID)
		}
		return nil
	}
	w := walletKey{p.news.Cursor.CustomerID, meterRef(p.news.Provider, f.credit.ProviderMeterID)}
	period, err := p.period(ctx, l, w)
	if err != nil {
		return err
	}
	if f.credit.Reset {
		return p.postReset(ctx, l, w, period, *f.credit)
	}
	return p.postCredit(ctx, l, w, period, *f.credit)
}

// period is the credited side of the period that is open at this point of the record.
// At first that is where reading began, worked out from what was posted before.
func (p *poster) period(ctx context.Context, l *ledger, w walletKey) (*billing.Wallet, error) {
	if period := p.periods[w.meter.ProviderID]; period != nil {
		return period, nil
	}
	reset, err := lastReset(ctx, l.q, w, millis(p.news.Since))
	if err != nil {
		return nil, err
	}
	row, err := l.q.CreditedBetween(ctx, gen.CreditedBetweenParams{
		CustomerID: w.customerID, Provider: w.meter.Provider, ProviderMeterID: w.meter.ProviderID,
		FromAt: reset.OccurredAt, ToAt: millis(p.news.Since),
	})
	if err != nil {
		return nil, fmt.Errorf("credited before: %w", err)
	}
	period := &billing.Wallet{Credited: billing.Credits(row.Credited), Rollover: max(0, billing.Credits(row.Rollover))}
	p.periods[w.meter.ProviderID] = period
	return period, nil
}

// postCredit posts a grant, what was carried over, or a revocation.
func (p *poster) postCredit(ctx context.Context, l *ledger, w walletKey, period *billing.Wallet, e billing.CreditEvent) error {
	next, m, err := period.Credit(e)
	if err != nil {
		return err
	}
	*period = next
	note := ""
	if e.Rollover {
		note = noteRollover
	}
	posted, err := l.post(ctx, w, m, note)
	if err != nil || !posted {
		return err
	}
	p.report.Posted++
	return l.settleLate(ctx, w, m, e.OccurredAt)
}

// postReset ends a period: what is left of it expires, or its overage is settled.
//
// The ledger holds entries of the next period already: uses are posted when they
// happen, and the provider counts in the new period all that it took at or after the
// reset, or has yet to take. What is left of the old period is the balance without them.
func (p *poster) postReset(ctx context.Context, l *ledger, w walletKey, period *billing.Wallet, e billing.CreditEvent) error {
	left, posted, err := l.postedReset(ctx, w, e)
	if err != nil {
		return err
	}
	if !posted {
		if left, err = l.leftAt(ctx, w, e.OccurredAt); err != nil {
			return fmt.Errorf("balance at reset %s: %w", e.ProviderID, err)
		}
	}
	period.Consumed = period.Credited - left
	next, m, err := period.Credit(e)
	if err != nil {
		return err
	}
	*period = next
	if posted {
		return nil
	}
	p.report.Posted++
	_, err = l.post(ctx, w, m, "")
	return err
}

// postUse posts an event that others reported to the provider. Ours come back in the
// same list and are known by the id that we gave them.
func (p *poster) postUse(ctx context.Context, l *ledger, f billing.ForeignEvent) error {
	event := f.Event()
	event.CustomerID = p.news.Cursor.CustomerID
	u, err := newUse(event, p.news.Provider, p.meters, p.now)
	if err != nil {
		return fmt.Errorf("event %s: %w", f.ProviderID, err)
	}
	have, err := l.q.UsageEvent(ctx, event.ID)
	switch err = found(err); {
	case errors.Is(err, billing.ErrNotFound):
		u.state, u.providerEventID, u.countedAt = UsageForeign, f.ProviderID, p.counted(f)
		recorded, err := l.record(ctx, u)
		if recorded {
			p.report.Posted++
		}
		if errors.Is(err, errReused) {
			return nil // the provider's id is here already, under another one of ours
		}
		return err
	case err != nil:
		return fmt.Errorf("event %s: %w", f.ProviderID, err)
	case have.CustomerID != event.CustomerID || have.Provider != p.news.Provider:
		return fmt.Errorf("event %s carries the id of another customer's: %w", f.ProviderID, billing.ErrConflict)
	}
	if have.SentAt == nil && (have.NextTryAt == heldUsage || have.State == string(UsageParked)) {
		if have.SentAt, err = p.reportedSinceCopy(ctx, l, have); err != nil {
			return err
		}
	}
	// Known. Meters that were not known when it came count it now.
	u.OccurredAt, u.countedAt = moment(have.OccurredAt), maybeMoment(have.SentAt)
	return l.count(ctx, u, false)
}

// counted is when the provider took an event that others sent. The provider tells only
// when it happened, and counts it when it arrives. An event from a time that was read
// before, long enough ago, and that was not there then, has arrived since.
func (p *poster) counted(f billing.ForeignEvent) time.Time {
	read := p.news.Cursor.ReadAt.Add(-EventLag)
	if !p.news.Cursor.ReadAt.IsZero() && f.OccurredAt.Before(p.news.Cursor.Until) && f.OccurredAt.Before(read) {
		return read
	}
	return f.OccurredAt
}
