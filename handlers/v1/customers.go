package v1

import (
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// customer is one of ours.
type customer struct {
	ID        string    `json:"id"` // also the external id at the provider
	Email     string    `json:"email"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	// AsOf is when our copy of what the provider knows of him was last whole; null while
	// it never was.
	AsOf *time.Time `json:"as_of"`
}

// findCustomer handles GET /customers?email=: who has this proven address.
func (s *Server) findCustomer(w http.ResponseWriter, r *http.Request, _ auth.Key) error {
	email := norm.NFC.String(strings.ToLower(strings.TrimSpace(r.URL.Query().Get("email"))))
	if email == "" {
		return &wrongInput{"email", "Name the address to look for: /api/v1/customers?email=..."}
	}
	user, err := s.Store.UserByEmail(r.Context(), email)
	if err != nil {
		return err
	}
	if user.EmailVerifiedAt.IsZero() { // it may be somebody else's
		return billing.ErrNotFound
	}
	return s.tellCustomer(w, r, user.ID)
}

// showCustomer handles GET /customers/{id}.
func (s *Server) showCustomer(w http.ResponseWriter, r *http.Request, _ auth.Key) error {
	return s.tellCustomer(w, r, r.PathValue("id"))
}

func (s *Server) tellCustomer(w http.ResponseWriter, r *http.Request, id string) error {
	found, err := s.Store.Customer(r.Context(), id)
	if err != nil {
		return err
	}
	asOf, err := s.asOf(r, id)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, customer{ID: found.ID, Email: found.Email, Name: found.Name, CreatedAt: found.CreatedAt.UTC(), AsOf: asOf})
}

// asOf is when the copies of a customer were last whole.
func (s *Server) asOf(r *http.Request, customerID string) (*time.Time, error) {
	states, err := s.Store.SyncStates(r.Context(), customerID)
	if err != nil {
		return nil, err
	}
	for _, state := range states {
		if state.Provider == s.Provider {
			return instant(state.SyncedAt), nil
		}
	}
	return nil, nil
}

// plan is a subscription that gives access now.
type plan struct {
	SubscriptionID string     `json:"subscription_id"`
	ProductID      string     `json:"product_id"`
	Slug           string     `json:"slug"` // empty when the product has none
	Name           string     `json:"name"`
	Status         string     `json:"status"`
	Until          *time.Time `json:"until"` // when access ends; null while it renews
}

// benefit is something that the customer has now.
type benefit struct {
	GrantID     string    `json:"grant_id"`
	BenefitID   string    `json:"benefit_id"`
	Kind        string    `json:"kind"`
	Description string    `json:"description"`
	GrantedAt   time.Time `json:"granted_at"`
}

// showEntitlements handles GET /customers/{id}/entitlements: what the customer may use
// now. It is read from our copies, so it answers while the provider is down.
func (s *Server) showEntitlements(w http.ResponseWriter, r *http.Request, _ auth.Key) error {
	id := r.PathValue("id")
	if _, err := s.Store.Customer(r.Context(), id); err != nil {
		return err
	}
	plans, err := s.plansOf(r, id)
	if err != nil {
		return err
	}
	grants, err := s.Store.Grants(r.Context(), id)
	if err != nil {
		return err
	}
	benefits := []benefit{}
	for _, g := range grants {
		if !g.GrantedAt.IsZero() && g.RevokedAt.IsZero() {
			benefits = append(benefits, benefit{g.ProviderID, g.ProviderBenefitID, string(g.Kind), g.Description, g.GrantedAt.UTC()})
		}
	}
	asOf, err := s.asOf(r, id)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{
		"customer_id": id, "active": len(plans) > 0, "plans": plans, "benefits": benefits, "as_of": asOf,
	})
}

func (s *Server) plansOf(r *http.Request, customerID string) ([]plan, error) {
	subscriptions, err := s.Store.Subscriptions(r.Context(), customerID)
	if err != nil {
		return nil, err
	}
	products, err := s.Store.Products(r.Context())
	if err != nil {
		return nil, err
	}
	byID := make(map[string]billing.Product, len(products))
	for _, p := range products {
		byID[p.ProviderID] = p
	}
	plans := []plan{}
	for _, sub := range subscriptions {
		if !sub.Live() {
			continue
		}
		product := byID[sub.ProviderProductID]
		plans = append(plans, plan{
			SubscriptionID: sub.ProviderID, ProductID: sub.ProviderProductID, Slug: product.Slug, Name: product.Name,
			Status: string(sub.Status), Until: instant(sub.EndsAt),
		})
	}
	return plans, nil
}

// wallet is what is left of one meter, in units with up to six decimals. While it is being
// checked its figures are null: they may be from before a restore, so nothing may be spent
// by them.
type wallet struct {
	MeterID     string     `json:"meter_id"`
	Name        string     `json:"name"`
	Balance     any        `json:"balance"`
	Credited    any        `json:"credited"` // of the current period
	Consumed    any        `json:"consumed"` // of the current period
	PeriodStart *time.Time `json:"period_start"`
	Checking    bool       `json:"checking"`
}

// showCredits handles GET /customers/{id}/credits: what is left of each meter.
func (s *Server) showCredits(w http.ResponseWriter, r *http.Request, _ auth.Key) error {
	id := r.PathValue("id")
	if _, err := s.Store.Customer(r.Context(), id); err != nil {
		return err
	}
	rows, err := s.Store.Wallets(r.Context(), id)
	if err != nil {
		return err
	}
	asOf, err := s.asOf(r, id)
	if err != nil {
		return err
	}
	wallets := make([]wallet, len(rows))
	for i, row := range rows {
		wallets[i] = walletOf(row)
	}
	return send(w, http.StatusOK, map[string]any{"customer_id": id, "wallets": wallets, "as_of": asOf})
}

func walletOf(row db.Wallet) wallet {
	if row.Frozen() {
		return wallet{MeterID: row.Meter.ProviderID, Name: row.MeterName, Checking: true}
	}
	w := wallet{
		MeterID: row.Meter.ProviderID, Name: row.MeterName, Balance: number(row.Balance), Credited: number(row.Credited), Consumed: number(row.Consumed),
	}
	if row.PeriodStart.UnixMilli() > 0 {
		w.PeriodStart = instant(row.PeriodStart)
	}
	return w
}
