package twin

import (
	"context"
	"time"
)

// sessionLife is how long a customer session token is good.
const sessionLife = time.Hour

// CreateSession opens a customer session. Errors: *Invalid for an unknown customer, naming field.
func (e *Engine) CreateSession(ctx context.Context, customerID, externalID, returnURL string) (CustomerSession, error) {
	var made CustomerSession
	err := e.write(ctx, func(x *tx) error {
		c, err := x.named(customerID, externalID)
		if err != nil {
			return err
		}
		made = x.openSession(c.ID, returnURL)
		return nil
	})
	return made, err
}

// named finds a living customer by id or external id; an unknown one is an *Invalid on that field.
func (v *View) named(id, external string) (Customer, error) {
	if external != "" {
		c, err := v.CustomerByExternal(external)
		if err != nil {
			return c, invalid("Customer does not exist.", "external_customer_id")
		}
		return c, nil
	}
	c, err := v.living(id)
	if err != nil {
		return c, invalid("Customer does not exist.", "customer_id")
	}
	return c, nil
}

// openSession stores a session.
func (x *tx) openSession(customerID, returnURL string) CustomerSession {
	s := CustomerSession{
		ID: newID(), Stamp: x.made(), Token: newToken("polar_cst_"), CustomerID: customerID,
		ReturnURL: returnURL, ExpiresAt: x.now.Add(sessionLife),
	}
	put(x, x.sessions, s)
	return s
}

// SessionByToken returns an unexpired session, or ErrNotFound.
func (v *View) SessionByToken(token string) (CustomerSession, error) {
	rows := v.sessions.by(0, token)
	if token == "" || len(rows) == 0 || !v.now.Before(rows[0].ExpiresAt) {
		return CustomerSession{}, ErrNotFound
	}
	return *rows[0], nil
}

// CustomerByToken returns the customer of an unexpired customer session token, or ErrNotFound.
func (e *Engine) CustomerByToken(token string) (Customer, error) {
	return read(e, func(v *View) (Customer, error) {
		s, err := v.SessionByToken(token)
		if err != nil {
			return Customer{}, err
		}
		return v.living(s.CustomerID)
	})
}

// CustomerByExternal returns the living customer with the external id, or ErrNotFound.
func (v *View) CustomerByExternal(external string) (Customer, error) {
	rows := v.customers.by(customersByExternal, external)
	if external == "" || len(rows) == 0 {
		return Customer{}, ErrNotFound
	}
	return *rows[0], nil
}
