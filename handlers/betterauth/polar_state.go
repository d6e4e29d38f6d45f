package betterauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// kept is what answers are made of, kept for as long as nothing changes.
type kept struct {
	mu     sync.Mutex
	raws   []db.Raw
	parts  *catalog
	states map[string]state
}

// state is a customer's state as it was answered last.
type state struct {
	stamp db.CustomerStamp
	parts *catalog
	body  json.RawMessage
}

// maxStates bounds the memory of states: some kilobytes each.
const maxStates = 5_000

// catalog takes the catalog apart when it is another list than the last time.
func (k *kept) catalog(raws []db.Raw, read func() (*catalog, error)) (*catalog, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	same := len(raws) == len(k.raws) && (len(raws) == 0 || &raws[0] == &k.raws[0])
	if same && k.parts != nil {
		return k.parts, nil
	}
	parts, err := read()
	if err != nil {
		return nil, err
	}
	k.raws, k.parts = raws, parts
	return parts, nil
}

func (k *kept) state(customerID string, stamp db.CustomerStamp, parts *catalog) (json.RawMessage, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	held, there := k.states[customerID]
	return held.body, there && held.stamp == stamp && held.parts == parts
}

func (k *kept) keep(customerID string, s state) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.states == nil || len(k.states) >= maxStates {
		k.states = map[string]state{}
	}
	k.states[customerID] = s
}

// failing answers a failure of ours in the words that the plugin has for an endpoint; the
// status tells a provider that cannot be reached, for which the plugin has 500 too.
func (s *Server) failing(message string, h handler) handler {
	return func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		err := h(w, r, who)
		if _, refused := errors.AsType[*refusal](err); err == nil || refused {
			return err
		}
		s.Log.WarnContext(r.Context(), "request failed", "path", r.URL.Path, "user", who.UserID, "err", err)
		if errors.Is(err, billing.ErrProvider) {
			return refuse(http.StatusServiceUnavailable, "", message)
		}
		return refuse(http.StatusInternalServerError, "", message)
	}
}

// subscriptionsFail is failing with the words for a list by reference, or by customer.
func (s *Server) subscriptionsFail(h handler) handler {
	own, reference := s.failing("Polar subscriptions list failed", h), s.failing("Subscriptions list with referenceId failed", h)
	return func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		if r.URL.Query().Get("referenceId") != "" {
			return reference(w, r, who)
		}
		return own(w, r, who)
	}
}

// customerState handles GET /customer/state: what the caller has now. Somebody whom the
// provider does not know has no state, as in the original; somebody new is waited for.
func (s *Server) customerState(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	parts, err := s.catalogOf(r.Context())
	if err != nil {
		return err
	}
	stamp, err := s.Store.CustomerStamp(r.Context(), s.Provider.Name(), who.CustomerID)
	if errors.Is(err, billing.ErrNotFound) {
		if _, err = s.awaitedCustomer(r.Context(), who); err == nil {
			stamp, err = s.Store.CustomerStamp(r.Context(), s.Provider.Name(), who.CustomerID)
		}
	}
	if err != nil {
		return err
	}
	body, held := s.kept.state(who.CustomerID, stamp, parts)
	if !held {
		if body, err = s.stateOf(r.Context(), parts, stamp.ProviderCustomerID); err != nil {
			return err
		}
		s.kept.keep(who.CustomerID, state{stamp, parts, body})
	}
	w.Header()["Content-Type"] = jsonType
	_, err = w.Write(body)
	return err
}

func (s *Server) stateOf(ctx context.Context, parts *catalog, customer string) (json.RawMessage, error) {
	provider := s.Provider.Name()
	body, err := s.Store.RawCustomer(ctx, provider, customer)
	if err != nil {
		return nil, err
	}
	o, err := readObject(body)
	if err != nil {
		return nil, err
	}
	var w writer
	if err := w.take(o, fieldsState); err != nil {
		return nil, err
	}
	live := true
	everything := db.Cut{Number: 1, Size: 1000}
	subs, _, err := s.Store.RawSubscriptions(ctx, provider, customer, &live, everything)
	if err != nil {
		return nil, err
	}
	grants, _, err := s.Store.RawGrants(ctx, provider, customer, everything)
	if err != nil {
		return nil, err
	}
	meters, err := s.Store.RawBalances(ctx, provider, customer)
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		name  string
		raws  []db.Raw
		shape func(o object) (json.RawMessage, error)
	}{
		{"activeSubscriptions", subs, parts.activeSubscription}, {"grantedBenefits", grants, parts.grantedBenefit}, {"activeMeters", meters, parts.activeMeter},
	} {
		var items []json.RawMessage
		for _, raw := range part.raws {
			o, err := readObject(raw.Body)
			if err != nil {
				return nil, err
			}
			item, err := part.shape(o)
			if err != nil {
				return nil, err
			}
			if item != nil {
				items = append(items, item)
			}
		}
		w.put(part.name, list(items))
	}
	return w.end(), nil
}

func (c *catalog) activeSubscription(o object) (json.RawMessage, error) {
	var w writer
	if err := w.take(o, fieldsActive); err != nil {
		return nil, err
	}
	meters, err := c.metersOf(o, false)
	w.put("meters", meters)
	return w.end(), err
}

// grantedBenefit is nil for a benefit that is still being granted.
func (c *catalog) grantedBenefit(o object) (json.RawMessage, error) {
	benefit := c.benefits[o.text("benefit_id")]
	if o.text("granted_at") == "" || benefit == nil {
		return nil, nil
	}
	o["benefit_type"], o["benefit_metadata"] = benefit["type"], benefit["metadata"]
	return picked(o, "id created_at modified_at granted_at benefit_id benefit_type benefit_metadata properties")
}

// activeMeter is nil for a meter that counts no more.
func (c *catalog) activeMeter(o object) (json.RawMessage, error) {
	if meter := c.meters[o.text("meter_id")]; meter == nil || meter.text("archived_at") != "" {
		return nil, nil
	}
	return picked(o, "id created_at modified_at meter_id consumed_units credited_units balance")
}

// customer is whom the caller is at the provider. ErrNotFound: nobody yet.
func (s *Server) customer(ctx context.Context, who auth.Visitor) (string, error) {
	known, err := s.Store.ProviderCustomer(ctx, s.Provider.Name(), who.CustomerID)
	return known.ProviderID, err
}

// bills keeps who may not see what is about billing from a list of it: a member of an
// organisation that he acts for. He gets an empty one.
func bills(who auth.Visitor) error {
	if who.Bills() {
		return nil
	}
	return billing.ErrNotFound
}
