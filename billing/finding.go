package billing

// Finding is one thing that a check looked at, for the operator to read.
type Finding struct {
	Name   string // what was looked at, such as "scope orders:read"
	OK     bool
	Detail string // what was found
	Remedy string // what to do about it; empty when OK
}
