package twin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"slices"
)

// EndpointInput makes or changes a webhook endpoint; nil leaves a field alone.
type EndpointInput struct {
	URL, Name, Format *string
	Events            []string
	Enabled           *bool
	Secret            *string // only for fixed demo endpoints; the provider makes its own
	Standard          *bool   // sign by the Standard Webhooks scheme instead of the legacy one
}

// EventTypes are the webhook types an endpoint can ask for: all that the provider had in August 2026.
var EventTypes = []string{
	"checkout.created", "checkout.updated", "checkout.expired",
	"customer.created", "customer.updated", "customer.deleted", "customer.state_changed",
	"customer_seat.assigned", "customer_seat.claimed", "customer_seat.revoked",
	"member.created", "member.updated", "member.deleted",
	"order.created", "order.updated", "order.paid", "order.refunded",
	"subscription.created", "subscription.updated", "subscription.active", "subscription.canceled",
	"subscription.uncanceled", "subscription.revoked", "subscription.past_due",
	"subscription.cycled", "subscription.paused", "subscription.resumed",
	"refund.created", "refund.updated", "product.created", "product.updated",
	"discount.created", "discount.updated", "discount.deleted",
	"benefit.created", "benefit.updated",
	"benefit_grant.created", "benefit_grant.cycled", "benefit_grant.updated", "benefit_grant.revoked",
	"organization.updated",
}

// newerEventTypes are those that the clients of early 2026 do not know: an endpoint that lists one can't be
// read with polar-go 0.15.0, and a body of one throws in @polar-sh/sdk 0.47.1.
var newerEventTypes = []string{
	"discount.created", "discount.updated", "discount.deleted",
	"subscription.cycled", "subscription.paused", "subscription.resumed",
}

// CommonEventTypes are the types that all clients know.
func CommonEventTypes() []string {
	return slices.DeleteFunc(slices.Clone(EventTypes), func(name string) bool { return slices.Contains(newerEventTypes, name) })
}

// EnsureEndpoint points the endpoint with the fixed secret at address, and makes it when there is none. Its
// waiting events go to the new address. It may be repeated.
func (e *Engine) EnsureEndpoint(ctx context.Context, address, secret string) error {
	on := true
	in := EndpointInput{URL: &address, Secret: &secret, Enabled: &on}
	for _, w := range list(e, e.data.endpoints) {
		if w.Secret == secret {
			_, err := e.UpdateEndpoint(ctx, w.ID, in)
			return err
		}
	}
	in.Events = CommonEventTypes()
	_, err := e.CreateEndpoint(ctx, in)
	return err
}

// CreateEndpoint makes a webhook endpoint with a new secret. Errors: *Invalid.
func (e *Engine) CreateEndpoint(ctx context.Context, in EndpointInput) (WebhookEndpoint, error) {
	var made WebhookEndpoint
	err := e.write(ctx, func(x *tx) error {
		made = WebhookEndpoint{ID: newID(), Stamp: x.made(), Format: "raw", Enabled: true, Standard: pick(in.Standard, false)}
		made.Secret = newSecret(made.Standard)
		if err := fillEndpoint(&made, in); err != nil {
			return err
		}
		put(x, x.endpoints, made)
		return nil
	})
	return made, err
}

// UpdateEndpoint changes an endpoint; switching it on forgets its failures. Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateEndpoint(ctx context.Context, id string, in EndpointInput) (WebhookEndpoint, error) {
	var w WebhookEndpoint
	err := e.write(ctx, func(x *tx) error {
		row, err := x.endpoints.get(id)
		if err != nil {
			return err
		}
		w = *row
		if err := fillEndpoint(&w, in); err != nil {
			return err
		}
		if in.Enabled != nil && *in.Enabled {
			w.Failures = 0
		}
		w.Stamp = x.touched(w.Stamp)
		put(x, x.endpoints, w)
		return nil
	})
	return w, err
}

// ResetSecret gives an endpoint a new secret at once. Errors: ErrNotFound.
func (e *Engine) ResetSecret(ctx context.Context, id string) (WebhookEndpoint, error) {
	row, err := read(e, func(v *View) (WebhookEndpoint, error) { return value(v.endpoints.get(id)) })
	if err != nil {
		return row, err
	}
	secret := newSecret(row.Standard)
	return e.UpdateEndpoint(ctx, id, EndpointInput{Secret: &secret})
}

// newSecret makes a webhook secret; only one of the standard scheme is base64 behind its prefix.
func newSecret(standard bool) string {
	if !standard {
		return newToken("whsec_")
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails, see crypto/rand
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// DeleteEndpoint removes an endpoint and what waits for it. Errors: ErrNotFound.
func (e *Engine) DeleteEndpoint(ctx context.Context, id string) error {
	return e.write(ctx, func(x *tx) error {
		if _, err := x.endpoints.get(id); err != nil {
			return err
		}
		for _, w := range x.webhookEvents.by(0, id) {
			remove(x, x.webhookEvents, w.ID)
		}
		remove(x, x.endpoints, id)
		return nil
	})
}

// fillEndpoint applies in. Unlike the provider the twin takes plain http and loopback hosts: it is the point.
func fillEndpoint(w *WebhookEndpoint, in EndpointInput) error {
	if in.URL != nil {
		if u, err := url.Parse(*in.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return invalid("Input should be a valid URL", "url")
		}
	}
	for i, name := range in.Events {
		if !slices.Contains(EventTypes, name) {
			return invalid("Input should be a webhook event type", "events", i)
		}
	}
	w.URL, w.Name, w.Format = pick(in.URL, w.URL), pick(in.Name, w.Name), pick(in.Format, w.Format)
	w.Secret, w.Standard, w.Enabled = pick(in.Secret, w.Secret), pick(in.Standard, w.Standard), pick(in.Enabled, w.Enabled)
	if in.Events != nil {
		w.Events = in.Events
	}
	if w.URL == "" {
		return &Invalid{Fields: []FieldError{{Loc: []any{"body", "url"}, Msg: "Field required", Type: "missing"}}}
	}
	return nil
}
