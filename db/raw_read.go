package db

import (
	"context"
	"errors"
	"fmt"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Raw is one object in the provider's own words; see billing.Source.
type Raw struct {
	Kind               billing.Kind
	ProviderID         string
	ProviderCustomerID string // set by RawSubscriptionsFor
	Body               string
	Version, Revision  int64 // of the catalog
}

// errNotCopied is a list whose objects are in the mirror, but not yet in the provider's
// own words: an installation that was just brought up to date. The next pass brings them.
var errNotCopied = fmt.Errorf("not copied in the provider's own words yet: %w", billing.ErrProvider)

// CatalogRaw is every product, meter, benefit and organization of a provider. The list is
// the same, to the address of its first element, as long as nothing changes.
func (s *Store) CatalogRaw(ctx context.Context, provider string) ([]Raw, error) {
	return s.catalog.shared(func() ([]Raw, error) {
		rows, err := s.r.CatalogRaw(ctx, provider)
		if err != nil {
			return nil, fmt.Errorf("catalog of %s: %w", provider, err)
		}
		return mapEach(rows, func(row gen.CatalogRawRow) Raw {
			return Raw{Kind: billing.Kind(row.Kind), ProviderID: row.ProviderID, Body: row.Body, Version: row.Version, Revision: row.Revision}
		}), nil
	})
}

// CustomerStamp is whom a customer of ours is at a provider, and how much of what he has
// there has changed so far. Two equal stamps mean that nothing changed between them.
type CustomerStamp struct {
	ProviderCustomerID          string
	Objects, Revisions, Version int64
}

// CustomerStamp reads a stamp. ErrNotFound: the customer is not linked to one there.
func (s *Store) CustomerStamp(ctx context.Context, provider, customerID string) (CustomerStamp, error) {
	row, err := s.r.CustomerStamp(ctx, gen.CustomerStampParams{Provider: provider, CustomerID: &customerID})
	if err != nil {
		return CustomerStamp{}, fmt.Errorf("customer %s at %s: %w", customerID, provider, found(err))
	}
	return CustomerStamp{row.ProviderID, row.Objects, row.Revisions, row.Versions}, nil
}

// RawCustomer is a provider's customer in its own words.
func (s *Store) RawCustomer(ctx context.Context, provider, providerCustomerID string) (string, error) {
	body, err := s.r.RawCustomer(ctx, gen.RawCustomerParams{Provider: provider, ProviderID: providerCustomerID})
	if err == nil && body == "" {
		err = errNotCopied
	}
	if err != nil {
		return "", fmt.Errorf("customer %s of %s: %w", providerCustomerID, provider, found(err))
	}
	return body, nil
}

// Cut is a page of a list: its number, from 1 on, and how many objects a page has.
type Cut struct{ Number, Size int }

func (c Cut) skip() int64 { return int64(c.Number-1) * int64(c.Size) }

// RawSubscriptions is one page of a customer's subscriptions, the latest start first, and
// how many there are. live: nil for all, else only those that are (or are not) active or
// on trial.
func (s *Store) RawSubscriptions(ctx context.Context, provider, providerCustomerID string, live *bool, cut Cut) ([]Raw, int, error) {
	all, flag := choice(live)
	total, err := s.r.CountSubscriptions(ctx, gen.CountSubscriptionsParams{
		Provider: provider, ProviderCustomerID: providerCustomerID, AllOfThem: all, Live: flag,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("count subscriptions of %s: %w", providerCustomerID, err)
	}
	rows, err := s.r.RawSubscriptions(ctx, gen.RawSubscriptionsParams{
		Provider: provider, ProviderCustomerID: providerCustomerID, AllOfThem: all, Live: flag, Size: int64(cut.Size), Skip: cut.skip(),
	})
	return whole(int(total), err, mapEach(rows, func(row gen.RawSubscriptionsRow) Raw {
		return Raw{Kind: billing.KindSubscription, ProviderID: row.ProviderID, Body: row.Body}
	}))
}

// RawSubscriptionsFor is the same of the subscriptions that were bought for a reference,
// whoever pays. Whether the caller may see them is his to find out before.
func (s *Store) RawSubscriptionsFor(ctx context.Context, provider, referenceID string, live *bool, cut Cut) ([]Raw, int, error) {
	all, flag := choice(live)
	total, err := s.r.CountSubscriptionsFor(ctx, gen.CountSubscriptionsForParams{
		Provider: provider, ReferenceID: referenceID, AllOfThem: all, Live: flag,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("count subscriptions for %s: %w", referenceID, err)
	}
	rows, err := s.r.RawSubscriptionsFor(ctx, gen.RawSubscriptionsForParams{
		Provider: provider, ReferenceID: referenceID, AllOfThem: all, Live: flag, Size: int64(cut.Size), Skip: cut.skip(),
	})
	return whole(int(total), err, mapEach(rows, func(row gen.RawSubscriptionsForRow) Raw {
		return Raw{Kind: billing.KindSubscription, ProviderID: row.ProviderID, ProviderCustomerID: row.ProviderCustomerID, Body: row.Body}
	}))
}

// RawOrders is one page of a customer's orders, newest first, and how many there are.
// recurring: nil for all, else those of a subscription, or the others.
func (s *Store) RawOrders(ctx context.Context, provider, providerCustomerID string, recurring *bool, cut Cut) ([]Raw, int, error) {
	all, flag := choice(recurring)
	total, err := s.r.CountOrders(ctx, gen.CountOrdersParams{
		Provider: provider, ProviderCustomerID: providerCustomerID, AllOfThem: all, Recurring: flag,
	})
	if err != nil {
		return nil, 0, fmt.Errorf("count orders of %s: %w", providerCustomerID, err)
	}
	rows, err := s.r.RawOrders(ctx, gen.RawOrdersParams{
		Provider: provider, ProviderCustomerID: providerCustomerID, AllOfThem: all, Recurring: flag, Size: int64(cut.Size), Skip: cut.skip(),
	})
	return whole(int(total), err, mapEach(rows, func(row gen.RawOrdersRow) Raw {
		return Raw{Kind: billing.KindOrder, ProviderID: row.ProviderID, Body: row.Body}
	}))
}

// RawGrants is one page of the grants that a customer holds or waits for, the latest
// first, and how many there are.
func (s *Store) RawGrants(ctx context.Context, provider, providerCustomerID string, cut Cut) ([]Raw, int, error) {
	total, err := s.r.CountGrants(ctx, gen.CountGrantsParams{Provider: provider, ProviderCustomerID: providerCustomerID})
	if err != nil {
		return nil, 0, fmt.Errorf("count grants of %s: %w", providerCustomerID, err)
	}
	rows, err := s.r.RawGrants(ctx, gen.RawGrantsParams{
		Provider: provider, ProviderCustomerID: providerCustomerID, Size: int64(cut.Size), Skip: cut.skip(),
	})
	return whole(int(total), err, mapEach(rows, func(row gen.RawGrantsRow) Raw {
		return Raw{Kind: billing.KindGrant, ProviderID: row.ProviderID, Body: row.Body}
	}))
}

// RawBalances is what a customer has on each meter, the latest change first.
func (s *Store) RawBalances(ctx context.Context, provider, providerCustomerID string) ([]Raw, error) {
	rows, err := s.r.RawBalances(ctx, gen.RawBalancesParams{Provider: provider, ProviderCustomerID: providerCustomerID})
	list, _, err := whole(len(rows), err, mapEach(rows, func(row gen.RawBalancesRow) Raw {
		return Raw{Kind: billing.KindBalance, ProviderID: row.ProviderID, Body: row.Body}
	}))
	return list, err
}

// ForgetRawOfCustomer erases what the provider's words say of one of its customers.
func (s *Store) ForgetRawOfCustomer(ctx context.Context, provider, providerCustomerID string) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		_, err := q.ForgetRawOfCustomer(ctx, gen.ForgetRawOfCustomerParams{Provider: provider, ProviderCustomerID: providerCustomerID})
		return err
	})
	if err != nil {
		return fmt.Errorf("forget the words about customer %s: %w", providerCustomerID, err)
	}
	return nil
}

// choice is a filter that may be off.
func choice(only *bool) (all, flag bool) {
	if only == nil {
		return true, false
	}
	return false, *only
}

// whole refuses a list of which some objects were not copied yet: showing less than there
// is would take somebody's access away.
func whole(total int, err error, list []Raw) ([]Raw, int, error) {
	if err != nil {
		return nil, 0, fmt.Errorf("list in the provider's words: %w", err)
	}
	var missing error
	for _, raw := range list {
		if raw.Body == "" {
			missing = errors.Join(missing, fmt.Errorf("%s %s: %w", raw.Kind, raw.ProviderID, errNotCopied))
		}
	}
	return list, total, missing
}
