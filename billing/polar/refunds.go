package polar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"

	"counterfoil/billing"
)

// maxRefundKey keeps a key far below the 500 characters that Polar allows a value.
const maxRefundKey = 100

// CreateRefund implements billing.Provider. Polar gives the tax back in proportion.
func (p *Provider) CreateRefund(ctx context.Context, r billing.RefundRequest) (billing.Refund, error) {
	if err := refundable(r); err != nil {
		return billing.Refund{}, fmt.Errorf("create refund: %w", err)
	}
	request := components.RefundCreate{
		OrderID: r.ProviderOrderID, Reason: components.RefundReason(r.Reason), Amount: r.Amount,
		Comment: optional(r.Comment), RevokeBenefits: polargo.Bool(r.RevokeBenefits),
		Metadata: map[string]components.RefundCreateMetadata{
			billing.RefundKey: components.CreateRefundCreateMetadataStr(r.Key),
		},
	}
	made, err := p.one(ctx, once, billing.KindRefund, func(ctx context.Context) error {
		_, err := p.api.Refunds.Create(ctx, request)
		return err
	})
	if err != nil {
		return billing.Refund{}, fmt.Errorf("create refund %s of order %s: %w", r.Key, r.ProviderOrderID, refusedRefund(err))
	}
	return made.(billing.Refund), nil
}

// refundRefusals are Polar's refusals of a refund (its reference, Refunds, and its server,
// 2026-08), in words for whoever asked for it.
var refundRefusals = map[string]string{
	"RefundedAlready":                      "the order is refunded in full already",
	"RefundPendingCreation":                "another refund of the order is being made: try again when it is there",
	"RefundDisputedPayment":                "the payment is disputed: the money moves by the dispute's outcome",
	"RefundsBlocked":                       "refunds of this order are blocked at Polar: ask its support",
	"RevokeSubscriptionBenefitsProhibited": "benefits of a subscription are revoked by ending it, not by a refund",
}

// refusedRefund puts a sentence before Polar's own words, where there is one.
func refusedRefund(err error) error {
	answer, ok := errors.AsType[*apiError](err)
	if !ok {
		return err
	}
	sentence := refundRefusals[answer.class]
	switch {
	case strings.Contains(answer.message, "exceeds refundable amount"):
		sentence = "the amount is more than what is left of the order"
	case strings.Contains(answer.message, "Order not found"):
		sentence, answer.kind = "Polar does not know the order", billing.ErrNotFound
	}
	if sentence == "" {
		return err
	}
	return fmt.Errorf("%s: %w", sentence, err)
}

// refundable checks what Polar would otherwise answer in its own way, or not at all:
// a refund without a key could never be found again.
func refundable(r billing.RefundRequest) error {
	switch {
	case r.Key == "" || len(r.Key) > maxRefundKey:
		return fmt.Errorf("key %q: %w", clip(r.Key), billing.ErrInvalid)
	case r.Amount <= 0:
		return fmt.Errorf("amount %d: %w", r.Amount, billing.ErrInvalid)
	case !slices.Contains(billing.RefundReasons, r.Reason):
		return fmt.Errorf("reason %q: %w", clip(r.Reason), billing.ErrInvalid)
	}
	return safeID(r.ProviderOrderID)
}

// Refunds implements billing.Provider. It is how a lost answer is looked up, so that one
// refund which cannot be understood is an error: left out, it might be made again.
func (p *Provider) Refunds(ctx context.Context, providerOrderID string) ([]billing.Refund, error) {
	if err := safeID(providerOrderID); err != nil { // empty, it would list everybody's
		return nil, fmt.Errorf("refunds of an order: %w", err)
	}
	of := operations.CreateOrderIDFilterStr(providerOrderID)
	var refunds []billing.Refund
	seen := map[string]bool{} // a page can move while we read
	err := p.pages(ctx, func(ctx context.Context, page, limit *int64) error {
		_, err := p.api.Refunds.List(ctx, operations.RefundsListRequest{
			OrderID: &of, Page: page, Limit: limit, Sorting: oldest(components.RefundSortPropertyCreatedAt),
		})
		return err
	}, func(raw json.RawMessage) error {
		object, err := p.object(billing.KindRefund, raw)
		if err != nil {
			return fmt.Errorf("%w: %w", billing.ErrProvider, err)
		}
		// Compared here too: a server that ignored the filter would hand over strangers'.
		if r := object.(billing.Refund); r.ProviderOrderID == providerOrderID && !seen[r.ProviderID] {
			seen[r.ProviderID] = true
			refunds = append(refunds, r)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("refunds of order %s: %w", providerOrderID, err)
	}
	return refunds, nil
}

// fetchRefund finds one refund in the list, since Polar has no other way to read it.
func (p *Provider) fetchRefund(ctx context.Context, providerID string) (billing.Object, error) {
	of := operations.CreateRefundIDFilterStr(providerID)
	found, err := p.objects(ctx, billing.KindRefund, func(ctx context.Context, page, limit *int64) error {
		_, err := p.api.Refunds.List(ctx, operations.RefundsListRequest{ID: &of, Page: page, Limit: limit})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fetch refund %s: %w", providerID, err)
	}
	for _, object := range found {
		if object.Ref().ProviderID == providerID {
			return object, nil
		}
	}
	return nil, fmt.Errorf("fetch refund %s: %w: not in the list", providerID, billing.ErrProvider)
}
