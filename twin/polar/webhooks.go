package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

var endpointSorts = map[string]func(a, b *twin.WebhookEndpoint) int{
	"created_at": byTime(func(w *twin.WebhookEndpoint) time.Time { return w.CreatedAt }),
}

// listEndpoints: GET /v1/webhooks/endpoints
func (s *Server) listEndpoints(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.WebhookEndpoint]{
		rows: v.Endpoints(), sorts: endpointSorts, usual: "-created_at",
		shape: func(w *twin.WebhookEndpoint) any { return shapeEndpoint(v, w) },
	}.answer(q)
}

// getEndpoint: GET /v1/webhooks/endpoints/{id}
func (s *Server) getEndpoint(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeEndpoint)(v.Endpoint(r.PathValue("id")))
}

// createEndpoint: POST /v1/webhooks/endpoints
func (s *Server) createEndpoint(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.noOrganization()
	for _, key := range []string{"url", "format", "events"} {
		b.need(key)
	}
	in := endpointInput(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	w, err := s.engine.CreateEndpoint(ctx, in)
	return shapeOf(w, shapeEndpoint), err
}

// updateEndpoint: PATCH /v1/webhooks/endpoints/{id}
func (s *Server) updateEndpoint(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	in := endpointInput(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	w, err := s.engine.UpdateEndpoint(ctx, r.PathValue("id"), in)
	return shapeOf(w, shapeEndpoint), err
}

// resetSecret: PATCH /v1/webhooks/endpoints/{id}/secret
func (s *Server) resetSecret(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	w, err := s.engine.ResetSecret(ctx, r.PathValue("id"))
	return shapeOf(w, shapeEndpoint), err
}

// deleteEndpoint: DELETE /v1/webhooks/endpoints/{id}
func (s *Server) deleteEndpoint(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.DeleteEndpoint(ctx, r.PathValue("id"))
}

// endpointInput reads the fields of an endpoint. twin_standard is the twin's own: it chooses the signing
// scheme, which the provider chooses by the age of the secret.
func endpointInput(b body) twin.EndpointInput {
	in := twin.EndpointInput{
		URL: b.str("url"), Name: b.str("name"), Events: b.strs("events"), Enabled: b.flag("enabled"), Standard: b.flag("twin_standard"),
	}
	if f := b.choice("format", "raw", "discord", "slack"); f != "" {
		in.Format = &f
	}
	return in
}

var deliverySorts = map[string]func(a, b *twin.WebhookDelivery) int{
	"created_at": byTime(func(d *twin.WebhookDelivery) time.Time { return d.CreatedAt }),
}

// listDeliveries: GET /v1/webhooks/deliveries
func (s *Server) listDeliveries(v *twin.View, _ *http.Request, q query) (any, error) {
	from, to := q.moment("start_timestamp"), q.moment("end_timestamp")
	return listing[twin.WebhookDelivery]{
		rows: v.Deliveries(), sorts: deliverySorts, usual: "-created_at",
		keep: func(d *twin.WebhookDelivery) bool {
			w, err := v.WebhookEvent(d.EventID)
			return err == nil && q.allows("endpoint_id", d.EndpointID) && q.allows("event_type", w.Type) &&
				q.allowsFlag("succeeded", d.Succeeded) && q.within(string(w.Payload), w.ID) && allowsClass(q, d.Code) &&
				(from.IsZero() || !d.CreatedAt.Before(from)) && (to.IsZero() || !d.CreatedAt.After(to))
		},
		shape: func(d *twin.WebhookDelivery) any { return shapeDelivery(v, d) },
	}.answer(q)
}

// allowsClass reports whether a status code passes http_code_class, such as "5xx".
func allowsClass(q query, code int) bool {
	class := q.Get("http_code_class")
	return class == "" || code >= 100 && class[0] == byte('0'+code/100)
}

// redeliver: POST /v1/webhooks/events/{id}/redeliver
func (s *Server) redeliver(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.Redeliver(ctx, r.PathValue("id"))
}
