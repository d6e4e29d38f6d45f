package pages

import (
	"net/url"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// checkoutView is the checkout page in words.
type checkoutView struct {
	Action       string
	Heading      string // what is being done: "Subscribe to Pro"
	Price        string // what it costs each time, large
	Per          string
	Description  string
	Perks        []string
	Products     []productChoice // empty when there is nothing to choose
	Lines        []amountLine
	TotalLabel   string
	Total        string
	Later        string       // what will be charged after today, a sentence
	Choice       amountChoice // of the sum or the seats; without a name when there is none
	Codes        bool         // whether a discount code may be typed
	Applied      string       // code or name of the discount in force
	Form         checkoutForm
	EmailLocked  bool
	FullAddress  bool // street and town are required
	Countries    []country
	NeedsCard    bool
	Cards        []cardChoice
	Button       string
	Fine         string
	Problems     problems
	MoreAddress  bool // show the optional address fields opened
	MerchantName string
}

// productChoice is one product of the switcher.
type productChoice struct {
	ID, Name, Price string
	Current         bool
}

// amountLine is one line above the total.
type amountLine struct {
	Label, Note, Amount string
	Discount            bool
}

// cardChoice is one test card.
type cardChoice struct {
	Value, Shown, Outcome string
	Checked               bool
}

// testCards are the cards on offer, in the order of how often they are wanted.
var testCards = []cardChoice{
	{Value: twin.CardSucceeds, Outcome: "Succeeds"},
	{Value: twin.CardDeclined, Outcome: "Is declined"},
	{Value: twin.CardChallenge, Outcome: "Needs one more step"},
	{Value: twin.CardFailsLate, Outcome: "Pays now, fails at renewal"},
}

// cards marks the chosen one.
func cards(chosen string) []cardChoice {
	list := make([]cardChoice, len(testCards))
	for i, card := range testCards {
		card.Shown, card.Checked = groups(card.Value), card.Value == chosen
		list[i] = card
	}
	return list
}

// checkoutView gathers what the page says about an open checkout.
func (s *server) checkoutView(c twin.Checkout, f checkoutForm, wrong problems) (checkoutView, error) {
	product, err := s.engine.Product(c.ProductID)
	if err != nil {
		return checkoutView{}, err
	}
	v := checkoutView{
		Action: checkoutPath(c), Description: product.Description, Form: f, Problems: wrong,
		EmailLocked: c.CustomerID != "", FullAddress: c.RequireBillingAddress, Countries: countries,
		NeedsCard: c.NeedsCard(), Cards: cards(f.Card), Codes: c.AllowDiscountCodes && c.DiscountID == "",
		MoreAddress:  f.Address.Line1 != "" || f.Address.City != "" || wrong.On("line1")+wrong.On("city")+wrong.On("postal_code")+wrong.On("state") != "",
		MerchantName: s.engine.Organization().Name,
	}
	v.Choice = choiceOf(c, product, f.Choice)
	v.Price, v.Per = look.Money(c.Subtotal, c.Currency), per(product.Interval, product.IntervalCount)
	for _, id := range product.BenefitIDs {
		if benefit, err := s.engine.Benefit(id); err == nil && !benefit.Deleted {
			v.Perks = append(v.Perks, benefit.Description)
		}
	}
	if len(c.ProductIDs) > 1 {
		for _, id := range c.ProductIDs {
			if p, err := s.engine.Product(id); err == nil {
				v.Products = append(v.Products, productChoice{ID: id, Name: p.Name, Price: priceOf(p, c.Currency), Current: id == c.ProductID})
			}
		}
	}
	s.tellAmounts(&v, c, product)
	tellDeed(&v, c, product)
	return v, nil
}

// tellAmounts fills in the lines that lead to today's total, and what comes after it.
func (s *server) tellAmounts(v *checkoutView, c twin.Checkout, product twin.Product) {
	v.Lines = []amountLine{{Label: product.Name, Note: v.Per, Amount: look.Money(c.Subtotal, c.Currency)}}
	next := c.Subtotal
	if discount, err := s.engine.Discount(c.DiscountID); err == nil {
		next = renewal(c, discount)
		v.Applied = discount.Code
		if v.Applied == "" {
			v.Applied = discount.Name
		}
		v.Lines = append(v.Lines, amountLine{Label: v.Applied, Note: discountNote(discount), Amount: look.Money(-c.Discount, c.Currency), Discount: true})
	}
	if c.Tax != 0 {
		v.Lines = append(v.Lines, amountLine{Label: "Tax", Amount: look.Money(c.Tax, c.Currency)})
	}
	v.TotalLabel, v.Total = "Total", look.Money(c.DueToday(), c.Currency)
	if product.Recurring() {
		v.TotalLabel = "Total due today"
		when := product.Interval.After(s.engine.Now(), max(1, product.IntervalCount))
		if !c.TrialEnd.IsZero() {
			when = c.TrialEnd
		}
		if c.Subtotal > 0 {
			v.Later = "Then " + look.Money(next, c.Currency) + " " + v.Per + ", first on " + day(when)
		}
	}
}

// tellDeed names what pressing the button does.
func tellDeed(v *checkoutView, c twin.Checkout, product twin.Product) {
	switch {
	case !product.Recurring():
		v.Heading, v.Button = "Buy "+product.Name, "Pay "+v.Total
		v.Fine = "You pay once. Nothing renews."
	case !c.TrialEnd.IsZero():
		v.Heading, v.Button = "Try "+product.Name, "Start trial"
		v.Fine = "Free until " + day(c.TrialEnd) + ", then " + v.Price + " " + v.Per + " until you cancel."
	case c.Subtotal == 0:
		v.Heading, v.Button = "Start "+product.Name, "Start "+product.Name
		v.Fine = "No card is needed."
	default:
		v.Heading, v.Button = "Subscribe to "+product.Name, "Pay "+v.Total+" and subscribe"
		v.Fine = "You allow " + v.MerchantName + " to charge this card " + each(product.Interval, product.IntervalCount) + " until you cancel. You can cancel at any time."
	}
	if c.DueToday() == 0 && !product.Recurring() {
		v.Button, v.Fine = "Get it for free", ""
	}
}

// receiptView is the confirmation page in words.
type receiptView struct {
	Product, Total, Number, Email string
	When                          string
	Perks                         []string
	Portal                        string // address of the customer portal; empty without a token
	Back                          string // the merchant's site
	Merchant                      string
}

// receipt gathers what the confirmation page says; token opens the portal when it is good.
func (s *server) receipt(c twin.Checkout, token string) (receiptView, error) {
	product, err := s.engine.Product(c.ProductID)
	if err != nil {
		return receiptView{}, err
	}
	org := s.engine.Organization()
	v := receiptView{
		Product: product.Name, Total: look.Money(c.DueToday(), c.Currency), Email: c.CustomerEmail,
		When: day(c.ModifiedAt), Merchant: org.Name, Back: webAddress(c.ReturnURL),
	}
	if order, err := s.engine.Order(c.OrderID); err == nil {
		v.Number, v.Total = order.Number, look.Money(order.Total, order.Currency)
	}
	for _, id := range product.BenefitIDs {
		if benefit, err := s.engine.Benefit(id); err == nil && !benefit.Deleted {
			v.Perks = append(v.Perks, benefit.Description)
		}
	}
	if _, err := s.engine.CustomerByToken(token); err == nil {
		v.Portal = portalPath(org.Slug, "") + "?customer_session_token=" + url.QueryEscape(token)
	}
	return v, nil
}
