package polar

import (
	"net/http"
	"time"

	"counterfoil/twin"
)

// dispute is a buyer's bank asking for a payment back.
type dispute struct {
	stamp
	ID        string `json:"id"`
	Status    string `json:"status"`
	Resolved  bool   `json:"resolved"`
	Closed    bool   `json:"closed"`
	Amount    int64  `json:"amount"`
	TaxAmount int64  `json:"tax_amount"`
	Currency  string `json:"currency"`
	OrderID   string `json:"order_id"`
	PaymentID string `json:"payment_id"`
}

func shapeDispute(_ *twin.View, d *twin.Dispute) dispute {
	return dispute{stamped(d.Stamp), d.ID, d.Status, d.Closed(), d.Closed(), d.Amount, d.Tax, d.Currency, d.OrderID, d.PaymentID}
}

var disputeSorts = map[string]func(a, b *twin.Dispute) int{
	"created_at": byTime(func(d *twin.Dispute) time.Time { return d.CreatedAt }),
	"amount":     byNumber(func(d *twin.Dispute) int64 { return d.Amount }),
}

// listDisputes: GET /v1/disputes/
func (s *Server) listDisputes(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Dispute]{
		rows: v.Disputes(), sorts: disputeSorts, usual: "-created_at",
		keep:  func(d *twin.Dispute) bool { return q.allows("order_id", d.OrderID) && q.allows("status", d.Status) },
		shape: func(d *twin.Dispute) any { return shapeDispute(v, d) },
	}.answer(q)
}

// getDispute: GET /v1/disputes/{id}
func (s *Server) getDispute(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeDispute)(v.Dispute(r.PathValue("id")))
}
