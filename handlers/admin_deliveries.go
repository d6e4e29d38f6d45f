package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"counterfoil/auth"
	"counterfoil/db"
	"counterfoil/views"
)

// deliveriesPerPage is how many deliveries a page of the list shows.
const deliveriesPerPage = 25

// deliveryTabs are the lists of deliveries. The first is shown when the address names none
// and none is parked.
var deliveryTabs = []string{"done", "waiting", "parked", "strange"}

// foundTabs narrow a search down; the first shows all that was found.
var foundTabs = []string{"all", "done", "waiting", "parked"}

// showDeliveries handles GET /admin/deliveries?state=&type=&object=&before=: what
// providers sent, the latest first.
func (s *Server) showDeliveries(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.adminFrame(r, who, "admin.deliveries")
	if err != nil {
		return err
	}
	query := r.URL.Query()
	f := db.DeliveryFilter{Type: strings.TrimSpace(query.Get("type")), ObjectID: strings.TrimSpace(query.Get("object"))}
	model, state := deliveryList(page, f, query.Get("state"))
	if state != "all" {
		f.State, f.Strange = state, state == "strange"
	}
	before := query.Get("before")
	list, next, err := s.Store.Deliveries(r.Context(), f, before, deliveriesPerPage)
	if err != nil {
		return err
	}
	for _, d := range list {
		model.Rows = append(model.Rows, s.deliveryRow(page.T, d))
	}
	model.NewerURL, model.OlderURL = pages("/admin/deliveries", deliveryQuery(f, state), before, next)
	return s.render(w, r, http.StatusOK, views.AdminDeliveriesPage(page, model))
}

func deliveryQuery(f db.DeliveryFilter, state string) url.Values {
	return url.Values{"state": {state}, "type": {f.Type}, "object": {f.ObjectID}}
}

// deliveryList works out which deliveries are shown, and what else there is to show.
func deliveryList(page views.Page, f db.DeliveryFilter, state string) (views.AdminDeliveries, string) {
	model := views.AdminDeliveries{Type: short(f.Type, 200), ObjectID: short(f.ObjectID, 200)}
	tabs, parked := deliveryTabs, page.Operator.Parked.Deliveries
	model.Found = f.Type+f.ObjectID != ""
	switch {
	case model.Found:
		tabs = foundTabs
	case state == "" && parked != "":
		state = db.StateParked
	}
	state = oneOf(tabs, state)
	model.Empty = page.T.T("admin.deliveries.none." + state)
	if model.Found {
		model.Empty = page.T.T("admin.deliveries.none.found")
	}
	for _, tab := range tabs {
		address, _ := pages("/admin/deliveries", deliveryQuery(f, tab), "first", "")
		text := page.T.T("admin.state." + tab)
		if tab == db.StateParked && parked != "" && !model.Found {
			text += " " + parked
		}
		model.Tabs = append(model.Tabs, views.Link{URL: address, Text: text, Current: tab == state})
	}
	if parked != "" && state == db.StateParked && !model.Found {
		model.Retry = page.T.T("admin.deliveries.retry_all", "Count", parked)
	}
	return model, state
}

// oneOf is the value if it is among those, else the first of them.
func oneOf(values []string, value string) string {
	for _, v := range values {
		if v == value {
			return v
		}
	}
	return values[0]
}

// pages are the addresses of the first and of the next page of a list.
func pages(path string, here url.Values, before, next string) (newer, older string) {
	for name, values := range here {
		if values[0] == "" {
			here.Del(name)
		}
	}
	if before != "" {
		newer = path + "?" + here.Encode()
	}
	if next != "" {
		here.Set("before", next)
		older = path + "?" + here.Encode()
	}
	return newer, older
}

func (s *Server) deliveryRow(t *views.Translator, d db.DeliveryRecord) views.DeliveryRow {
	row := views.DeliveryRow{
		ID: d.RowID, Type: short(d.Type, 100), Strange: d.Object.Kind == "", Kind: string(d.Object.Kind), ObjectID: short(d.Object.ProviderID, 100),
		Received: t.Ago(d.ReceivedAt, s.Now()), State: stateOf(t, d.State, d.Tries > 0, "admin.state.done"), Error: short(d.Error, shownError),
	}
	if d.Tries > 0 {
		row.Tries = t.N("admin.tries", int64(d.Tries))
	}
	return row
}

// stateOf puts a state into a word; done is the message for one that is done.
func stateOf(t *views.Translator, state string, failed bool, done string) views.State {
	switch {
	case state == db.StateDone:
		return views.State{Tone: views.ToneGood, Text: t.T(done)}
	case state == db.StateParked:
		return views.State{Tone: views.ToneBad, Text: t.T("admin.state.parked")}
	case failed:
		return views.State{Tone: views.ToneWarn, Text: t.T("admin.state.failing")}
	}
	return views.State{Tone: views.ToneNeutral, Text: t.T("admin.state.waiting")}
}

