package db

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// The reads of pages. Each is one query on the read-only pool. Whatever belongs to
// somebody is asked for with his customer id (ours), and an object of another
// customer answers billing.ErrNotFound exactly as a missing one does.

// Products returns every product that was not deleted, oldest first: archived and
// hidden ones too, because somebody may still have bought them. A page that sells
// looks at Public and Archived. What a product holds is shared: do not change it.
func (s *Store) Products(ctx context.Context) ([]billing.Product, error) {
	return s.products.get(func() ([]billing.Product, error) {
		rows, err := s.r.Products(ctx)
		if err != nil {
			return nil, fmt.Errorf("products: %w", err)
		}
		return tryEach(rows, productOf)
	})
}

// ProductBySlug returns the product of a slug: the newest that is not archived, else
// the newest that is. The caller decides whether an archived one will do.
func (s *Store) ProductBySlug(ctx context.Context, slug string) (billing.Product, error) {
	row, err := s.r.ProductBySlug(ctx, slug)
	if err != nil {
		return billing.Product{}, fmt.Errorf("product with slug %q: %w", slug, found(err))
	}
	return productOf(row)
}

// Meters returns every meter that was not deleted, oldest first, archived ones too. What
// a meter holds is shared: do not change it.
func (s *Store) Meters(ctx context.Context) ([]billing.Meter, error) {
	return s.meters.get(func() ([]billing.Meter, error) {
		rows, err := s.r.Meters(ctx)
		if err != nil {
			return nil, fmt.Errorf("meters: %w", err)
		}
		return tryEach(rows, meterOf)
	})
}

// ProviderCustomer returns who our customer is at a provider; billing.ErrNotFound
// while the two are not linked.
func (s *Store) ProviderCustomer(ctx context.Context, provider, customerID string) (billing.Customer, error) {
	row, err := s.r.ProviderCustomer(ctx, gen.ProviderCustomerParams{Provider: provider, CustomerID: &customerID})
	if err != nil {
		return billing.Customer{}, fmt.Errorf("customer %s at %s: %w", customerID, provider, found(err))
	}
	return customerOf(row), nil
}

// Checkout returns a checkout that the customer opened here.
func (s *Store) Checkout(ctx context.Context, customerID, providerID string) (billing.Checkout, error) {
	row, err := s.r.Checkout(ctx, gen.CheckoutParams{CustomerID: customerID, ProviderID: providerID})
	if err != nil {
		return billing.Checkout{}, fmt.Errorf("checkout %s: %w", providerID, found(err))
	}
	return checkoutOf(row), nil
}

// Outcome is what came of a checkout so far. Both lists are empty until the mirror
// knows more; a one-time purchase has no subscription.
type Outcome struct {
	Checkout      billing.Checkout
	Orders        []billing.Order // oldest first; the renewals of a subscription carry its checkout too
	Subscriptions []billing.Subscription
}

// Bought reports whether everything that was paid for is in the mirror: a paid order
// and, if it is for a subscription, that too. The two arrive one by one.
func (o Outcome) Bought() bool {
	for _, order := range o.Orders {
		switch order.Status {
		case billing.OrderPaid, billing.OrderRefunded, billing.OrderPartiallyRefunded:
			return order.ProviderSubscriptionID == "" || slices.ContainsFunc(o.Subscriptions, func(s billing.Subscription) bool {
				return s.ProviderID == order.ProviderSubscriptionID
			})
		}
	}
	return false
}

// CheckoutOutcome returns a checkout that the customer opened here and what came of it.
func (s *Store) CheckoutOutcome(ctx context.Context, customerID, providerID string) (Outcome, error) {
	checkout, err := s.Checkout(ctx, customerID, providerID)
	if err != nil {
		return Outcome{}, err
	}
	orders, err := s.r.CheckoutOrders(ctx, gen.CheckoutOrdersParams{CustomerID: customerID, ProviderID: providerID})
	if err != nil {
		return Outcome{}, fmt.Errorf("orders of checkout %s: %w", providerID, err)
	}
	subscriptions, err := s.r.CheckoutSubscriptions(ctx, gen.CheckoutSubscriptionsParams{CustomerID: customerID, ProviderID: providerID})
	if err != nil {
		return Outcome{}, fmt.Errorf("subscriptions of checkout %s: %w", providerID, err)
	}
	outcome := Outcome{Checkout: checkout, Subscriptions: mapEach(subscriptions, subscriptionOf)}
	outcome.Orders, err = tryEach(orders, orderOf)
	return outcome, err
}

// Subscriptions returns a customer's subscriptions: those that last first, then the
// newest.
func (s *Store) Subscriptions(ctx context.Context, customerID string) ([]billing.Subscription, error) {
	rows, err := s.r.Subscriptions(ctx, &customerID)
	if err != nil {
		return nil, fmt.Errorf("subscriptions of customer %s: %w", customerID, err)
	}
	return mapEach(rows, subscriptionOf), nil
}

