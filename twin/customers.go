package twin

import "time"

// Customer is a payer. E-mail addresses are unique without regard to case; ExternalID is unique and cannot
// change once set. A deleted customer stays readable to orders and events.
type Customer struct {
	ID string
	Stamp
	MemberID       string // the owner the customer was made with
	Team           bool   // has members; an individual customer is its own and only one
	ExternalID     string
	Email          string
	EmailVerified  bool
	Name           string
	BillingName    string
	BillingAddress *Address
	TaxID          []string // value, format
	Locale         string
	Metadata       Metadata
	DeletedAt      time.Time
	Balance        int64              // minor units owed to the customer, used up by later orders
	Card           string             // number of the stored test card, "" for none
	MethodID       string             // payment method of that card
	DeclineNext    bool               // the next charge is declined, whatever the card
	Accounts       map[string]Account // connected accounts, by platform: discord, github
}

// CustomerSession lets its bearer act as the customer until it expires.
type CustomerSession struct {
	ID string
	Stamp
	Token      string
	CustomerID string
	MemberID   string // set when the bearer is one member of a team
	ReturnURL  string
	ExpiresAt  time.Time
}

// Account is a customer's account with an outside service.
type Account struct{ ID, Username string }
