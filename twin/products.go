package twin

// PriceKind is Polar's amount_type.
type PriceKind string

// The kinds of price (a "free" price is a fixed one of 0).
const (
	Fixed   PriceKind = "fixed"
	Custom  PriceKind = "custom"
	Metered PriceKind = "metered_unit"
	Seats   PriceKind = "seat_based"
)

// SeatTier prices seats from Min to Max (nil: no upper end).
type SeatTier struct {
	Min   int64  `json:"min_seats"`
	Max   *int64 `json:"max_seats"`
	Price int64  `json:"price_per_seat"` // minor units
}

// Price is one price of a product. Which fields count depends on Kind.
type Price struct {
	ID string
	Stamp
	ProductID string
	Kind      PriceKind
	Currency  string
	Archived  bool
	AdHoc     bool // made for one checkout

	Amount        int64  // fixed: minor units per period or purchase
	MinimumAmount int64  // custom
	MaximumAmount *int64 // custom
	PresetAmount  *int64 // custom

	UnitAmount string // metered: decimal minor units per unit
	CapAmount  *int64 // metered
	MeterID    string // metered

	TierType string     // seat based: "volume" or "graduated"
	Tiers    []SeatTier // seat based
}

// Product is something for sale. An empty Interval means one-time.
type Product struct {
	ID string
	Stamp
	Name, Description string
	Visibility        string // draft, private, public
	Interval          Interval
	IntervalCount     int
	TrialInterval     Interval
	TrialCount        int
	Archived          bool
	Metadata          Metadata
	Prices            []Price // current and archived
	BenefitIDs        []string
	Fields            []AttachedField // questions of the checkout, in order
	MediaIDs          []string        // pictures, in order
}

// Recurring reports whether the product makes subscriptions.
func (p Product) Recurring() bool { return p.Interval != "" }

// Base returns the current price that is charged up front (fixed, custom or seat based) in currency.
func (p Product) Base(currency string) (Price, bool) {
	for _, price := range p.Prices {
		if !price.Archived && price.Kind != Metered && price.Currency == currency {
			return price, true
		}
	}
	return Price{}, false
}
