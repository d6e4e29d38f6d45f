package twin

import "time"

// Discount lowers the amount of a checkout and, by Duration, of later renewals. Amount (minor units) or
// BasisPoints (10000 is everything) is set by Kind.
type Discount struct {
	ID string
	Stamp
	Name, Code       string
	Kind             string // fixed, percentage
	Duration         string // once, forever, repeating
	Months           int    // of a repeating discount
	Amount           int64
	Currency         string
	BasisPoints      int64
	StartsAt, EndsAt time.Time
	MaxRedemptions   int // 0: no limit
	Redemptions      int
	ProductIDs       []string // empty: all
	Metadata         Metadata
	Deleted          bool
}
