package billing

// Role is what somebody may do in an organisation. The words are kept in the database,
// and are those of Polar's members.
type Role string

// The roles. Who has none does not belong to the organisation.
const (
	RoleOwner          Role = "owner"           // everything, and says who belongs
	RoleBillingManager Role = "billing_manager" // all about billing
	RoleMember         Role = "member"          // sees usage, credits and benefits
)

// Valid reports whether it is a role that can be given.
func (r Role) Valid() bool {
	return r == RoleOwner || r == RoleBillingManager || r == RoleMember
}

// Bills reports whether who has the role sees and does what is about billing: orders,
// payment, checkout, changes of subscriptions, seats.
func (r Role) Bills() bool { return r == RoleOwner || r == RoleBillingManager }

// Manages reports whether who has the role says who belongs to the organisation.
func (r Role) Manages() bool { return r == RoleOwner }