// showDelivery handles GET /admin/deliveries/{id}: what came, and what became of it.
func (s *Server) showDelivery(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.deliveryPage(w, r, who, nil)
}

// rehearseDelivery handles POST /admin/deliveries/{id}/rehearse: the same page with what
// applying the delivery again would change. It reads the provider and writes nothing, so
// it shows its result without a redirect.
func (s *Server) rehearseDelivery(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.deliveryPage(w, r, who, func(ctx context.Context, t *views.Translator, d db.DeliveryRecord) *views.Rehearsal {
		s.audit(r, who, "rehearse delivery", "delivery", d.RowID)
		all, err := s.Rehearse(ctx, []db.DeliveryRecord{d})
		if err != nil {
			return &views.Rehearsal{Problem: short(err.Error(), shownError)}
		}
		if problem := all[0].Problem; problem != "" {
			return &views.Rehearsal{Problem: short(problem, shownError)}
		}
		rehearsal := rehearsalOf(t, all[0])
		return &rehearsal
	})
}

func (s *Server) deliveryPage(w http.ResponseWriter, r *http.Request, who auth.Visitor,
	rehearse func(ctx context.Context, t *views.Translator, d db.DeliveryRecord) *views.Rehearsal,
) error {
	d, err := s.Store.Delivery(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	page, err := s.adminFrame(r, who, "admin.deliveries")
	if err != nil {
		return err
	}
	page.Title = short(d.Type, 100)
	model := views.AdminDelivery{DeliveryRow: s.deliveryRow(page.T, d), Facts: deliveryFacts(page.T, d)}
	var rest int
	if model.Body, rest = shownJSON(d.Body, shownBody); rest > 0 {
		model.BodyRest = page.T.N("admin.delivery.rest", int64(rest))
	}
	switch d.State {
	case db.StateDone:
		model.Action = page.T.T("admin.replay_one")
	case db.StateParked:
		model.Action = page.T.T("admin.retry_one")
	}
	if rehearse != nil {
		model.Rehearsal = rehearse(r.Context(), page.T, d)
	}
	return s.render(w, r, http.StatusOK, views.AdminDeliveryPage(page, model))
}

// deliveryFacts are what we kept of a delivery beside its body. The signature is not
// kept: it was checked, and proves nothing later.
func deliveryFacts(t *views.Translator, d db.DeliveryRecord) []views.Fact {
	facts := []views.Fact{
		{Name: t.T("admin.delivery.received"), At: t.Instant(d.ReceivedAt)},
		{Name: t.T("admin.delivery.sent"), At: t.Instant(d.SentAt)},
	}
	if !d.DoneAt.IsZero() {
		facts = append(facts, views.Fact{Name: t.T("admin.delivery.applied"), At: t.Instant(d.DoneAt)})
	}
	if d.Tries > 0 {
		facts = append(facts, views.Fact{Name: t.T("admin.delivery.tries"), Value: t.Number(int64(d.Tries))})
	}
	if d.State == db.StateWaiting {
		facts = append(facts, views.Fact{Name: t.T("admin.delivery.next"), At: t.Instant(d.NextTryAt)})
	}
	facts = append(facts,
		views.Fact{Name: t.T("admin.delivery.id"), Value: short(d.ID, 200), Code: true},
		views.Fact{Name: t.T("admin.delivery.provider"), Value: d.Provider},
		views.Fact{Name: t.T("admin.delivery.endpoint"), Value: d.Endpoint, Code: true},
	)
	if d.Object.ProviderID != "" {
		about := strings.TrimSpace(string(d.Object.Kind) + " " + d.Object.ProviderID)
		facts = append(facts, views.Fact{Name: t.T("admin.delivery.object"), Value: short(about, 200), Code: true})
	}
	return facts
}

// replayDelivery handles POST /admin/deliveries/{id}/replay: a done or parked delivery is
// applied again by the worker. Pressed twice it is one wish.
func (s *Server) replayDelivery(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.PathValue("id")
	if err := s.Store.ReplayDelivery(r.Context(), id, s.Now()); err != nil {
		return err
	}
	s.audit(r, who, "replay delivery", "delivery", id)
	s.Poke()
	redirect(w, "/admin/deliveries/"+url.PathEscape(id)+"?done=replayed")
	return nil
}

// retryParked handles POST /admin/deliveries/retry: all parked deliveries are tried again,
// as when the cause of them all was mended.
func (s *Server) retryParked(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	n, err := s.Store.RetryParkedDeliveries(r.Context(), s.Now())
	return s.wishedAll(w, r, who, n, err, "/admin/deliveries?state=waiting", "retried", "retry parked deliveries", "deliveries", n)
}
