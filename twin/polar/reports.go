package polar

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"counterfoil/twin"
)

// reportRoutes are the answers that are not one JSON object: tables to download, and what a checkout goes
// through while somebody watches.
func (s *Server) reportRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /v1/customers/export":                 s.guard(merchant, s.table("customers.csv", exportCustomers)),
		"GET /v1/subscriptions/export":             s.guard(merchant, s.table("subscriptions.csv", exportSubscriptions)),
		"GET /v1/orders/export":                    s.guard(merchant, s.table("orders.csv", exportOrders)),
		"GET /v1/metrics":                          s.ask(s.getMetrics),
		"GET /v1/metrics/limits":                   s.ask(s.getMetricsLimits),
		"GET /v1/checkouts/client/{secret}/stream": s.streamCheckout,
	}
}

// table serves rows as a CSV file, the first of them the heads.
func (s *Server) table(name string, rows func(v *twin.View, q query) [][]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var out bytes.Buffer
		err := s.engine.Read(func(v *twin.View) error {
			values, _ := url.ParseQuery(r.URL.RawQuery) // unreadable pairs are as if not given
			q := query{values, &[]twin.FieldError{}}
			lines := rows(v, q)
			if err := q.err(); err != nil {
				return err
			}
			return csv.NewWriter(&out).WriteAll(lines)
		})
		if err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		w.Write(out.Bytes()) // a caller who left needs no answer
	}
}

// exportCustomers: GET /v1/customers/export
func exportCustomers(v *twin.View, _ query) [][]string {
	rows := [][]string{{"ID", "External ID", "Email", "Name", "Created At"}}
	for _, c := range v.Customers() {
		if c.DeletedAt.IsZero() {
			rows = append(rows, []string{c.ID, c.ExternalID, c.Email, c.Name, stampText(c.CreatedAt)})
		}
	}
	return rows
}

// exportSubscriptions: GET /v1/subscriptions/export
func exportSubscriptions(v *twin.View, _ query) [][]string {
	rows := [][]string{{"Email", "Name", "Created At", "Active", "Product", "Price", "Currency", "Interval"}}
	for _, sub := range v.Subscriptions("") {
		customer, product := namesOf(v, sub.CustomerID, sub.ProductID)
		rows = append(rows, []string{
			customer.Email, customer.Name, stampText(sub.CreatedAt), strconv.FormatBool(sub.Live()), product,
			amountText(sub.Amount), sub.Currency, string(sub.Interval),
		})
	}
	return rows
}

// exportOrders: GET /v1/orders/export
func exportOrders(v *twin.View, q query) [][]string {
	rows := [][]string{{"Email", "Created At", "Product", "Amount", "Currency", "Status", "Invoice number"}}
	for _, o := range v.Orders("") {
		if !q.allows("product_id", o.ProductID) {
			continue
		}
		customer, product := namesOf(v, o.CustomerID, o.ProductID)
		rows = append(rows, []string{
			customer.Email, stampText(o.CreatedAt), product, amountText(o.Net), o.Currency, o.Status, o.Number,
		})
	}
	return rows
}

// namesOf is who and what a row is about; what is unknown stays empty.
func namesOf(v *twin.View, customerID, productID string) (customer twin.Customer, product string) {
	if c, err := v.Customer(customerID); err == nil {
		customer = *c
	}
	if p, err := v.Product(productID); err == nil {
		product = p.Name
	}
	return customer, product
}

// stampText writes an instant for a table.
func stampText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// amountText writes minor units of a two-decimal currency.
func amountText(amount int64) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	cents := strconv.FormatInt(100+amount%100, 10)[1:]
	return sign + strconv.FormatInt(amount/100, 10) + "." + cents
}
