package handlers

import (
	"net/http"
	"net/url"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// ordersPerPage is how many orders a page of the list shows.
const ordersPerPage = 20

// showOrders handles GET /portal/orders?before=...: newest first.
func (s *Server) showOrders(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "orders.title", views.NavPortal)
	if err != nil {
		return err
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	orders, next, err := s.Store.Orders(r.Context(), who.CustomerID, db.Page{Before: before, Size: ordersPerPage})
	if err != nil {
		return err
	}
	var model views.Orders
	for _, o := range orders {
		model.Rows = append(model.Rows, orderRow(page.T, sh, o))
	}
	if before != "" {
		model.NewerURL = "/portal/orders"
	}
	if next != "" {
		model.OlderURL = "/portal/orders?before=" + url.QueryEscape(next)
	}
	return s.render(w, r, http.StatusOK, views.OrdersPage(page, model))
}

// showOrder handles GET /portal/orders/{id}: the receipt.
func (s *Server) showOrder(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.customerFrame(r, who, "orders.title", views.NavPortal)
	if err != nil {
		return err
	}
	order, err := s.Store.Order(r.Context(), who.CustomerID, r.PathValue("id"))
	if err != nil {
		return err
	}
	sh, err := s.shelf(r.Context())
	if err != nil {
		return err
	}
	model := views.OrderDetail{
		Receipt: receiptOf(page.T, sh, order), Reason: views.OrderReason(order.Reason), Provider: s.providerName(),
	}
	if order.ProviderSubscriptionID != "" {
		model.SubscriptionURL = "/portal/subscriptions/" + order.ProviderSubscriptionID
	}
	page.Title = page.T.T("page.order_number", "Number", order.Number)
	return s.render(w, r, http.StatusOK, views.OrderPage(page, model))
}

func orderRow(t *views.Translator, sh shelf, o billing.Order) views.OrderRow {
	return views.OrderRow{
		ID: o.ProviderID, Number: o.Number, Date: t.Date(o.CreatedAt), Product: sh.name(o.ProviderProductID, o.Description),
		Reason: views.OrderReason(o.Reason), Amount: t.Money(o.Total, o.Currency), Status: views.OrderStatus(o.Status),
	}
}

// receiptOf is an order as a piece of paper. What is nothing is left out.
func receiptOf(t *views.Translator, sh shelf, o billing.Order) views.Receipt {
	money := func(minor int64) string { return t.Money(minor, o.Currency) }
	receipt := views.Receipt{
		Number: o.Number, Date: t.Date(o.CreatedAt), Status: views.OrderStatus(o.Status), Total: money(o.Total),
	}
	for _, item := range o.Items {
		line := views.ReceiptLine{Text: item.Label, Amount: money(item.Amount)}
		if item.Proration {
			line.Note = t.T("receipt.proration")
		}
		receipt.Lines = append(receipt.Lines, line)
	}
	if len(o.Items) == 0 {
		receipt.Lines = []views.ReceiptLine{{Text: sh.name(o.ProviderProductID, o.Description), Amount: money(o.Subtotal)}}
	}
	if o.Discount != 0 || o.Tax != 0 {
		receipt.Subtotal = money(o.Subtotal)
	}
	if o.Discount != 0 {
		receipt.Discount = money(-o.Discount)
	}
	if o.Tax != 0 {
		receipt.Tax = money(o.Tax)
	}
	if o.Refunded != 0 {
		receipt.Refunded, receipt.Paid = money(-o.Refunded), money(o.Total-o.Refunded)
	}
	return receipt
}
