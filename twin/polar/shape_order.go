package polar

import "counterfoil/twin"

// order is the merchant's form.
type order struct {
	ID string `json:"id"`
	stamp
	Status               string        `json:"status"`
	Paid                 bool          `json:"paid"`
	SubtotalAmount       int64         `json:"subtotal_amount"`
	DiscountAmount       int64         `json:"discount_amount"`
	NetAmount            int64         `json:"net_amount"`
	TaxAmount            int64         `json:"tax_amount"`
	TotalAmount          int64         `json:"total_amount"`
	AppliedBalanceAmount int64         `json:"applied_balance_amount"`
	DueAmount            int64         `json:"due_amount"`
	RefundedAmount       int64         `json:"refunded_amount"`
	RefundedTaxAmount    int64         `json:"refunded_tax_amount"`
	RefundableAmount     int64         `json:"refundable_amount"`
	RefundableTaxAmount  int64         `json:"refundable_tax_amount"`
	Currency             string        `json:"currency"`
	BillingReason        string        `json:"billing_reason"`
	BillingName          text          `json:"billing_name"`
	BillingAddress       *address      `json:"billing_address"`
	InvoiceNumber        string        `json:"invoice_number"`
	ReceiptNumber        text          `json:"receipt_number"`
	IsInvoiceGenerated   bool          `json:"is_invoice_generated"`
	NextPaymentAttemptAt instant       `json:"next_payment_attempt_at"`
	Seats                count         `json:"seats"`
	CustomerID           string        `json:"customer_id"`
	ProductID            text          `json:"product_id"`
	DiscountID           text          `json:"discount_id"`
	SubscriptionID       text          `json:"subscription_id"`
	CheckoutID           text          `json:"checkout_id"`
	Metadata             twin.Metadata `json:"metadata"`
	CustomFieldData      twin.Metadata `json:"custom_field_data"`
	PlatformFeeAmount    int64         `json:"platform_fee_amount"`
	PlatformFeeCurrency  text          `json:"platform_fee_currency"`
	Customer             customer      `json:"customer"`
	Product              any           `json:"product"`
	Discount             any           `json:"discount"`
	Subscription         any           `json:"subscription"`
	Items                []orderItem   `json:"items"`
	Description          string        `json:"description"`
}

type orderItem struct {
	stamp
	ID             string `json:"id"`
	Label          string `json:"label"`
	Amount         int64  `json:"amount"`
	TaxAmount      int64  `json:"tax_amount"`
	Proration      bool   `json:"proration"`
	ProductPriceID text   `json:"product_price_id"`
}

func shapeOrder(v *twin.View, o *twin.Order) order {
	out := order{
		ID: o.ID, stamp: stamped(o.Stamp), Status: o.Status, Paid: o.Paid(), SubtotalAmount: o.Subtotal,
		DiscountAmount: o.Discount, NetAmount: o.Net, TaxAmount: o.Tax, TotalAmount: o.Total,
		AppliedBalanceAmount: o.AppliedBalance, DueAmount: o.Due, RefundedAmount: o.Refunded,
		RefundedTaxAmount: o.RefundedTax, Currency: o.Currency, BillingReason: o.Reason, BillingName: text(o.BillingName),
		BillingAddress: shapeAddress(o.BillingAddress), InvoiceNumber: o.Number, IsInvoiceGenerated: o.InvoiceGenerated,
		NextPaymentAttemptAt: instant(o.NextPaymentAt), Seats: count(o.SeatCount), CustomerID: o.CustomerID,
		ProductID: text(o.ProductID), DiscountID: text(o.DiscountID), SubscriptionID: text(o.SubscriptionID),
		CheckoutID: text(o.CheckoutID), Metadata: o.Metadata, CustomFieldData: o.CustomFieldData,
		PlatformFeeAmount: o.PlatformFee, Customer: customerOf(v, o.CustomerID), Discount: discountOf(v, o.DiscountID),
		Items: []orderItem{}, Description: o.Description,
	}
	if o.Paid() {
		out.RefundableAmount, out.RefundableTaxAmount = o.Refundable(), o.Tax-o.RefundedTax
		out.PlatformFeeCurrency = text(o.Currency)
	}
	if p, err := v.Product(o.ProductID); err == nil {
		out.Product = shapeProductFlat(v, p)
	}
	if s, err := v.Subscription(o.SubscriptionID); err == nil {
		out.Subscription = shapeSubscriptionFlat(s)
	}
	for _, it := range o.Items {
		out.Items = append(out.Items, orderItem{
			stamped(it.Stamp), it.ID, it.Label, it.Amount, it.Tax, it.Proration, text(it.PriceID),
		})
	}
	return out
}

// refund is money given back.
type refund struct {
	stamp
	ID             string        `json:"id"`
	Metadata       twin.Metadata `json:"metadata"`
	Status         string        `json:"status"`
	Reason         string        `json:"reason"`
	Amount         int64         `json:"amount"`
	TaxAmount      int64         `json:"tax_amount"`
	Currency       string        `json:"currency"`
	OrganizationID string        `json:"organization_id"`
	OrderID        string        `json:"order_id"`
	SubscriptionID text          `json:"subscription_id"`
	CustomerID     string        `json:"customer_id"`
	RevokeBenefits bool          `json:"revoke_benefits"`
	Dispute        *struct{}     `json:"dispute"`
}

func shapeRefund(v *twin.View, r *twin.Refund) refund {
	return refund{
		stamp: stamped(r.Stamp), ID: r.ID, Metadata: r.Metadata, Status: r.Status, Reason: r.Reason, Amount: r.Amount,
		TaxAmount: r.Tax, Currency: r.Currency, OrganizationID: v.Organization().ID, OrderID: r.OrderID,
		SubscriptionID: text(r.SubscriptionID), CustomerID: r.CustomerID, RevokeBenefits: r.RevokeBenefits,
	}
}

// payment is one attempt to charge a card.
type payment struct {
	stamp
	ID                string         `json:"id"`
	Processor         string         `json:"processor"`
	Status            string         `json:"status"`
	Amount            int64          `json:"amount"`
	Currency          string         `json:"currency"`
	Method            string         `json:"method"`
	DeclineReason     text           `json:"decline_reason"`
	DeclineMessage    text           `json:"decline_message"`
	OrganizationID    string         `json:"organization_id"`
	CheckoutID        text           `json:"checkout_id"`
	OrderID           text           `json:"order_id"`
	ProcessorMetadata map[string]any `json:"processor_metadata"`
	MethodMetadata    cardMetadata   `json:"method_metadata"`
}

type cardMetadata struct {
	Brand string `json:"brand"`
	Last4 string `json:"last4"`
}

func shapePayment(v *twin.View, p *twin.Payment) payment {
	out := payment{
		stamp: stamped(p.Stamp), ID: p.ID, Processor: "stripe", Status: p.Status, Amount: p.Amount, Currency: p.Currency,
		Method: "card", DeclineReason: text(p.DeclineCode), OrganizationID: v.Organization().ID,
		CheckoutID: text(p.CheckoutID), OrderID: text(p.OrderID), ProcessorMetadata: map[string]any{},
		MethodMetadata: cardMetadata{"visa", "0000"},
	}
	if n := len(p.Card); n >= 4 {
		out.MethodMetadata.Last4 = p.Card[n-4:]
	}
	if p.DeclineCode != "" {
		out.DeclineMessage = "Your card was declined."
	}
	return out
}
