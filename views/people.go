package views

// AdminPeopleTab is the page of the people who can sign in.
const AdminPeopleTab AdminTab = "people"

// AdminPeople lists who can sign in.
type AdminPeople struct {
	Email    string // what was looked for; "" for the latest sign-ups
	Rows     []PersonRow
	NewerURL string
	OlderURL string
}

// PersonRow is one of them.
type PersonRow struct {
	ID       string
	Email    string
	Name     string // may be ""
	Verified bool
	Since    Time
}

// AdminPerson is somebody and where he is signed in.
type AdminPerson struct {
	PersonRow
	Sessions []Session
	EndURL   string
	End      string // "" when there is nothing to end
}
