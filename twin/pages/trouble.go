package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// comingRows is how many of the next renewals the workbench shows.
const comingRows = 8

// comingRow is what will happen next to a subscription. Decline is the address of the button, "" when the next
// charge is declined already or there will be none.
type comingRow struct {
	Who, What, Amount, When, State, Tone, Decline string
	at                                            time.Time
}

// troubleView is the form that makes the twin misbehave, and what strikes at the moment.
type troubleView struct {
	Kinds  []faultKind
	Faults []string
	Limit  string // calls a minute, "" for any number
}

type faultKind struct{ Value, Label string }

// coming lists the next renewals, retries and resumes, soonest first.
func coming(v *twin.View) []comingRow {
	var rows []comingRow
	for _, sub := range v.Subscriptions("") {
		if row := comingOf(v, *sub); !row.at.IsZero() {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b comingRow) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.Who, b.Who)) })
	return rows[:min(len(rows), comingRows)]
}

// comingOf is what will happen to one subscription; a zero time for nothing.
func comingOf(v *twin.View, sub twin.Subscription) comingRow {
	row := comingRow{Amount: look.Money(sub.Amount, sub.Currency)}
	switch {
	case sub.Ended():
		return row
	case sub.Status == twin.Paused:
		row.State, row.Tone, row.at = "Resumes", "warn", sub.ResumesAt
	case sub.Status == twin.PastDue:
		row.State, row.Tone, row.at = "Tries again", "bad", retryOf(v, sub)
	case sub.CancelAtPeriodEnd:
		row.State, row.Amount, row.at = "Ends", "", sub.PeriodEnd
	case sub.PauseAtPeriodEnd:
		row.State, row.Amount, row.at = "Pauses", "", sub.PeriodEnd
	case sub.Status == twin.Trialing:
		row.State, row.Tone, row.at = "Trial ends", "good", sub.PeriodEnd
	default:
		row.State, row.Tone, row.at = "Renews", "good", sub.PeriodEnd
	}
	row.When = minute(row.at)
	if p, err := v.Product(sub.ProductID); err == nil {
		row.What = p.Name
	}
	c, err := v.Customer(sub.CustomerID)
	if err != nil {
		return row
	}
	row.Who = c.Email
	switch {
	case row.Amount == "" || sub.Amount == 0:
	case c.DeclineNext:
		row.State, row.Tone = "Will be declined", "bad"
	default:
		row.Decline = "/_twin/customers/" + url.PathEscape(c.ID) + "/decline"
	}
	return row
}

// retryOf is when the subscription's unpaid order is charged again.
func retryOf(v *twin.View, sub twin.Subscription) (at time.Time) {
	for _, o := range v.Orders(sub.CustomerID) {
		if o.SubscriptionID == sub.ID && o.Status == twin.OrderPending {
			at = o.NextPaymentAt
		}
	}
	return at
}

// troubleOf gathers what strikes.
func troubleOf(sum twin.Summary) troubleView {
	var view troubleView
	for _, k := range twin.FaultKinds {
		view.Kinds = append(view.Kinds, faultKind{k.Kind, strings.ToUpper(k.Does[:1]) + k.Does[1:]})
	}
	for _, f := range sum.Faults {
		view.Faults = append(view.Faults, faultWords(f))
	}
	if sum.RateLimit > 0 {
		view.Limit = strconv.Itoa(sum.RateLimit)
	}
	return view
}

// faultWords says what a fault does, to what and how often.
func faultWords(f twin.Fault) string {
	words := f.Kind
	for _, k := range twin.FaultKinds {
		if k.Kind == f.Kind {
			words = strings.ToUpper(k.Does[:1]) + k.Does[1:]
		}
	}
	if f.Status > 0 {
		words += " (" + strconv.Itoa(f.Status) + ")"
	}
	if f.DelayMS > 0 {
		words += ", " + (time.Duration(f.DelayMS) * time.Millisecond).String()
	}
	if scope := strings.TrimSpace(f.Method + " " + f.Path + f.Event); scope != "" {
		words += ", only " + scope
	}
	if f.Count > 0 {
		return words + ", " + strconv.Itoa(f.Count) + " more"
	}
	return words + ", until cleared"
}

// addFault handles POST /_twin/faults: one more way to misbehave. Numbers that were left empty are 0.
func (s *server) addFault(w http.ResponseWriter, r *http.Request) error {
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue(name))); err == nil {
			return n
		}
		return otherwise
	}
	f := twin.Fault{Kind: r.PostFormValue("kind"), Count: number("count", 1)}
	only := strings.TrimSpace(r.PostFormValue("only"))
	if strings.HasPrefix(f.Kind, "webhook_") {
		f.Event = only
	} else {
		f.Path = only
	}
	switch f.Kind {
	case "status":
		f.Status, f.RetryAfter = number("status", http.StatusServiceUnavailable), number("retry_after", 0)
	case "latency", twin.WebhookDelay:
		f.DelayMS = number("delay_ms", 2000)
	}
	if err := s.engine.AddFault(f); err != nil {
		return err
	}
	return s.see(w, r, "/_twin/#trouble")
}

// clearFaults handles POST /_twin/faults/clear.
func (s *server) clearFaults(w http.ResponseWriter, r *http.Request) error {
	s.engine.ClearFaults()
	return s.see(w, r, "/_twin/#trouble")
}

// setLimit handles POST /_twin/limits: rate limits on (a number of calls a minute) or off (nothing).
func (s *server) setLimit(w http.ResponseWriter, r *http.Request) error {
	text := strings.TrimSpace(r.PostFormValue("per_minute"))
	n, err := strconv.Atoi("0" + text)
	if err != nil {
		return &twin.Invalid{Fields: []twin.FieldError{{Msg: "Enter a number of calls a minute, or nothing."}}}
	}
	if err := s.engine.SetRateLimit(n); err != nil {
		return err
	}
	return s.see(w, r, "/_twin/#trouble")
}

// declineNext handles POST /_twin/customers/{id}/decline.
func (s *server) declineNext(w http.ResponseWriter, r *http.Request) error {
	if err := s.engine.DeclineNextCharge(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return s.see(w, r, "/_twin/#coming")
}
