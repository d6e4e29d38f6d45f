package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

var keySorts = map[string]func(a, b *twin.LicenseKey) int{
	"created_at": byTime(func(k *twin.LicenseKey) time.Time { return k.CreatedAt }),
}

// listLicenseKeys: GET /v1/license-keys/
func (s *Server) listLicenseKeys(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.LicenseKey]{
		rows: v.LicenseKeys(), sorts: keySorts, usual: "created_at",
		keep: func(k *twin.LicenseKey) bool {
			return q.allows("benefit_id", k.BenefitID) && q.allows("status", k.Status)
		},
		shape: func(k *twin.LicenseKey) any { return shapeKeyCore(v, k) },
	}.answer(q)
}

// getLicenseKey: GET /v1/license-keys/{id}
func (s *Server) getLicenseKey(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeLicenseKey)(v.LicenseKey(r.PathValue("id")))
}

// getActivation: GET /v1/license-keys/{id}/activations/{activation_id}
func (s *Server) getActivation(v *twin.View, r *http.Request, _ query) (any, error) {
	k, err := v.LicenseKey(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	for _, a := range k.Activations {
		if a.ID == r.PathValue("activation") {
			return activationWhole{shapeActivation(k, a), shapeKeyCore(v, k)}, nil
		}
	}
	return nil, twin.ErrNotFound
}

// updateKey: PATCH /v1/license-keys/{id}
func (s *Server) updateKey(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	in := twin.KeyChange{
		Usage: b.whole("usage"), ActivationLimit: limit(b, "limit_activations"), UsageLimit: limit(b, "limit_usage"),
	}
	if status := b.choice("status", twin.KeyGranted, twin.KeyRevoked, twin.KeyDisabled); status != "" {
		in.Status = &status
	}
	if b.has("expires_at") || b.null("expires_at") {
		at := b.moment("expires_at")
		in.ExpiresAt = &at
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	k, err := s.engine.UpdateLicenseKey(ctx, r.PathValue("id"), in)
	return shapeOf(k, shapeKeyCore), err
}

// limit reads a limit of 1 or more; null takes it away.
func limit(b body, key string) *int64 {
	if b.null(key) {
		return new(int64)
	}
	n := b.whole(key)
	if n != nil && *n < 1 {
		b.say(key, "greater_than", "Input should be greater than 0")
	}
	return n
}

// validateKey: POST /v1/license-keys/validate, and the same below /v1/customer-portal. No token is needed: who
// has the key may ask.
func (s *Server) validateKey(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	keyNeeds(b)
	in := twin.KeyCheck{
		Key: b.text("key"), OrganizationID: b.text("organization_id"), ActivationID: b.text("activation_id"), BenefitID: b.text("benefit_id"),
		CustomerID: b.text("customer_id"), Conditions: b.metadata("conditions"), Increment: orZero(b.whole("increment_usage")),
	}
	if in.Increment < 0 {
		b.say("increment_usage", "greater_than_equal", "Input should be greater than or equal to 0")
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	k, a, err := s.engine.ValidateLicenseKey(ctx, in)
	return func(v *twin.View) any {
		out := validatedKey{licenseKeyCore: shapeKeyCore(v, &k)}
		if a != nil {
			shape := shapeActivation(&k, *a)
			out.Activation = &shape
		}
		return out
	}, err
}

// activateKey: POST /v1/license-keys/activate, and the same below /v1/customer-portal
func (s *Server) activateKey(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	keyNeeds(b)
	b.need("label")
	a := twin.Activation{Label: b.text("label"), Meta: b.metadata("meta"), Conditions: b.metadata("conditions")}
	if err := b.err(); err != nil {
		return nil, err
	}
	k, made, err := s.engine.ActivateLicenseKey(ctx, b.text("key"), b.text("organization_id"), a)
	return func(v *twin.View) any { return activationWhole{shapeActivation(&k, made), shapeKeyCore(v, &k)} }, err
}

// deactivateKey: POST /v1/license-keys/deactivate, and the same below /v1/customer-portal
func (s *Server) deactivateKey(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	keyNeeds(b)
	b.need("activation_id")
	key, organization, activation := b.text("key"), b.text("organization_id"), b.text("activation_id")
	if err := b.err(); err != nil {
		return nil, err
	}
	return nil, s.engine.DeactivateLicenseKey(ctx, key, organization, activation)
}

// keyNeeds are what every question about a key must say.
func keyNeeds(b body) {
	b.need("key")
	b.need("organization_id")
}

// portalKeys: GET /v1/customer-portal/license-keys/
func (s *Server) portalKeys(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	return listing[twin.LicenseKey]{
		rows: v.LicenseKeys(), sorts: keySorts, usual: "created_at",
		keep: func(k *twin.LicenseKey) bool {
			return k.CustomerID == me.Customer.ID && me.Holds(k.MemberID) && q.allows("benefit_id", k.BenefitID)
		},
		shape: func(k *twin.LicenseKey) any { return shapeKeyCore(v, k) },
	}.answer(q)
}

// portalKey: GET /v1/customer-portal/license-keys/{id}
func (s *Server) portalKey(v *twin.View, me twin.Actor, r *http.Request, _ query) (any, error) {
	k, err := own(me, func(k *twin.LicenseKey) string { return k.CustomerID })(v.LicenseKey(r.PathValue("id")))
	if err != nil || !me.Holds(k.MemberID) {
		return nil, twin.ErrNotFound
	}
	return shapeLicenseKey(v, k), nil
}
