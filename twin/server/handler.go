package server

import (
	"net/http"
	"strings"

	"counterfoil/twin/oidc"
	"counterfoil/twin/pages"
	"counterfoil/twin/polar"
)

// handler routes between the parts. What is JSON under /_twin/ goes to the control API, forms and pages under
// it to the pages, since both have a /_twin/clock.
func (s *Server) handler(cfg Config, api *polar.Server) http.Handler {
	surface := pages.New(s.Engine, pages.Config{
		BaseURL: s.BaseURL, Log: cfg.Log, Deliver: cfg.Patience,
		Tokens: []pages.Token{
			{Name: "Access token", Value: OrganizationToken},
			{Name: "Webhook secret", Value: WebhookSecret},
			{Name: "OpenID client", Value: ClientID},
			{Name: "OpenID client secret", Value: ClientSecret},
		},
	})
	identity := oidc.New(oidc.Config{
		Issuer: s.Issuer, ClientID: ClientID, ClientSecret: ClientSecret, Personas: Personas, Now: s.Engine.RealNow,
	})
	control := newControl(s.Engine)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/v1/"):
			api.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/_twin/oidc/"):
			identity.ServeHTTP(w, r)
		case control.wants(r):
			control.ServeHTTP(w, r)
		default:
			surface.ServeHTTP(w, r)
		}
	})
}
