package polar_test

import (
	"encoding/json"

	"github.com/polarsource/polar-go/models/components"
)

// payloads decodes bodies of each type into polar-go's type for it.
var payloads = map[string]func([]byte) error{
	"checkout.created":        into[components.WebhookCheckoutCreatedPayload],
	"checkout.updated":        into[components.WebhookCheckoutUpdatedPayload],
	"checkout.expired":        into[components.WebhookCheckoutExpiredPayload],
	"customer.created":        into[components.WebhookCustomerCreatedPayload],
	"customer.updated":        into[components.WebhookCustomerUpdatedPayload],
	"customer.deleted":        into[components.WebhookCustomerDeletedPayload],
	"customer.state_changed":  into[components.WebhookCustomerStateChangedPayload],
	"member.created":          into[components.WebhookMemberCreatedPayload],
	"member.updated":          into[components.WebhookMemberUpdatedPayload],
	"member.deleted":          into[components.WebhookMemberDeletedPayload],
	"customer_seat.assigned":  into[components.WebhookCustomerSeatAssignedPayload],
	"customer_seat.claimed":   into[components.WebhookCustomerSeatClaimedPayload],
	"customer_seat.revoked":   into[components.WebhookCustomerSeatRevokedPayload],
	"order.created":           into[components.WebhookOrderCreatedPayload],
	"order.updated":           into[components.WebhookOrderUpdatedPayload],
	"order.paid":              into[components.WebhookOrderPaidPayload],
	"order.refunded":          into[components.WebhookOrderRefundedPayload],
	"subscription.created":    into[components.WebhookSubscriptionCreatedPayload],
	"subscription.updated":    into[components.WebhookSubscriptionUpdatedPayload],
	"subscription.active":     into[components.WebhookSubscriptionActivePayload],
	"subscription.canceled":   into[components.WebhookSubscriptionCanceledPayload],
	"subscription.uncanceled": into[components.WebhookSubscriptionUncanceledPayload],
	"subscription.revoked":    into[components.WebhookSubscriptionRevokedPayload],
	"subscription.past_due":   into[components.WebhookSubscriptionPastDuePayload],
	"refund.created":          into[components.WebhookRefundCreatedPayload],
	"product.created":         into[components.WebhookProductCreatedPayload],
	"benefit.created":         into[components.WebhookBenefitCreatedPayload],
	"product.updated":         into[components.WebhookProductUpdatedPayload],
	"benefit_grant.created":   into[components.WebhookBenefitGrantCreatedPayload],
	"benefit_grant.cycled":    into[components.WebhookBenefitGrantCycledPayload],
	"benefit.updated":         into[components.WebhookBenefitUpdatedPayload],
	"benefit_grant.updated":   into[components.WebhookBenefitGrantUpdatedPayload],
	"refund.updated":          into[components.WebhookRefundUpdatedPayload],
	"organization.updated":    into[components.WebhookOrganizationUpdatedPayload],
	"benefit_grant.revoked":   into[components.WebhookBenefitGrantRevokedPayload],
}

// into decodes a body as T.
func into[T any](body []byte) error { return json.Unmarshal(body, new(T)) }
