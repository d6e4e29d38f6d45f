package polar_test

import (
	"errors"
	"testing"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"
)

func TestOrdersByPolarGo(t *testing.T) {
	w := newWorld(t, "")
	ctx := t.Context()
	sam := w.customer("sam@example.com")
	customer := operations.CreateOrdersListQueryParamCustomerIDFilterStr(sam.ID)
	first := ok(w.api.Orders.List(ctx, operations.OrdersListRequest{CustomerID: &customer}))(t)
	second := ok(first.Next())(t)
	if len(first.ListResourceOrder.Items) != 10 || len(second.ListResourceOrder.Items) != 5 || first.ListResourceOrder.Pagination.MaxPage != 2 {
		t.Errorf("pages of %d and %d, %+v", len(first.ListResourceOrder.Items), len(second.ListResourceOrder.Items), first.ListResourceOrder.Pagination)
	}
	if end, err := second.Next(); end != nil || err != nil {
		t.Errorf("after the last page: %v %v", end, err)
	}
	order := first.ListResourceOrder.Items[0]
	if order.SubtotalAmount-order.DiscountAmount != order.NetAmount || order.NetAmount+order.TaxAmount != order.TotalAmount || order.TotalAmount-order.AppliedBalanceAmount != order.DueAmount {
		t.Errorf("amounts do not add up: %+v", order)
	}
	var missing *apierrors.ResourceNotFound
	if _, err := w.api.Orders.Invoice(ctx, order.ID); err == nil {
		t.Error("an invoice nobody asked for")
	}
	ok(w.api.Orders.Update(ctx, order.ID, components.OrderUpdate{BillingName: polargo.String("Okafor Writing")}))(t)
	ok(w.api.Orders.GenerateInvoice(ctx, order.ID))(t)
	must(t, w.Engine.Advance(ctx, 5*time.Second))
	invoice := ok(w.api.Orders.Invoice(ctx, order.ID))(t).OrderInvoice
	if status, header, body := w.call("GET", invoice.URL[len(w.BaseURL):], "", ""); status != 200 || header.Get("Content-Type") != "application/pdf" || body[:5] != "%PDF-" {
		t.Errorf("invoice file: %d %v", status, header)
	}
	if got := ok(w.api.Orders.Get(ctx, order.ID))(t).Order; !got.IsInvoiceGenerated || *got.BillingName != "Okafor Writing" {
		t.Errorf("order after its invoice: %+v", got)
	}
	refund := ok(w.api.Refunds.Create(ctx, components.RefundCreate{OrderID: order.ID, Reason: components.RefundReasonOther, Amount: order.NetAmount}))(t).Refund
	if refund.Status != components.RefundStatusSucceeded {
		t.Errorf("refund %+v", refund)
	}
	var refunded *apierrors.RefundedAlready
	if _, err := w.api.Refunds.Create(ctx, components.RefundCreate{OrderID: order.ID, Reason: components.RefundReasonOther, Amount: 1}); !errors.As(err, &refunded) {
		t.Errorf("refunded twice: %v", err)
	}
	if got := ok(w.api.Refunds.List(ctx, operations.RefundsListRequest{}))(t).ListResourceRefund; got.Pagination.TotalCount != 2 {
		t.Errorf("refunds %+v", got.Pagination)
	}
	payments := ok(w.api.Payments.List(ctx, operations.PaymentsListRequest{}))(t).ListResource
	ok(w.api.Payments.Get(ctx, payments.Items[0].CardPayment.ID))(t)
	if _, err := w.api.Orders.Get(ctx, sam.ID); !errors.As(err, &missing) {
		t.Errorf("an unknown order: %v", err)
	}
}
