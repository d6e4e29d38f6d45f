package polar

import (
	"context"
	"net/http"

	"counterfoil/twin"
)

// portalRequestEmail: POST /v1/customer-portal/customers/me/email-update/request. The token is in the twin's
// mailbox.
func (s *Server) portalRequestEmail(ctx context.Context, me twin.Actor, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("email")
	email := b.text("email")
	if err := b.err(); err != nil {
		return nil, err
	}
	return nil, s.engine.RequestEmail(ctx, me.Customer.ID, email)
}

// portalCheckEmail: GET /v1/customer-portal/customers/me/email-update/check?token=
func (s *Server) portalCheckEmail(_ context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.Read(func(v *twin.View) error {
		_, err := v.EmailChange(r.URL.Query().Get("token"))
		return err
	})
}

// portalVerifyEmail: POST /v1/customer-portal/customers/me/email-update/verify
func (s *Server) portalVerifyEmail(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("token")
	token := b.text("token")
	if err := b.err(); err != nil {
		return nil, err
	}
	made, err := s.engine.ConfirmEmail(ctx, token)
	return func(*twin.View) any { return sessionToken{made.Token} }, err
}
