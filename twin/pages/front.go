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
		Steps: []step{{"hour", "1 hour"}, {"day", "1 day"}, {"week", "1 week"}, {"month", "1 month"}},
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
		v.Events, v.Endpoints = eventRows(view), endpointRows(view)
		return nil
	}); err != nil {
		return err
	}
	return look.Render(w, r, http.StatusOK, frontPage(look.Page{Title: "Behind the scenes", Nav: "/_twin/", Wide: true}, v))
}

// moveClock moves the twin's clock forward; everything that falls due on the way happens.
func (s *server) moveClock(w http.ResponseWriter, r *http.Request) error {
	interval, known := steps[r.PostFormValue("by")]
	if !known {
		return &twin.Invalid{Fields: []twin.FieldError{{Msg: "The clock moves by an hour, a day, a week or a month."}}}
	}
	if err := s.engine.AdvanceTo(r.Context(), interval.After(s.engine.Now(), 1)); err != nil {
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
