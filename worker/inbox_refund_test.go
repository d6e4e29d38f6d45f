package worker

import (
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin"
)

// TestRefundChangesItsOrder: a delivery about a refund brings the order up to date that it
// is of, although the order's own deliveries never come.
func TestRefundChangesItsOrder(t *testing.T) {
	s := newStage(t, true)
	me, _ := s.sam()
	orders, _, err := s.Store.Orders(t.Context(), me, db.Page{Size: 1})
	if err != nil || len(orders) != 1 || orders[0].Refunded != 0 {
		t.Fatalf("orders %+v, %v", orders, err)
	}
	order := orders[0]
	made, err := s.twin.Engine.CreateRefund(t.Context(), twin.RefundInput{OrderID: order.ProviderID, Amount: 100, Reason: "other"})
	if err != nil {
		t.Fatal(err)
	}
	s.deliver("d1", "refund.created", order.Ref(), map[string]any{
		"id": made.ID, "created_at": made.CreatedAt.Format(time.RFC3339Nano), "modified_at": nil, "status": "succeeded", "reason": "other",
		"amount": 100, "tax_amount": made.Tax, "currency": "usd", "order_id": order.ProviderID, "customer_id": made.CustomerID, "metadata": map[string]any{},
	})
	s.step("inbox")
	now, err := s.Store.Order(t.Context(), me, order.ProviderID)
	if err != nil || now.Refunded != 100+made.Tax || now.Status != billing.OrderPartiallyRefunded {
		t.Errorf("the order is %+v, %v", now, err)
	}
	if waiting := s.backlog("done"); waiting != 1 {
		t.Errorf("%d deliveries done, want 1", waiting)
	}
}
