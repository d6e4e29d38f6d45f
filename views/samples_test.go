package views_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/a-h/templ"

	"counterfoil/views"
)

// now is when all samples are looked at.
var now = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// sample is one page in one state.
type sample struct {
	name string
	view templ.Component
}

// sampler makes samples true to the demo: its catalogue, its people.
type sampler struct {
	t *views.Translator
}

func newSampler(t *testing.T) sampler {
	t.Helper()
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	return sampler{catalogue.Translator("en", nil)}
}

// visitor is a page as seen by nobody in particular.
func (s sampler) visitor(title string, nav views.Nav) views.Page {
	return views.Page{
		T: s.t, Title: s.t.T(title), Path: "/", Nav: nav,
		Brand: views.Brand{Name: "Lumen", Support: "help@example.com"},
		Demo:  &views.Demo{FrontURL: "http://localhost:8081/_twin/", MailboxURL: "http://localhost:8081/_twin/mail"},
	}
}

// sam is a page as seen by the subscriber of fourteen months.
func (s sampler) sam(title string, nav views.Nav) views.Page {
	p := s.visitor(title, nav)
	p.Payer = "0190d2d2-0001-7333-8333-333333333333"
	p.User = &views.User{Name: "Sam Okafor", Email: "sam@example.com", Initials: "SO"}
	p.AsOf = &views.AsOf{At: s.t.Ago(now.Add(-2*time.Minute), now)}
	return p
}

func (s sampler) all() []sample {
	var all []sample
	for _, part := range [][]sample{s.public(), s.ways(), s.success(), s.portal(), s.usage(), s.credits(), s.admin(), s.account(), s.orgs(), s.rest()} {
		all = append(all, part...)
	}
	return all
}

func (s sampler) plans(signedIn bool) []views.PlanCard {
	cards := []views.PlanCard{
		{
			Slug: "free", Name: "Free", Description: "To try it out.", Price: s.t.Price(0, "usd"), Interval: views.Month,
			Included: []string{"100 AI credits a month", "10 file uploads a month"},
		},
		{
			Slug: "pro", Name: "Pro", Description: "For work that has to be done.", Price: s.t.Price(2400, "usd"), Interval: views.Month, Featured: true,
			Included: []string{"2,000 AI credits a month, unused ones carry over", "500 file uploads a month"},
			Benefits: []string{"Custom models", "Priority support"},
		},
	}
	if signedIn {
		cards[0].Unavailable = "You have Pro."
		cards[0].ManageURL = "/portal/subscriptions/sub-1"
		cards[1].Current, cards[1].ManageURL = true, "/portal/subscriptions/sub-1"
	}
	return cards
}

func (s sampler) packs() []views.PlanCard {
	return []views.PlanCard{{
		Slug: "credits-1000", Name: "1,000 AI credits", Description: "They do not expire while a plan runs.", Price: s.t.Price(1200, "usd"),
	}}
}

