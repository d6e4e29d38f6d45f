package twin

import (
	"fmt"
	"strings"
	"time"
)

// mailTo keeps a letter of the organization in the twin's mailbox, as if it had been sent.
func (x *tx) mailTo(address, subject, text string) {
	o := x.Organization()
	from := o.Email
	if from == "" {
		from = "hello@" + o.Slug + ".example"
	}
	at := x.stamp()
	raw := fmt.Sprintf("From: %s <%s>\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s",
		o.Name, from, address, subject, at.Format(time.RFC1123Z), strings.ReplaceAll(text, "\n", "\r\n"))
	put(x, x.mails, Mail{ID: newID(), ReceivedAt: at, From: from, To: []string{address}, Subject: subject, Text: text, Raw: raw})
}

// mailInvitation invites a person to their seat.
func (x *tx) mailInvitation(seat Seat) {
	bought, err := x.Seating(seat.SubscriptionID, seat.OrderID, "")
	if err != nil {
		return // a seat without its purchase invites nobody
	}
	product, shop := x.products.rows[bought.ProductID].Name, x.Organization().Name
	x.mailTo(seat.Email, "You have a seat on "+product,
		fmt.Sprintf("%s gave you a seat on %s by %s.\n\nYour invitation, good until %s:\n\n%s\n",
			x.customers.rows[seat.CustomerID].label(), product, shop, seat.TokenExpires.Format("2 January 2006, 15:04 UTC"), seat.Token))
}

// label is what a customer is called in letters.
func (c Customer) label() string {
	if c.Name != "" {
		return c.Name
	}
	return c.Email
}
