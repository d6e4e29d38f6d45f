package twin

import "strings"

// The roles of a member. An owner and a billing manager may act on what is billed; a customer has one owner.
const (
	RoleOwner   = "owner"
	RoleBilling = "billing_manager"
	RoleMember  = "member"
)

// Member is a person who acts for a customer. An individual customer has exactly one, its owner.
type Member struct {
	ID string
	Stamp
	CustomerID, ExternalID string
	Email, Name            string
	Role                   string
}

// Billing reports whether the member may see and change what is billed.
func (m Member) Billing() bool { return m.Role == RoleOwner || m.Role == RoleBilling }

// Member returns a member, or ErrNotFound.
func (v *View) Member(id string) (*Member, error) { return v.members.get(id) }

// Members returns the members of a customer, or all for "".
func (v *View) Members(customerID string) []*Member { return owned(v.members, customerID) }

// memberByEmail finds a customer's member by address, in any case.
func (v *View) memberByEmail(customerID, email string) (Member, bool) {
	for _, m := range v.members.by(byOwner, customerID) {
		if strings.EqualFold(m.Email, email) {
			return *m, true
		}
	}
	return Member{}, false
}

// owner is the owner of a customer; a customer that is not deleted has one.
func (v *View) owner(customerID string) (Member, error) {
	for _, m := range v.members.by(byOwner, customerID) {
		if m.Role == RoleOwner {
			return *m, nil
		}
	}
	return Member{}, ErrNotFound
}
