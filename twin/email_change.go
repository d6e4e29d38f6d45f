package twin

import (
	"context"
	"fmt"
)

// RequestEmail mails a token to the address that a customer wants; whoever reads it there can confirm the
// change. Errors: ErrNotFound, *Invalid, *Refused.
func (e *Engine) RequestEmail(ctx context.Context, customerID, email string) error {
	return e.write(ctx, func(x *tx) error {
		c, err := x.living(customerID)
		if err != nil {
			return err
		}
		if x.Organization().LockEmail {
			return refused("NotPermitted", "Changing the email address is not allowed.")
		}
		if err := x.claimEmail(&c, email); err != nil { // c is a copy: the address is only tried on
			return err
		}
		code := LoginCode{
			ID: newID(), Stamp: x.made(), Code: newToken("polar_ceu_"), CustomerID: c.ID, NewEmail: email, ExpiresAt: x.now.Add(loginLife),
		}
		put(x, x.codes, code)
		x.mailTo(email, "Confirm your new address for "+x.Organization().Name,
			fmt.Sprintf("Confirm that this is your address with this token, good for 30 minutes:\n\n%s\n", code.Code))
		return nil
	})
}

// EmailChange checks a token of RequestEmail. Errors: *Refused for one that is wrong, used or too old.
func (v *View) EmailChange(token string) (LoginCode, error) {
	rows := v.codes.by(0, token)
	if token == "" || len(rows) == 0 || rows[0].NewEmail == "" || !v.now.Before(rows[0].ExpiresAt) {
		return LoginCode{}, refused("InvalidCustomerEmailUpdate", "This email update request is invalid or has expired.")
	}
	return *rows[0], nil
}

// ConfirmEmail gives a customer the address that the token was mailed to, and opens a session. Errors:
// *Invalid when somebody took the address meanwhile, *Refused.
func (e *Engine) ConfirmEmail(ctx context.Context, token string) (CustomerSession, error) {
	var s CustomerSession
	err := e.write(ctx, func(x *tx) error {
		code, err := x.EmailChange(token)
		if err != nil {
			return err
		}
		remove(x, x.codes, code.ID)
		if _, err := x.updateCustomer(code.CustomerID, CustomerInput{Email: &code.NewEmail}); err != nil {
			return err
		}
		s = x.openSession(code.CustomerID, "")
		return nil
	})
	return s, err
}
