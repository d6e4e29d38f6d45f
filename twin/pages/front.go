package pages

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// frontView is the workbench: what there is, what time it is, what was sent.
type frontView struct {
	Merchant   string
	Now, Moved string
	Figures    []figure
	Steps      []step
	Events     []eventRow
	Endpoints  []endpointRow
	Coming     []comingRow
	Trouble    troubleView
	Tokens     []Token
	Base       string
}

type figure struct{ Label, Value, Href string }

// step is a button that moves the clock.
type step struct{ Value, Label string }

// steps are how far the clock can be moved at once; each is an interval from now.
var steps = map[string]twin.Interval{"hour": twin.Hour, "day": twin.Day, "week": twin.Week, "month": twin.Month}

// showFront shows the state at a glance.
func (s *server) showFront(w http.ResponseWriter, r *http.Request) error {
	sum := s.engine.Summary()
	v := frontView{
		Merchant: s.engine.Organization().Name, Now: minute(sum.Now), Moved: ahead(sum.Offset), Tokens: s.Tokens, Base: s.BaseURL,
		Trouble: troubleOf(sum), Steps: []step{{"hour", "1 hour"}, {"day", "1 day"}, {"week", "1 week"}, {"month", "1 month"}},
		Figures: []figure{
			{Label: "Products", Value: look.Count(int64(sum.Products))},
			{Label: "Customers", Value: look.Count(int64(sum.Customers))},
			{Label: "Subscriptions", Value: look.Count(int64(sum.Subscriptions))},
			{Label: "Orders", Value: look.Count(int64(sum.Orders))},
			{Label: "Checkouts", Value: look.Count(int64(sum.Checkouts))},
			{Label: "Usage events", Value: look.Count(int64(sum.Events))},
			{Label: "Mails", Value: look.Count(int64(sum.Mails)), Href: "/_twin/mail"},
			{Label: "Webhooks waiting", Value: look.Count(int64(sum.Waiting))},
		},
	}
	if err := s.engine.Read(func(view *twin.View) error {
		v.Events, v.Endpoints, v.Coming = eventRows(view), endpointRows(view), coming(view)
		return nil
	}); err != nil {
		return err
	}
	return look.Render(w, r, http.StatusOK, frontPage(look.Page{Title: "Behind the scenes", Nav: "/_twin/", Wide: true}, v))
}

// moveClock moves the twin's clock forward; everything that falls due on the way happens.
func (s *server) moveClock(w http.ResponseWriter, r *http.Request) error {
	by := r.PostFormValue("by")
	if by == "next" {
		return s.moveToNext(w, r)
	}
	interval, known := steps[by]
	if !known {
		return &twin.Invalid{Fields: []twin.FieldError{{Msg: "The clock moves by an hour, a day, a week or a month."}}}
	}
	if err := s.engine.AdvanceTo(r.Context(), interval.After(s.engine.Now(), 1)); err != nil {
		return fmt.Errorf("move clock: %w", err)
	}
	return s.see(w, r, "/_twin/")
}

// moveToNext moves the clock to what happens next to a subscription.
func (s *server) moveToNext(w http.ResponseWriter, r *http.Request) error {
	var next []comingRow
	if err := s.engine.Read(func(view *twin.View) error {
		next = coming(view)
		return nil
	}); err != nil {
		return err
	}
	if len(next) == 0 {
		return &twin.Invalid{Fields: []twin.FieldError{{Msg: "No subscription will renew, retry or resume."}}}
	}
	if err := s.engine.AdvanceTo(r.Context(), next[0].at.Add(time.Second)); err != nil {
		return fmt.Errorf("move clock: %w", err)
	}
	return s.see(w, r, "/_twin/")
}

// ahead says how far the clock was moved, or "" when it was not.
func ahead(offset time.Duration) string {
	switch days := int(offset / (24 * time.Hour)); {
	case offset < time.Minute:
		return ""
	case days == 0:
		return offset.Round(time.Minute).String() + " ahead of real time"
	case days == 1:
		return "1 day ahead of real time"
	default:
		return strconv.Itoa(days) + " days ahead of real time"
	}
}
