package twin

import (
	"context"
	"net/mail"
)

// MemberInput makes a member of a customer. An empty Role is RoleMember.
type MemberInput struct{ Email, Name, ExternalID, Role string }

// CreateMember adds a person to a team customer; one with the same address is returned as it is. Errors:
// ErrNotFound, *Invalid, *Refused.
func (e *Engine) CreateMember(ctx context.Context, customerID string, in MemberInput) (Member, error) {
	var made Member
	err := e.write(ctx, func(x *tx) error {
		c, err := x.living(customerID)
		if err != nil {
			return err
		}
		if !c.Team {
			return refused("NotPermitted", "Member management is only available for team customers.")
		}
		if in.Role == RoleOwner {
			return invalid("Cannot add a member as owner. There must be exactly one owner.", "role")
		}
		made, err = x.addMember(customerID, in)
		return err
	})
	return made, err
}

// addMember finds or makes the member with the address.
func (x *tx) addMember(customerID string, in MemberInput) (Member, error) {
	if parsed, err := mail.ParseAddress(in.Email); err != nil || parsed.Address != in.Email {
		return Member{}, invalid("value is not a valid email address: An email address must have an @-sign.", "email")
	}
	if m, ok := x.memberByEmail(customerID, in.Email); ok {
		return m, nil
	}
	m := Member{
		ID: newID(), Stamp: x.made(), CustomerID: customerID, ExternalID: in.ExternalID, Email: in.Email, Name: in.Name, Role: in.Role,
	}
	if m.Role == "" {
		m.Role = RoleMember
	}
	for _, other := range x.members.by(byOwner, customerID) {
		if in.ExternalID != "" && other.ExternalID == in.ExternalID {
			return m, invalid("A member with this external ID already exists.", "external_id")
		}
	}
	put(x, x.members, m)
	x.emit("member.created", m.ID)
	return m, nil
}

// addOwner makes the owner of a new customer: the person in, or for an individual the customer itself.
func (x *tx) addOwner(c Customer, in *MemberInput) error {
	owner := MemberInput{Email: c.Email, Name: c.Name, ExternalID: c.ExternalID}
	if in != nil {
		owner = *in
		if owner.Email == "" {
			owner.Email = c.Email
		}
	}
	if parsed, err := mail.ParseAddress(owner.Email); err != nil || parsed.Address != owner.Email {
		return invalid("A team without an email address needs an owner with one.", "owner", "email")
	}
	m := Member{
		ID: c.MemberID, Stamp: x.made(), CustomerID: c.ID, ExternalID: owner.ExternalID, Email: owner.Email, Name: owner.Name, Role: RoleOwner,
	}
	put(x, x.members, m)
	x.emit("member.created", m.ID)
	return nil
}

// followCustomer keeps the one member of an individual customer in step with it.
func (x *tx) followCustomer(c Customer) {
	row, ok := x.members.rows[c.MemberID]
	if !ok || c.Team || row.Email == c.Email && row.Name == c.Name && row.ExternalID == c.ExternalID {
		return
	}
	m := *row
	m.Email, m.Name, m.ExternalID, m.Stamp = c.Email, c.Name, c.ExternalID, x.touched(m.Stamp)
	put(x, x.members, m)
}

// UpdateMember changes name and role of a member; nil leaves one alone. A customer keeps exactly one owner.
// Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateMember(ctx context.Context, id string, name, role *string) (Member, error) {
	var m Member
	err := e.write(ctx, func(x *tx) error {
		row, err := x.members.get(id)
		if err != nil {
			return err
		}
		m = *row
		wanted := pick(role, m.Role)
		switch {
		case m.Role == RoleOwner && wanted != RoleOwner:
			return invalid("Cannot demote the only owner. The team must have at least one owner.", "role")
		case m.Role != RoleOwner && wanted == RoleOwner:
			return invalid("Cannot have multiple owners. Demote the current owner first.", "role")
		}
		m.Name, m.Role, m.Stamp = pick(name, m.Name), wanted, x.touched(m.Stamp)
		put(x, x.members, m)
		x.emit("member.updated", m.ID)
		return nil
	})
	return m, err
}

// DeleteMember removes a person from a team and revokes their seats. Errors: ErrNotFound, *Refused.
func (e *Engine) DeleteMember(ctx context.Context, id string) error {
	return e.write(ctx, func(x *tx) error {
		m, err := x.members.get(id)
		if err != nil {
			return err
		}
		if m.Role == RoleOwner {
			return refused("NotPermitted", "Cannot remove the only owner. Transfer ownership first.")
		}
		for _, s := range x.seats.all() {
			if s.MemberID == id && s.Taken() {
				x.revokeSeat(*s)
			}
		}
		for _, s := range x.sessions.all() {
			if s.MemberID == id {
				remove(x, x.sessions, s.ID)
			}
		}
		x.emit("member.deleted", id)
		remove(x, x.members, id)
		return nil
	})
}