func (s sampler) public() []sample {
	yearly := views.PlanCard{
		Slug: "pro-yearly", Name: "Pro", Description: "For work that has to be done.", Price: s.t.Price(24000, "usd"), Interval: views.Year,
		Note: "$20 a month", Featured: true, Included: []string{"25,000 AI credits a year", "6,000 file uploads a year"},
		Benefits: []string{"Custom models", "Priority support"},
	}
	choice := func(title string) views.Page {
		p := s.sam("plans.title", views.NavPlans)
		p.Title = s.t.T(title, "Plan", "Pro")
		return p
	}
	chosen := s.plans(false)[1]
	chosen.Chosen = true
	trials, packs := s.plans(false), s.packs()
	trials[1].Note = "14 days free, then $24 a month · or €22, £19.50 where that is your currency"
	packs[0].Note = "or €11 where that is your currency"
	login := views.Login{
		Next:  "/plans",
		Codes: true, Links: true, Passwords: true, SignUps: true,
		Providers: []views.LoginProvider{{ID: "openid-connect", Name: "Lumen ID"}},
		Personas: []views.Persona{
			{Provider: "openid-connect", Name: "Noor Haddad", Email: "noor@example.com", About: "A newcomer, without a plan"},
			{Provider: "openid-connect", Name: "Sam Okafor", Email: "sam@example.com", About: "On Pro for fourteen months"},
			{Provider: "openid-connect", Name: "Pat Lindqvist", Email: "pat@example.com", About: "Whose last payment failed"},
			{Provider: "openid-connect", Name: "Olive Tran", Email: "olive@example.com", About: "Runs this installation"},
		},
	}
	wrong := views.Login{Sent: true, Codes: true, Email: "noor@example.com", Minutes: "10", Error: "That code is not right. 4 attempts are left."}
	badAddress := login
	badAddress.Email, badAddress.Error = "noor@example", "Enter an address like name@example.com."
	return []sample{
		{"home", views.HomePage(s.visitor("home.title", ""), views.Home{Plans: s.plans(false)})},
		{"plans", views.PlansPage(s.visitor("plans.title", views.NavPlans), views.Plans{Interval: views.Month, Monthly: true, Yearly: true, Saving: "Save 17%", Plans: s.plans(false), Packs: s.packs()})},
		{"plans-yearly", views.PlansPage(s.visitor("plans.title", views.NavPlans), views.Plans{Interval: views.Year, Monthly: true, Yearly: true, Saving: "Save 17%", Plans: []views.PlanCard{s.plans(false)[0], yearly}, Packs: s.packs()})},
		{"plans-current", views.PlansPage(s.sam("plans.title", views.NavPlans), views.Plans{Interval: views.Month, Monthly: true, Yearly: true, Plans: s.plans(true), Packs: s.packs()})},
		{"plans-trial", views.PlansPage(s.visitor("plans.title", views.NavPlans), views.Plans{Interval: views.Month, Monthly: true, Plans: trials, Packs: packs})},
		{"plan-chosen", views.ChosenPage(choice("chosen.title"), chosen)},
		{"plan-chosen-held", views.ChosenPage(choice("chosen.held"), s.plans(true)[1])},
		{"plans-none", views.PlansPage(s.visitor("plans.title", views.NavPlans), views.Plans{})},
		{"login", views.LoginPage(s.visitor("login.title", ""), login)},
		{"login-error", views.LoginPage(s.visitor("login.title", ""), badAddress)},
		{"login-code", views.LoginPage(s.visitor("login.title", ""), views.Login{Sent: true, Resent: true, Codes: true, Email: "noor@example.com", Minutes: "10"})},
		{"login-code-wrong", views.LoginPage(s.visitor("login.title", ""), wrong)},
	}
}

func (s sampler) receipt() views.Receipt {
	return views.Receipt{
		Number: "LUMEN-0412", Date: s.t.Date(now), Status: views.OrderPaid,
		Lines:    []views.ReceiptLine{{Text: "Pro", Note: "22 November to 22 December 2026", Amount: s.t.Money(2400, "usd")}},
		Subtotal: s.t.Money(2400, "usd"), Discount: s.t.Money(-480, "usd"), Tax: s.t.Money(365, "usd"), Total: s.t.Money(2285, "usd"),
		BillTo: []string{"Noor Haddad", "Rotterdam, Netherlands"},
	}
}

func (s sampler) success() []sample {
	page := func() views.Page { return s.sam("success.title", "") }
	receipt := s.receipt()
	steps := []views.Step{{Text: "Payment accepted", Done: true}, {Text: "Order recorded"}, {Text: "Benefits granted"}}
	next := []views.Link{{URL: "/portal", Text: "Open your portal"}, {URL: "/usage", Text: "Send a first event"}}
	return []sample{
		{"success-waiting", views.SuccessPage(page(), views.Success{State: views.CheckoutWaiting, StreamURL: "/checkout/success/stream?checkout_id=co-1", Product: "Pro", Steps: steps})},
		{"success-processing", views.SuccessPage(page(), views.Success{State: views.CheckoutProcessing, StreamURL: "/checkout/success/stream?checkout_id=co-1"})},
		{"success-paid", views.SuccessPage(page(), views.Success{State: views.CheckoutPaid, Product: "Pro", Receipt: &receipt, Next: next})},
		{"success-failed", views.SuccessPage(page(), views.Success{State: views.CheckoutFailed, Reason: "The card was declined.", Slug: "pro"})},
		{"success-expired", views.SuccessPage(page(), views.Success{State: views.CheckoutExpired, Slug: "pro"})},
		{"success-canceled", views.SuccessPage(page(), views.Success{State: views.CheckoutCanceled, Slug: "pro"})},
		{"success-unknown", views.SuccessPage(page(), views.Success{State: views.CheckoutUnknown})},
	}
}

