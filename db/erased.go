package db

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// remember tells whose id the customer of a change had, when he was erased; empty when he
// was not. Everything that comes late passes here: a webhook, the answer to a request that
// was under way, a reading of the whole. A customer whom we did not know and who has the id
// of an erased one is the same person: he is noted, what is here of him is erased, and the
// provider is asked to erase him, too.
func (s *Store) remember(ctx context.Context, q *gen.Queries, o owner, change billing.Change, now time.Time) (customerID string, err error) {
	ref := change.Object.Ref()
	if o.gone { // of everybody who was erased there is a tombstone
		if id, err := erasedAt(ctx, q, o); err != nil || id != "" {
			return id, err
		}
	}
	named := ""
	switch o := change.Object.(type) {
	case billing.Customer:
		named = o.ExternalID
	case billing.Checkout:
		named = o.ExternalCustomerID
	}
	if named == "" {
		return "", nil
	}
	if _, err := q.WhenErased(ctx, named); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return "", nil
		}
		return "", err
	}
	if ref.Kind != billing.KindCustomer {
		return named, nil
	}
	_, err = q.NoteErasedAtProvider(ctx, gen.NoteErasedAtProviderParams{
		Provider: ref.Provider, ProviderID: ref.ProviderID, CustomerID: named, Now: millis(now),
	})
	if err != nil {
		return "", err
	}
	return named, s.eraseCustomer(ctx, q, named, now)
}

// erasedAt is the id that a customer of a provider had here, if he was erased.
func erasedAt(ctx context.Context, q *gen.Queries, o owner) (customerID string, err error) {
	id, err := q.ErasedAtProvider(ctx, gen.ErasedAtProviderParams{Provider: o.provider, ProviderID: o.providerCustomerID})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// nobody is a change without the person it is about. Orders and refunds stay as they are,
// for the tax office; everything else is kept as a tombstone.
func nobody(change billing.Change) billing.Change {
	gone := false
	change.Object, gone = withoutPerson(change.Object)
	change.Deleted = change.Deleted || gone
	return change
}

// withoutPerson takes out of an object what may name a person. gone says that nothing but
// the object's id is of use then.
func withoutPerson(object billing.Object) (_ billing.Object, gone bool) {
	switch o := object.(type) {
	case billing.Customer:
		return billing.Customer{Source: plain(o.Source), Deleted: true}, true
	case billing.Checkout:
		o.Source, o.URL, o.ExternalCustomerID = plain(o.Source), "", ""
		return o, true
	case billing.Subscription:
		o.Source, o.CancelReason, o.CancelComment, o.ReferenceID = plain(o.Source), "", "", ""
		return o, true
	case billing.Grant:
		o.Source, o.Description, o.Properties = plain(o.Source), "", nil
		return o, true
	case billing.Balance:
		o.Source = plain(o.Source)
		return o, true
	case billing.Seat:
		o.Source, o.UserID, o.Email, o.Name = plain(o.Source), "", "", ""
		return o, true
	case billing.Order:
		o.Source = plain(o.Source)
		return o, false
	case billing.Refund:
		o.Source, o.Metadata = plain(o.Source), map[string]string{}
		return o, false
	}
	return object, false
}

// vacated is a seat that was taken back, without whoever had it: nobody asks for that, and
// he may have been erased. Other objects stay as they are.
func vacated(object billing.Object) billing.Object {
	if seat, ok := object.(billing.Seat); ok && !seat.Taken() {
		seat.UserID, seat.Email, seat.Name, seat.Raw = "", "", "", ""
		return seat
	}
	return object
}

func plain(source billing.Source) billing.Source {
	source.Raw = ""
	return source
}

// ofNobody takes the person out of facts. They keep the id, so that a hook can end what it
// gave him, and their keys, so that none is told twice.
func ofNobody(facts []billing.Fact) []billing.Fact {
	for i := range facts {
		facts[i].Raw = nil
		if object, ok := facts[i].Object.(billing.Object); ok {
			facts[i].Object, _ = withoutPerson(object)
		}
	}
	return facts
}

// ErasedAt is a customer of a provider who was erased here.
type ErasedAt struct {
	Ref  billing.Ref
	Done bool // the provider has erased him, too
}

// ErasedAtProviders lists as whom the providers know, or knew, an erased customer.
func (s *Store) ErasedAtProviders(ctx context.Context, customerID string) ([]ErasedAt, error) {
	rows, err := s.r.ErasedAtProviders(ctx, customerID)
	if err != nil {
		return nil, fmt.Errorf("erased customer %s: %w", customerID, err)
	}
	return mapEach(rows, func(row gen.ErasedProviderCustomer) ErasedAt {
		return ErasedAt{Ref: billing.Ref{Provider: row.Provider, Kind: billing.KindCustomer, ProviderID: row.ProviderID}, Done: row.DoneAt != nil}
	}), nil
}

// WasErased reports whether a customer was erased here.
func (s *Store) WasErased(ctx context.Context, customerID string) (bool, error) {
	_, err := s.r.WhenErased(ctx, customerID)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for erased customer %s: %w", customerID, err)
	}
	return true, nil
}

