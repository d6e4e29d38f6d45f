package betterauth

import (
	"encoding/json"
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/db"
)

// listSubscriptions handles GET /customer/subscriptions/list?active=&referenceId=.
func (s *Server) listSubscriptions(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	query, misfits := r.URL.Query(), []string{}
	if len(query["referenceId"]) > 1 {
		misfits = append(misfits, "[query.referenceId] Invalid input: expected string, received array")
	}
	cut, err := cutOf(r, misfits...)
	if err != nil {
		return err
	}
	var live *bool
	if query.Has("active") {
		value := truthy(query.Get("active")) || len(query["active"]) > 1 // "false" is true, as in the original
		live = &value
	}
	if reference := query.Get("referenceId"); reference != "" {
		return s.subscriptionsFor(w, r, who, reference, live, cut)
	}
	customer, err := s.customer(r.Context(), who)
	if err = errors.Join(err, bills(who)); err != nil {
		return nothing(w, err, cut)
	}
	parts, err := s.catalogOf(r.Context())
	if err != nil {
		return err
	}
	raws, total, err := s.Store.RawSubscriptions(r.Context(), s.Provider.Name(), customer, live, cut)
	if err != nil {
		return err
	}
	items, err := shapeEach(raws, func(raw db.Raw) (json.RawMessage, error) { return parts.subscription(raw, nil) })
	if err != nil {
		return err
	}
	return page(w, items, total, cut)
}

// subscriptionsFor lists what was bought for a reference: the caller himself, or an
// organisation that he belongs to. For any other there is nothing to see; the original
// shows it to everybody. A mere member sees what was bought, and less of who pays.
func (s *Server) subscriptionsFor(w http.ResponseWriter, r *http.Request, who auth.Visitor, reference string, live *bool, cut db.Cut) error {
	bills := true
	if reference != who.UserID {
		role, err := s.Store.Membership(r.Context(), reference, who.UserID)
		if err != nil {
			return nothing(w, err, cut)
		}
		bills = role.Bills()
	}
	parts, err := s.catalogOf(r.Context())
	if err != nil {
		return err
	}
	raws, total, err := s.Store.RawSubscriptionsFor(r.Context(), s.Provider.Name(), reference, live, cut)
	if err != nil {
		return err
	}
	payers := map[string]object{}
	items, err := shapeEach(raws, func(raw db.Raw) (json.RawMessage, error) {
		payer, known := payers[raw.ProviderCustomerID]
		if !known {
			body, err := s.Store.RawCustomer(r.Context(), s.Provider.Name(), raw.ProviderCustomerID)
			if err != nil {
				return nil, err
			}
			if payer, err = readObject(body); err != nil {
				return nil, err
			}
			if !bills {
				payer.hide()
			}
			payers[raw.ProviderCustomerID] = payer
		}
		return parts.subscription(raw, payer)
	})
	if err != nil {
		return err
	}
	return page(w, items, total, cut)
}

// hide takes from a payer what those do not see who have nothing to do with billing.
func (o object) hide() {
	for _, field := range []string{"email", "billing_address", "tax_id"} {
		o[field] = json.RawMessage("null")
	}
	o["metadata"] = json.RawMessage("{}")
}

func (s *Server) subscriptionsByID(r *http.Request, customer string) (map[string]object, error) {
	raws, _, err := s.Store.RawSubscriptions(r.Context(), s.Provider.Name(), customer, nil, db.Cut{Number: 1, Size: 1000})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]object, len(raws))
	for _, raw := range raws {
		if byID[raw.ProviderID], err = readObject(raw.Body); err != nil {
			return nil, err
		}
	}
	return byID, nil
}
