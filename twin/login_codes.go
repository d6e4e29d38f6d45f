package twin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// loginLife is how long a code by mail is good.
const loginLife = 30 * time.Minute

// LoginCode lets the reader of a mailbox open a portal session, once.
type LoginCode struct {
	ID string
	Stamp
	Code                 string
	CustomerID, MemberID string
	NewEmail             string // of a change of address; such a code opens no session by itself
	ExpiresAt            time.Time
}

// RequestLogin mails a code to the person with the address: a customer, or a member of a team (customerID then
// says which, when there are several). An unknown address gets nothing, and is not told so.
func (e *Engine) RequestLogin(ctx context.Context, email, customerID string) error {
	return e.write(ctx, func(x *tx) error {
		for _, m := range x.members.all() {
			if !strings.EqualFold(m.Email, email) || customerID != "" && m.CustomerID != customerID {
				continue
			}
			code := LoginCode{
				ID: newID(), Stamp: x.made(), Code: fmt.Sprintf("%06d", rand.IntN(1_000_000)), CustomerID: m.CustomerID,
				MemberID: m.ID, ExpiresAt: x.now.Add(loginLife),
			}
			put(x, x.codes, code)
			x.mailTo(m.Email, "Your code for the "+x.Organization().Name+" portal",
				fmt.Sprintf("Your code is %s. It is good for 30 minutes.\n", code.Code))
			return nil
		}
		return nil
	})
}

// Login trades a code for a portal session. Errors: *Refused for one that is wrong, used or too old.
func (e *Engine) Login(ctx context.Context, text string) (CustomerSession, error) {
	var s CustomerSession
	err := e.write(ctx, func(x *tx) error {
		rows := x.codes.by(0, text)
		if text == "" || len(rows) == 0 || rows[0].NewEmail != "" || !x.now.Before(rows[0].ExpiresAt) {
			return refused("CustomerSessionCodeInvalidOrExpired", "This customer session code is invalid or has expired.")
		}
		code := *rows[0]
		remove(x, x.codes, code.ID)
		c, err := x.living(code.CustomerID)
		if err != nil {
			return err
		}
		if c.Team {
			s = x.openMemberSession(c.ID, code.MemberID, "")
		} else {
			s = x.openSession(c.ID, "")
		}
		return nil
	})
	return s, err
}
