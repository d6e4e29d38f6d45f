package betterauth

import (
	"context"
	"errors"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
)

// The original makes the provider's customer before it answers a sign-up, so its clients
// ask for state or portal at once. Here a job makes it, mostly within a second.
const (
	newcomer         = time.Minute     // how long somebody is new who may be waited for
	customerPatience = 2 * time.Second // how long a request waits for him at most
	customerEvery    = 50 * time.Millisecond
	mostWaiting      = 100 // requests at once; more are answered as it is
)

// awaitedCustomer is customer, which waits a moment for somebody new whom a job is making
// known to the provider. ErrNotFound: he is not known there.
func (s *Server) awaitedCustomer(ctx context.Context, who auth.Visitor) (string, error) {
	id, err := s.customer(ctx, who)
	if !errors.Is(err, billing.ErrNotFound) {
		return id, err
	}
	ours, failure := s.Store.Customer(ctx, who.CustomerID)
	if failure != nil {
		return "", failure
	}
	making, failure := s.Store.CustomerIsBeingMade(ctx, who.CustomerID)
	if failure != nil {
		return "", failure
	}
	if !making || s.Now().Sub(ours.CreatedAt) > newcomer {
		return "", err
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > mostWaiting {
		return "", err
	}
	s.Poke()
	tick, enough := time.NewTicker(customerEvery), time.NewTimer(customerPatience)
	defer tick.Stop()
	defer enough.Stop()
	for errors.Is(err, billing.ErrNotFound) {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-enough.C: // on a busy machine he may have come since the last look
			return s.customer(ctx, who)
		case <-tick.C:
			id, err = s.customer(ctx, who)
		}
	}
	return id, err
}
