//go:build linux

package chaos

import (
	"encoding/json"
	"time"
)

// body is the object as Polar writes it (its API reference, 2026-08), with the fields
// that matter and some that nobody knows.
func (s state) body() map[string]any {
	b := map[string]any{
		"id": s.id, "created_at": stamp(s.created), "modified_at": nil, "metadata": map[string]any{},
		"a_field_of_tomorrow": []int{1, 2, 3},
	}
	if !s.at.Equal(s.created) {
		b["modified_at"] = stamp(s.at)
	}
	switch s.kind {
	case "customer":
		b["email"], b["email_verified"], b["name"], b["external_id"] = s.email, true, s.name, nil
		b["deleted_at"] = nil
		if s.deleted {
			b["deleted_at"] = stamp(s.at)
		}
	case "product":
		b["name"], b["description"], b["visibility"], b["is_archived"] = s.name, "", "public", s.archived
		b["recurring_interval"], b["recurring_interval_count"] = "month", 1
		b["prices"], b["benefits"] = []any{}, []any{}
	case "checkout":
		b["status"], b["url"], b["expires_at"] = s.status, "https://example.com/c", stamp(s.created.Add(time.Hour))
		b["amount"], b["total_amount"], b["currency"] = s.amount, s.amount, "usd"
		b["product_id"], b["customer_id"], b["external_customer_id"] = s.product, s.customer, nil
	case "subscription":
		b["status"], b["amount"], b["currency"], b["recurring_interval"] = s.status, s.amount, "usd", "month"
		b["current_period_start"], b["current_period_end"] = stamp(s.periodStart), stamp(s.periodEnd)
		b["cancel_at_period_end"], b["canceled_at"] = s.cancelAtEnd, maybe(s.canceled)
		b["started_at"], b["ended_at"] = maybe(s.started), maybe(s.ended)
		b["customer_id"], b["product_id"], b["checkout_id"] = s.customer, s.product, nil
	case "order":
		b["status"], b["billing_reason"], b["currency"] = s.status, s.name, "usd"
		b["subtotal_amount"], b["total_amount"] = s.amount, s.amount
		b["refunded_amount"], b["refunded_tax_amount"] = s.refunded, 0
		b["customer_id"], b["product_id"], b["subscription_id"] = s.customer, s.product, s.subscription
		b["items"] = []any{}
	case "benefit_grant":
		b["customer_id"], b["benefit_id"], b["subscription_id"] = s.customer, s.benefit, s.subscription
		b["granted_at"], b["revoked_at"], b["is_revoked"] = maybe(s.granted), maybe(s.revoked), !s.revoked.IsZero()
		b["benefit"] = map[string]any{"id": s.benefit, "type": "custom", "description": "Support", "created_at": stamp(s.created), "metadata": map[string]any{}}
		b["properties"] = map[string]any{}
	}
	return b
}

// payload is the body of the webhook that an event makes.
func (h *history) payload(e event) []byte {
	s := h.objects[e.object].versions[e.version]
	return encode(map[string]any{"type": e.typ, "timestamp": stamp(s.at), "data": s.body()})
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func maybe(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // only maps of plain values come here
	}
	return text
}
