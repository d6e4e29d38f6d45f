package betterauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
)

// led is an answer that leads the browser on.
type led struct {
	URL      string `json:"url"`
	Redirect bool   `json:"redirect"`
}

// target is an address that the provider leads back to: the caller's if it is one of ours
// or of a trusted origin, else the one that is set, else fallback.
func (s *Server) target(wanted, set, fallback, field string) (string, error) {
	address := wanted
	switch {
	case address == "" && set != "":
		address = set
	case address == "":
		address = fallback
	default:
		if !s.leadsHome(strings.ReplaceAll(address, checkoutID, "x")) {
			return "", refuse(http.StatusForbidden, "INVALID_REDIRECT_URL", "Invalid "+field)
		}
	}
	if strings.HasPrefix(address, "/") {
		return s.BaseURL + address, nil
	}
	return address, nil
}

// themed asks the provider's page to wear a theme.
func (s *Server) themed(address string) string {
	if s.Checkout.Theme == "" {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	query := u.Query()
	query.Set("theme", s.Checkout.Theme)
	u.RawQuery = query.Encode()
	return u.String()
}

// openPortal handles GET and POST /customer/portal: a link to the provider's own portal,
// which only the provider can make. It is the one GET here that calls the provider, and so
// the one that is paced like what changes something.
func (s *Server) openPortal(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if r.Method == http.MethodGet && s.Pace != nil && !s.Pace(who.CustomerID) {
		return tooMany(time.Minute)
	}
	var body struct {
		Redirect *bool `json:"redirect"`
	}
	if r.Method == http.MethodPost {
		if err := s.read(w, r, &body, true); err != nil {
			return err
		}
	}
	if err := bills(who); err != nil {
		return err
	}
	customer, err := s.awaitedCustomer(r.Context(), who)
	if err != nil {
		return err
	}
	back, err := s.target("", s.Checkout.ReturnURL, "/portal", "returnUrl")
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(r.Context(), providerPatience)
	defer stop()
	address, err := billing.PortalOf(ctx, s.Provider, billing.Member{
		ProviderCustomerID: customer, UserID: who.UserID, Email: who.Email, Name: who.Name, Role: who.Role,
	}, back)
	if err != nil {
		return err
	}
	return answer(w, led{s.themed(address), body.Redirect == nil || *body.Redirect})
}
