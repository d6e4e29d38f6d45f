package betterauth

import (
	"encoding/json"
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/db"
)

// listOrders handles GET /customer/orders/list?productBillingType=.
func (s *Server) listOrders(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	var recurring *bool
	var misfits []string
	if kinds := r.URL.Query()["productBillingType"]; len(kinds) > 0 {
		value := kinds[0] == "recurring"
		recurring = &value
		if !value && kinds[0] != "one_time" || len(kinds) > 1 {
			misfits = append(misfits, `[query.productBillingType] Invalid option: expected one of "recurring"|"one_time"`)
		}
	}
	cut, err := cutOf(r, misfits...)
	if err != nil {
		return err
	}
	customer, err := s.customer(r.Context(), who)
	if err = errors.Join(err, bills(who)); err != nil {
		return nothing(w, err, cut)
	}
	parts, err := s.catalogOf(r.Context())
	if err != nil {
		return err
	}
	raws, total, err := s.Store.RawOrders(r.Context(), s.Provider.Name(), customer, recurring, cut)
	if err != nil {
		return err
	}
	subs, err := s.subscriptionsByID(r, customer)
	if err != nil {
		return err
	}
	items, err := shapeEach(raws, func(raw db.Raw) (json.RawMessage, error) { return parts.order(raw, subs) })
	if err != nil {
		return err
	}
	return page(w, items, total, cut)
}

// listBenefits handles GET /customer/benefits/list.
func (s *Server) listBenefits(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	cut, err := cutOf(r)
	if err != nil {
		return err
	}
	customer, err := s.customer(r.Context(), who)
	if err != nil {
		return nothing(w, err, cut)
	}
	parts, err := s.catalogOf(r.Context())
	if err != nil {
		return err
	}
	body, err := s.Store.RawCustomer(r.Context(), s.Provider.Name(), customer)
	if err != nil {
		return err
	}
	owner, err := readObject(body)
	if err != nil {
		return err
	}
	shaped, err := portalCustomer(owner)
	if err != nil {
		return err
	}
	raws, total, err := s.Store.RawGrants(r.Context(), s.Provider.Name(), customer, cut)
	if err != nil {
		return err
	}
	items, err := shapeEach(raws, func(raw db.Raw) (json.RawMessage, error) { return parts.grant(raw, shaped) })
	if err != nil {
		return err
	}
	return page(w, items, total, cut)
}

// listMeters handles GET /usage/meters/list. A customer has few: they are cut here.
func (s *Server) listMeters(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	cut, err := cutOf(r)
	if err != nil {
		return err
	}
	customer, err := s.customer(r.Context(), who)
	if err != nil {
		return nothing(w, err, cut)
	}
	parts, err := s.catalogOf(r.Context())
	if err != nil {
		return err
	}
	raws, err := s.Store.RawBalances(r.Context(), s.Provider.Name(), customer)
	if err != nil {
		return err
	}
	from := min((cut.Number-1)*cut.Size, len(raws))
	items, err := shapeEach(raws[from:min(from+cut.Size, len(raws))], parts.meter)
	if err != nil {
		return err
	}
	return page(w, items, len(raws), cut)
}
