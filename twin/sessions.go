package twin

import (
	"context"
	"time"
)

// sessionLife is how long a customer session token is good.
const sessionLife = time.Hour

// SessionInput names whose session is wanted. A team customer's needs a member.
type SessionInput struct {
	CustomerID, ExternalCustomerID string
	MemberID, ExternalMemberID     string
	ReturnURL                      string
}

// CreateSession opens a session of an individual customer; see CreateSessionFor.
func (e *Engine) CreateSession(ctx context.Context, customerID, externalID, returnURL string) (CustomerSession, error) {
	return e.CreateSessionFor(ctx, SessionInput{CustomerID: customerID, ExternalCustomerID: externalID, ReturnURL: returnURL})
}

// CreateSessionFor opens a customer session, or a member's. Errors: *Invalid, naming the field.
func (e *Engine) CreateSessionFor(ctx context.Context, in SessionInput) (CustomerSession, error) {
	var made CustomerSession
	err := e.write(ctx, func(x *tx) error {
		c, err := x.named(in.CustomerID, in.ExternalCustomerID)
		if err != nil {
			return err
		}
		if in.MemberID == "" && in.ExternalMemberID == "" {
			if c.Team {
				return invalid("A session of a team customer needs a member.", "member_id")
			}
			made = x.openSession(c.ID, in.ReturnURL)
			return nil
		}
		m, err := x.memberNamed(c.ID, in.MemberID, in.ExternalMemberID)
		if err != nil {
			return invalid("Member does not exist.", "member_id")
		}
		made = x.openMemberSession(c.ID, m.ID, in.ReturnURL)
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

// openSession stores a session; a team's belongs to its owner.
func (x *tx) openSession(customerID, returnURL string) CustomerSession {
	if c := x.customers.rows[customerID]; c != nil && c.Team {
		if owner, err := x.owner(customerID); err == nil {
			return x.openMemberSession(customerID, owner.ID, returnURL)
		}
	}
	return x.storeSession(CustomerSession{Token: newToken("polar_cst_"), CustomerID: customerID, ReturnURL: returnURL})
}

// openMemberSession stores a session of one member.
func (x *tx) openMemberSession(customerID, memberID, returnURL string) CustomerSession {
	return x.storeSession(CustomerSession{Token: newToken("polar_mst_"), CustomerID: customerID, MemberID: memberID, ReturnURL: returnURL})
}

// storeSession keeps a session for as long as sessions live.
func (x *tx) storeSession(s CustomerSession) CustomerSession {
	s.ID, s.Stamp, s.ExpiresAt = newID(), x.made(), x.now.Add(sessionLife)
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

// Actor is who uses the customer portal.
type Actor struct {
	Session  CustomerSession
	Customer Customer
	Member   Member
}

// Actor returns who an unexpired session token stands for, or ErrNotFound.
func (v *View) Actor(token string) (Actor, error) {
	s, err := v.SessionByToken(token)
	if err != nil {
		return Actor{}, err
	}
	a := Actor{Session: s}
	if a.Customer, err = v.living(s.CustomerID); err != nil {
		return Actor{}, err
	}
	if s.MemberID == "" {
		a.Member, err = v.owner(s.CustomerID)
		return a, err
	}
	m, err := v.members.get(s.MemberID)
	if err != nil {
		return Actor{}, err
	}
	a.Member = *m
	return a, nil
}

// Holds reports whether something given to memberID ("": to the customer itself) is the actor's to see: a
// plain member of a team sees what came by their own seat.
func (a Actor) Holds(memberID string) bool { return a.Member.Billing() || memberID == a.Member.ID }