// EndErasure keeps that a provider has erased a customer.
func (s *Store) EndErasure(ctx context.Context, ref billing.Ref, now time.Time) error {
	at := millis(now)
	err := s.inTx(ctx, func(q *gen.Queries) error {
		return q.ErasedByProvider(ctx, gen.ErasedByProviderParams{Now: &at, Provider: ref.Provider, ProviderID: ref.ProviderID})
	})
	if err != nil {
		return fmt.Errorf("keep that %s erased customer %s: %w", ref.Provider, ref.ProviderID, err)
	}
	return nil
}

// searchPage is how many deliveries are searched at once.
const searchPage = 100

// DropDeliveriesOf removes deliveries that name an erased customer by his id here or at a
// provider. They hold names and addresses in the provider's own words, and the mirror has
// what they said. One that waits to be applied is removed when it is (see ApplyDelivery).
func (s *Store) DropDeliveriesOf(ctx context.Context, customerID string) (dropped int, err error) {
	known, err := s.ErasedAtProviders(ctx, customerID)
	if err != nil {
		return 0, err
	}
	names := [][]byte{[]byte(customerID)}
	for _, k := range known {
		names = append(names, []byte(k.Ref.ProviderID))
	}
	for after := ""; ; {
		rows, err := s.r.DeliveriesToSearch(ctx, gen.DeliveriesToSearchParams{After: after, Most: searchPage})
		if err != nil {
			return dropped, fmt.Errorf("search deliveries of customer %s: %w", customerID, err)
		}
		var about []string
		for _, row := range rows {
			after = row.ID
			for _, name := range names {
				if bytes.Contains(row.Body, name) {
					about = append(about, row.ID)
					break
				}
			}
		}
		if err := s.dropDeliveries(ctx, about); err != nil {
			return dropped, err
		}
		dropped += len(about)
		if len(rows) < searchPage {
			return dropped, nil
		}
	}
}

func (s *Store) dropDeliveries(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	return s.inTx(ctx, func(q *gen.Queries) error {
		for _, id := range ids {
			if err := q.DropDelivery(ctx, id); err != nil {
				return fmt.Errorf("drop delivery %s: %w", id, err)
			}
		}
		return nil
	})
}

// DefaultTaxYears is how long records of a sale are kept in the European Union: ten years
// from the end of its year (Directive 2006/112/EC, article 369k).
const DefaultTaxYears = 10

// BooksUntil is the last day on which tax law wants an order or refund kept: the end of
// the year that lies so many years after its own. It is noon, so that it is the same day
// nearly everywhere.
func BooksUntil(made time.Time, years int) time.Time {
	return time.Date(made.UTC().Year()+years, 12, 31, 12, 0, 0, 0, time.UTC)
}

// ForgetOldBooks empties the orders and refunds of erased customers that tax law wants no
// longer, and returns how many.
func (s *Store) ForgetOldBooks(ctx context.Context, years int, now time.Time) (forgotten int64, err error) {
	at, before := millis(now), millis(time.Date(now.UTC().Year()-years, 1, 1, 0, 0, 0, 0, time.UTC))
	err = s.inTx(ctx, func(q *gen.Queries) error {
		forgotten, err = q.ForgetOldOrders(ctx, gen.ForgetOldOrdersParams{Now: &at, Before: before})
		if err != nil {
			return err
		}
		refunds, err := q.ForgetOldRefunds(ctx, gen.ForgetOldRefundsParams{Now: &at, Before: before})
		forgotten += refunds
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget old books: %w", err)
	}
	return forgotten, nil
}