func (s sampler) subscription() views.Subscription {
	return views.Subscription{
		ID: "sub-1", Product: "Pro", Status: views.SubscriptionActive, Price: s.t.Money(2400, "usd"), Interval: views.Month,
		Started: s.t.Date(now.AddDate(-1, -2, 0)), Renews: s.t.Date(now.AddDate(0, 0, 11)), Amount: s.t.Money(2400, "usd"),
		Included: []string{"2,000 AI credits", "500 file uploads", "Priority support"},
	}
}

func (s sampler) orders() []views.OrderRow {
	row := func(i int, product string, reason views.OrderReason, amount int64, status views.OrderStatus) views.OrderRow {
		return views.OrderRow{
			ID: fmt.Sprintf("ord-%d", i), Number: fmt.Sprintf("LUMEN-%04d", 412-i), Date: s.t.Date(now.AddDate(0, -i, -19)),
			Product: product, Reason: reason, Amount: s.t.Money(amount, "usd"), Status: status,
		}
	}
	return []views.OrderRow{
		row(0, "Pro", views.ReasonRenewal, 2400, views.OrderPaid),
		row(1, "1,000 AI credits", views.ReasonPurchase, 1200, views.OrderPartiallyRefunded),
		row(2, "Pro", views.ReasonRenewal, 2400, views.OrderPaid),
	}
}

func (s sampler) benefits() []views.Benefit {
	since := s.t.Date(now.AddDate(-1, -2, 0))
	return []views.Benefit{
		{Kind: views.BenefitCredits, Name: "2,000 AI credits a month", Note: "Unused credits carry over.", Product: "Pro", Granted: since, URL: "/credits"},
		{Kind: views.BenefitFeature, Name: "Custom models", Product: "Pro", Granted: since},
		{Kind: views.BenefitNote, Name: "Priority support", Note: "Write to priority@example.com and mention your order number.", Product: "Pro", Granted: since},
		{Kind: views.BenefitLicense, Name: "Desktop licence", Key: "LUMEN-7F3A-91C2-44E0-B8D5", KeyNote: "2 of 5 activations used", Product: "Pro", Granted: since},
	}
}

