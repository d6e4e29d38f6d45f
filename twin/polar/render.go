package polar

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"counterfoil/twin"
)

// envelope is the body of every webhook.
type envelope struct {
	Type      string  `json:"type"`
	Timestamp instant `json:"timestamp"`
	Data      any     `json:"data"`
}

// render builds the body of a webhook from the object as it stands; see twin.Renderer.
func (s *Server) render(v *twin.View, kind, id string, at time.Time, previous *twin.GrantProperties) (json.RawMessage, error) {
	data, err := s.subject(v, kind, id, previous)
	if err != nil {
		return nil, err
	}
	s.log.Debug("webhook built", "type", kind)
	return json.Marshal(envelope{kind, instant(at), data})
}

// subject is the object that an event type is about.
func (s *Server) subject(v *twin.View, kind, id string, previous *twin.GrantProperties) (any, error) {
	if kind == "customer.state_changed" {
		state, err := v.State(id)
		return shapeState(v, state), err
	}
	family, _, _ := strings.Cut(kind, ".")
	switch family {
	case "checkout":
		return shaped(v, s.shapeCheckout)(v.Checkout(id))
	case "customer":
		return shaped(v, shapeCustomer)(v.Customer(id))
	case "member":
		return shaped(v, shapeMember)(v.Member(id))
	case "customer_seat":
		return shaped(v, shapeSeat)(v.Seat(id))
	case "order":
		return shaped(v, shapeOrder)(v.Order(id))
	case "subscription":
		return shaped(v, shapeSubscription)(v.Subscription(id))
	case "refund":
		return shaped(v, shapeRefund)(v.Refund(id))
	case "product":
		return shaped(v, shapeProduct)(v.Product(id))
	case "discount":
		d, _ := v.AnyDiscount(id)
		return shaped(v, shapeDiscount)(d, nil)
	case "benefit":
		return shaped(v, shapeBenefit)(v.Benefit(id))
	case "organization":
		return shapeOrganization(v.Organization()), nil
	case "benefit_grant":
		return shaped(v, grantChanged(previous))(v.Grant(id))
	}
	return nil, fmt.Errorf("no body is known for %s", kind)
}

// grantChanged shapes a grant together with what it was before.
func grantChanged(previous *twin.GrantProperties) func(*twin.View, *twin.Grant) grantChange {
	return func(v *twin.View, g *twin.Grant) grantChange {
		out := grantChange{grant: shapeGrant(v, g)}
		if previous != nil {
			if b, err := v.Benefit(g.BenefitID); err == nil {
				out.PreviousProperties = grantProperties(*previous, b)
			}
		}
		return out
	}
}

// shaped turns a shape function into one that passes look-up errors on.
func shaped[T, S any](v *twin.View, shape func(*twin.View, *T) S) func(*T, error) (any, error) {
	return func(row *T, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		return shape(v, row), nil
	}
}
