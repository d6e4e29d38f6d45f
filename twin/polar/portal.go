package polar

import (
	"context"
	"net/http"
	"strings"

	"counterfoil/twin"
)

// The customer portal API: what a buyer's own token may ask and do. Objects of other customers are not found.

// A portalQuestion reads for the customer behind the token.
type portalQuestion func(v *twin.View, me twin.Actor, r *http.Request, q query) (any, error)

// A portalOrder changes something for the customer behind the token.
type portalOrder func(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error)

// mine serves a question to any member of a customer; billing serves one to those who may see the money.
func (s *Server) mine(answer portalQuestion) http.HandlerFunc {
	return s.guard(buyer, s.askAnyone(func(v *twin.View, r *http.Request, q query) (any, error) {
		me, err := v.Actor(bearer(r))
		if err != nil {
			return nil, err
		}
		return answer(v, me, r, q)
	}))
}

func (s *Server) billing(answer portalQuestion) http.HandlerFunc {
	return s.mine(func(v *twin.View, me twin.Actor, r *http.Request, q query) (any, error) {
		if !me.Member.Billing() {
			return nil, notBilling
		}
		return answer(v, me, r, q)
	})
}

// change serves an order to any member; settle serves one to those who may change what is billed.
func (s *Server) change(status int, order portalOrder) http.HandlerFunc {
	return s.guard(buyer, s.doAnyone(status, func(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
		me, err := s.actor(r)
		if err != nil {
			return nil, err
		}
		return order(ctx, me, r, b)
	}))
}

func (s *Server) settle(status int, order portalOrder) http.HandlerFunc {
	return s.change(status, func(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
		if !me.Member.Billing() {
			return nil, notBilling
		}
		return order(ctx, me, r, b)
	})
}

// notBilling refuses a member who may not act on what is billed.
var notBilling = &twin.Refused{Class: "NotPermitted", Detail: "Only owners and billing managers of a team can do this."}

// actor is who the request's token stands for.
func (s *Server) actor(r *http.Request) (me twin.Actor, err error) {
	err = s.engine.Read(func(v *twin.View) error {
		me, err = v.Actor(bearer(r))
		return err
	})
	return me, err
}

// bearer is the token of a request, or "".
func bearer(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// own passes a row on when it belongs to the actor's customer; another's is not found.
func own[T any](me twin.Actor, customerOf func(*T) string) func(*T, error) (*T, error) {
	return func(row *T, err error) (*T, error) {
		if err != nil || customerOf(row) != me.Customer.ID {
			return nil, twin.ErrNotFound
		}
		return row, nil
	}
}

// ownOrder and ownSubscription are the ones that the path names.
func ownOrder(v *twin.View, me twin.Actor, r *http.Request) (*twin.Order, error) {
	return own(me, func(o *twin.Order) string { return o.CustomerID })(v.Order(r.PathValue("id")))
}

func ownSubscription(v *twin.View, me twin.Actor, r *http.Request) (*twin.Subscription, error) {
	return own(me, func(s *twin.Subscription) string { return s.CustomerID })(v.Subscription(r.PathValue("id")))
}

// checkOwn runs one of the look-ups above before an order is carried out.
func checkOwn[T any](s *Server, me twin.Actor, r *http.Request, find func(*twin.View, twin.Actor, *http.Request) (*T, error)) (row T, err error) {
	err = s.engine.Read(func(v *twin.View) error {
		found, err := find(v, me, r)
		if err == nil {
			row = *found
		}
		return err
	})
	return row, err
}