func (s sampler) portal() []sample {
	page := func() views.Page { return s.sam("portal.title", views.NavPortal) }
	newcomer := page()
	newcomer.User = &views.User{Email: "noor@example.com", Initials: "N"}
	newcomer.Flash = &views.Flash{Tone: views.ToneGood, Text: "You are signed in. Your account is new."}
	copying := page()
	copying.AsOf, copying.Flash = nil, &views.Flash{Tone: views.ToneNeutral, Text: s.t.T("asof.copying", "Provider", "Polar")}
	failed := s.subscription()
	failed.Status = views.SubscriptionPastDue
	need := views.Need{
		Tone: views.ToneBad, Title: "Your last payment failed", Action: "Update the card", Post: "/portal/provider",
		Text: "$24.00 for Pro could not be charged on 21 November. The next attempt is on 23 November; update the card before then.",
	}
	ending := s.subscription()
	ending.Status, ending.Ends, ending.Renews = views.SubscriptionEnding, ending.Renews, views.Time{}
	due, pastDue := ending, s.subscription()
	due.Due, pastDue.Status, pastDue.Renews, pastDue.Amount = true, views.SubscriptionPastDue, views.Time{}, ""
	past := s.subscription()
	past.ID, past.Status, past.Ended, past.Renews = "sub-0", views.SubscriptionCanceled, s.t.Date(now.AddDate(-1, -3, 0)), views.Time{}
	stale := page()
	stale.AsOf = &views.AsOf{At: s.t.DateTime(now.Add(-3 * time.Hour)), Stale: true}
	detail := views.SubscriptionDetail{Subscription: s.subscription(), CanCancel: true, Benefits: s.benefits()[:2], Orders: s.orders(), Provider: "Polar"}
	resume := views.SubscriptionDetail{Subscription: ending, CanResume: true, Provider: "Polar"}
	queued := views.SubscriptionDetail{
		Subscription: s.subscription(), CanWithdraw: true, Provider: "Polar",
		Pending: "Your cancellation (2 minutes ago) is kept and waits until Polar answers. Nothing else is needed from you; until then you can take it back.",
	}
	keeping := views.SubscriptionDetail{
		Subscription: ending, CanWithdrawResume: true, Provider: "Polar",
		Pending: "Your wish to keep this plan (2 minutes ago) is kept and waits until Polar answers. Nothing else is needed from you.",
	}
	cancel := views.Cancel{
		Subscription: s.subscription(), Ends: s.subscription().Renews, Reason: views.TooExpensive,
		Loses: []string{"2,000 AI credits a month", "500 file uploads a month", "Custom models", "Priority support"},
		Keeps: []string{"Credits that you bought", "Your orders and receipts"},
	}
	refunded := s.receipt()
	refunded.Status, refunded.Refunded, refunded.Paid = views.OrderPartiallyRefunded, s.t.Money(-500, "usd"), s.t.Money(1785, "usd")
	order := views.OrderDetail{
		Receipt: refunded, Reason: views.ReasonRenewal, SubscriptionURL: "/portal/subscriptions/sub-1", Provider: "Polar",
		Refunds: []views.Refund{{Date: s.t.Date(now), Amount: s.t.Money(500, "usd"), Status: "Succeeded", Reason: "Customer request"}},
	}
	over := s.benefits()[1]
	over.Revoked = s.t.Date(now.AddDate(0, -1, 0))
	return []sample{
		{"portal", views.PortalPage(page(), views.Portal{Subscriptions: []views.Subscription{s.subscription()}, Meters: s.meters(), Orders: s.orders(), MoreOrders: true, Benefits: s.benefits(), Provider: "Polar"})},
		{"portal-failed", views.PortalPage(page(), views.Portal{Needs: []views.Need{need}, Subscriptions: []views.Subscription{failed}, Meters: s.meters()[1:], Provider: "Polar"})},
		{"portal-failed-ending", views.PortalPage(page(), views.Portal{Needs: []views.Need{need, {
			Tone: views.ToneWarn, Title: "Pro ends on 22 December 2026", Action: "Keep my plan", Post: "/portal/subscriptions/sub-1/resume",
			Text: "The payment that failed stays due until then. If it cannot be collected, the plan ends sooner. Changed your mind about the end? Keep the plan with one click.",
		}}, Subscriptions: []views.Subscription{due}, Provider: "Polar"})},
		{"cancel-due", views.CancelPage(page(), views.Cancel{Subscription: pastDue, Ends: cancel.Ends, Loses: cancel.Loses, Keeps: cancel.Keeps})},
		{"portal-copying", views.PortalPage(copying, views.Portal{Orders: s.orders()[:1], Provider: "Polar"})},
		{"portal-new", views.PortalPage(newcomer, views.Portal{})},
		{"portal-stale", views.PortalPage(stale, views.Portal{Subscriptions: []views.Subscription{ending}, Orders: s.orders()})},
		{"portal-past", views.PortalPage(page(), views.Portal{Orders: s.orders()})},
		{"subscriptions", views.SubscriptionsPage(page(), views.Subscriptions{Running: []views.Subscription{s.subscription()}, Past: []views.Subscription{past}})},
		{"subscriptions-none", views.SubscriptionsPage(page(), views.Subscriptions{})},
		{"subscription", views.SubscriptionPage(page(), detail)},
		{"subscription-ending", views.SubscriptionPage(page(), resume)},
		{"subscription-keeping", views.SubscriptionPage(page(), keeping)},
		{"subscription-queued", views.SubscriptionPage(page(), queued)},
		{"cancel", views.CancelPage(page(), cancel)},
		{"orders", views.OrdersPage(page(), views.Orders{Rows: s.orders(), OlderURL: "/portal/orders?before=ord-2"})},
		{"orders-none", views.OrdersPage(page(), views.Orders{})},
		{"order", views.OrderPage(page(), order)},
		{"benefits", views.BenefitsPage(page(), views.Benefits{Current: s.benefits(), Past: []views.Benefit{over}})},
		{"benefits-none", views.BenefitsPage(page(), views.Benefits{})},
	}
}

func (s sampler) rest() []sample {
	all := []sample{{"styleguide", views.StyleguidePage(s.visitor("styleguide.title", ""), now)}}
	for _, status := range []int{400, 403, 404, 409, 413, 429, 500, 503} {
		page := s.visitor("failure.home", "")
		page.RequestID = "01JD9Y7T6W"
		all = append(all, sample{fmt.Sprintf("failure-%d", status), views.FailurePage(page, views.Failure{Status: status})})
	}
	return append(all, sample{"failure-detail", views.FailurePage(s.sam("failure.home", ""), views.Failure{
		Status: 404, Detail: "No plan is called “prow”.", Back: views.Link{URL: "/plans", Text: "See the plans"},
	})})
}
