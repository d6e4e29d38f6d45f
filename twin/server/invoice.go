package server

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"counterfoil/twin"
)

// showInvoice serves the PDF of a generated invoice.
func (c *control) showInvoice(w http.ResponseWriter, r *http.Request) {
	order, err := c.engine.Order(r.PathValue("id"))
	if err != nil || !order.InvoiceGenerated {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", order.Number+".pdf"))
	w.Write(page(invoiceLines(c.engine.Organization(), order))) // a reader who left needs no answer
}

// showReceipt serves the PDF of a paid order's receipt.
func (c *control) showReceipt(w http.ResponseWriter, r *http.Request) {
	order, err := c.engine.Order(r.PathValue("id"))
	if err != nil || !order.Paid() {
		http.NotFound(w, r)
		return
	}
	lines := invoiceLines(c.engine.Organization(), order)
	lines[0] = "Receipt for " + order.Number
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", fmt.Sprintf("inline; filename=%q", "receipt-"+order.Number+".pdf"))
	w.Write(page(lines)) // a reader who left needs no answer
}

// invoiceLines are the lines of an invoice, top to bottom.
func invoiceLines(seller twin.Organization, o twin.Order) []string {
	lines := []string{"Invoice " + o.Number, "", seller.Name, o.CreatedAt.Format("2 January 2006"), "", "Billed to: " + o.BillingName}
	if a := o.BillingAddress; a != nil {
		lines = append(lines, a.Line1, strings.TrimSpace(a.PostalCode+" "+a.City), a.Country)
	}
	lines = append(lines, "")
	for _, it := range o.Items {
		lines = append(lines, fmt.Sprintf("%-48s %s", it.Label, money(it.Amount, o.Currency)))
	}
	return append(lines, "", fmt.Sprintf("%-48s %s", "Discount", money(-o.Discount, o.Currency)),
		fmt.Sprintf("%-48s %s", "Tax", money(o.Tax, o.Currency)), fmt.Sprintf("%-48s %s", "Total", money(o.Total, o.Currency)))
}

// money writes minor units of a two-decimal currency.
func money(amount int64, currency string) string {
	sign := ""
	if amount < 0 {
		sign, amount = "-", -amount
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, amount/100, amount%100, strings.ToUpper(currency))
}

// page writes lines as a PDF of one A4 page in Courier, one of the fonts that every reader has.
func page(lines []string) []byte {
	var text bytes.Buffer
	text.WriteString("BT /F1 11 Tf 14 TL 60 780 Td\n")
	for _, line := range lines {
		fmt.Fprintf(&text, "(%s) Tj T*\n", escapePDF(line))
	}
	text.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, object := range objects {
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return out.Bytes()
}

// escapePDF writes text for a PDF string in Windows Latin 1; other characters become question marks.
func escapePDF(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '(' || r == ')' || r == '\\':
			out.WriteByte('\\')
			out.WriteByte(byte(r))
		case r < 256:
			out.WriteByte(byte(r))
		default:
			out.WriteByte('?')
		}
	}
	return out.String()
}