// Subscription returns one subscription of a customer.
func (s *Store) Subscription(ctx context.Context, customerID, providerID string) (billing.Subscription, error) {
	row, err := s.r.Subscription(ctx, gen.SubscriptionParams{CustomerID: &customerID, ProviderID: providerID})
	if err != nil {
		return billing.Subscription{}, fmt.Errorf("subscription %s: %w", providerID, found(err))
	}
	return subscriptionOf(row), nil
}

// Page asks for at most Size rows that come after Before, the cursor that the page
// before it answered; "" is the start.
type Page struct {
	Before string
	Size   int
}

// Orders returns one page of a customer's orders, newest first, and the cursor of
// the next page, "" when this is the last. A cursor that no page answered is
// billing.ErrInvalid.
func (s *Store) Orders(ctx context.Context, customerID string, page Page) ([]billing.Order, string, error) {
	at, id, err := page.cursor()
	if err != nil {
		return nil, "", err
	}
	rows, err := s.r.OrdersBefore(ctx, gen.OrdersBeforeParams{
		CustomerID: &customerID, BeforeAt: at, BeforeID: id, PageSize: int64(page.Size) + 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("orders of customer %s: %w", customerID, err)
	}
	next := ""
	if len(rows) > page.Size {
		rows = rows[:page.Size]
		last := rows[len(rows)-1]
		next = strconv.FormatInt(last.CreatedAt, 36) + "." + last.ProviderID
	}
	orders, err := tryEach(rows, orderOf)
	return orders, next, err
}

// OrdersOfSubscription returns the latest orders of one subscription of a customer, newest
// first and at most that many.
func (s *Store) OrdersOfSubscription(ctx context.Context, customerID, providerSubscriptionID string, most int) ([]billing.Order, error) {
	rows, err := s.r.OrdersOfSubscription(ctx, gen.OrdersOfSubscriptionParams{
		CustomerID: &customerID, ProviderSubscriptionID: providerSubscriptionID, Most: int64(most),
	})
	if err != nil {
		return nil, fmt.Errorf("orders of subscription %s of customer %s: %w", providerSubscriptionID, customerID, err)
	}
	return tryEach(rows, orderOf)
}

// cursor reads Before: the time of the last row in base 36, a dot, and its id.
func (p Page) cursor() (at int64, id string, err error) {
	if p.Size < 1 {
		return 0, "", fmt.Errorf("a page of %d rows: %w", p.Size, billing.ErrInvalid)
	}
	if p.Before == "" {
		return math.MaxInt64, "", nil
	}
	text, id, ok := strings.Cut(p.Before, ".")
	at, err = strconv.ParseInt(text, 36, 64)
	if !ok || err != nil {
		return 0, "", fmt.Errorf("page cursor %q: %w", p.Before, billing.ErrInvalid)
	}
	return at, id, nil
}

// Order returns one order of a customer.
func (s *Store) Order(ctx context.Context, customerID, providerID string) (billing.Order, error) {
	row, err := s.r.Order(ctx, gen.OrderParams{CustomerID: &customerID, ProviderID: providerID})
	if err != nil {
		return billing.Order{}, fmt.Errorf("order %s: %w", providerID, found(err))
	}
	return orderOf(row)
}

// Grants returns a customer's benefit grants: those that last first, then the newest.
func (s *Store) Grants(ctx context.Context, customerID string) ([]billing.Grant, error) {
	rows, err := s.r.Grants(ctx, &customerID)
	if err != nil {
		return nil, fmt.Errorf("grants of customer %s: %w", customerID, err)
	}
	return tryEach(rows, grantOf)
}

// Balances returns the providers' own figures for a customer, one per meter.
func (s *Store) Balances(ctx context.Context, customerID string) ([]billing.Balance, error) {
	rows, err := s.r.Balances(ctx, &customerID)
	if err != nil {
		return nil, fmt.Errorf("balances of customer %s: %w", customerID, err)
	}
	return mapEach(rows, balanceOf), nil
}

// SyncState is how far the copy of a customer has come at one provider. Webhooks
// keep it fresher than SyncedAt, which is the last time that everything was read.
type SyncState struct {
	Provider string
	SyncedAt time.Time // zero if never
	Error    string    // why the last reading failed; "" if it did not
}

// SyncStates returns one state per provider that knows the customer, or was asked.
func (s *Store) SyncStates(ctx context.Context, customerID string) ([]SyncState, error) {
	rows, err := s.r.SyncStates(ctx, customerID)
	if err != nil {
		return nil, fmt.Errorf("sync state of customer %s: %w", customerID, err)
	}
	return mapEach(rows, func(row gen.SyncStatesRow) SyncState {
		return SyncState{Provider: row.Provider, SyncedAt: moment(row.SyncedAt), Error: row.Error}
	}), nil
}
