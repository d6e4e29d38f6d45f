package betterauth

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// Pages of lists, as the provider has them.
const (
	defaultSize = 10
	mostSize    = 100
)

// cutOf reads page and limit of a query. What is no number is told, with what else of the
// query does not fit; what is none of a page fails as it does at the provider.
func cutOf(r *http.Request, others ...string) (db.Cut, error) {
	cut, misfits, none := db.Cut{Number: 1, Size: defaultSize}, []string{}, false
	for _, field := range []struct {
		name string
		into *int
	}{{"page", &cut.Number}, {"limit", &cut.Size}} {
		sent := r.URL.Query()[field.name]
		if len(sent) == 0 {
			continue
		}
		number, err := strconv.ParseFloat(sent[0], 64)
		if sent[0] == "" {
			number, err = 0, nil // as the original coerces it
		}
		if err != nil || math.IsNaN(number) || len(sent) > 1 {
			misfits = append(misfits, "[query."+field.name+"] Invalid input: expected number, received NaN")
			continue
		}
		*field.into = int(min(max(number, -1), 1e9))
		none = none || *field.into < 1 || float64(*field.into) != number
	}
	if misfits = append(misfits, others...); len(misfits) > 0 {
		return cut, invalid(strings.Join(misfits, "; "))
	}
	if none {
		return cut, billing.ErrInvalid
	}
	cut.Size = min(cut.Size, mostSize)
	return cut, nil
}

// page answers one page of a list, as the provider's client has it in memory.
func page(w http.ResponseWriter, items []json.RawMessage, total int, cut db.Cut) error {
	last := (total + cut.Size - 1) / cut.Size
	if items == nil {
		items = []json.RawMessage{}
	}
	type pagination struct {
		TotalCount int `json:"totalCount"`
		MaxPage    int `json:"maxPage"`
	}
	body := struct {
		Next   *map[string]int `json:"~next,omitempty"`
		Result struct {
			Items      []json.RawMessage `json:"items"`
			Pagination pagination        `json:"pagination"`
		} `json:"result"`
	}{}
	body.Result.Items, body.Result.Pagination = items, pagination{total, last}
	if len(items) > 0 && cut.Number < last && len(items) >= cut.Size {
		body.Next = &map[string]int{"page": cut.Number + 1}
	}
	return answer(w, body)
}

// nothing is the empty page of somebody whom the provider does not know yet, or who may
// not see: the caller learns no more.
func nothing(w http.ResponseWriter, err error, cut db.Cut) error {
	if errors.Is(err, billing.ErrNotFound) {
		return page(w, nil, 0, cut)
	}
	return err
}

// shapeEach shapes a list, item by item.
func shapeEach(raws []db.Raw, one func(db.Raw) (json.RawMessage, error)) ([]json.RawMessage, error) {
	items := make([]json.RawMessage, len(raws))
	for i, raw := range raws {
		var err error
		if items[i], err = one(raw); err != nil {
			return nil, err
		}
	}
	return items, nil
}

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
