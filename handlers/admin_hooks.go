package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// callsPerPage is how many calls a page of the list shows.
const callsPerPage = 25

// callTabs are the states of calls, in the order of the tabs.
var callTabs = []string{db.StateParked, db.StateWaiting, db.StateDone}

// showHooks handles GET /admin/hooks?target=&state=&before=: who is told what. Without a
// state it shows the first that has any call.
func (s *Server) showHooks(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.adminFrame(r, who, "admin.hooks")
	if err != nil {
		return err
	}
	backlog, err := s.Store.HookBacklog(r.Context())
	if err != nil {
		return err
	}
	query := r.URL.Query()
	model, state := hookTabs(page.T, backlog, query.Get("target"), query.Get("state"))
	if model.Target != "" {
		before := query.Get("before")
		calls, err := s.Store.HookCalls(r.Context(), model.Target, state, before, callsPerPage+1)
		if err != nil {
			return err
		}
		next := ""
		if len(calls) > callsPerPage {
			calls, next = calls[:callsPerPage], calls[callsPerPage-1].ID
		}
		for _, call := range calls {
			model.Rows = append(model.Rows, s.hookRow(page.T, call))
		}
		model.NewerURL, model.OlderURL = pages("/admin/hooks", url.Values{"target": {model.Target}, "state": {state}}, before, next)
	}
	return s.render(w, r, http.StatusOK, views.AdminHooksPage(page, model))
}

// hookTabs works out which calls are shown, and what else there is to show.
func hookTabs(t *views.Translator, backlog []db.Backlog, target, state string) (views.AdminHooks, string) {
	var model views.AdminHooks
	var targets []string
	counts := map[string]map[string]int{}
	for _, b := range backlog {
		if counts[b.Kind] == nil {
			counts[b.Kind] = map[string]int{}
			targets = append(targets, b.Kind)
		}
		counts[b.Kind][b.State] = b.Count
	}
	if len(targets) == 0 {
		return model, ""
	}
	model.Target = oneOf(targets, target)
	for _, name := range targets {
		model.Targets = append(model.Targets, views.Link{URL: "/admin/hooks?target=" + url.QueryEscape(name), Text: name, Current: name == model.Target})
	}
	have := counts[model.Target]
	if !slices.Contains(callTabs, state) {
		state = db.StateDone
		if i := slices.IndexFunc(callTabs, func(tab string) bool { return have[tab] > 0 }); i >= 0 {
			state = callTabs[i]
		}
	}
	words := map[string]string{db.StateParked: "admin.state.parked", db.StateWaiting: "admin.state.waiting", db.StateDone: "admin.state.called"}
	for _, tab := range callTabs {
		address := "/admin/hooks?" + url.Values{"target": {model.Target}, "state": {tab}}.Encode()
		text := t.T(words[tab]) + " " + t.Number(int64(have[tab]))
		model.Tabs = append(model.Tabs, views.Link{URL: address, Text: text, Current: tab == state})
	}
	if n := have[db.StateParked]; n > 0 {
		model.Parked = t.N("admin.hooks.resend_all", int64(n))
	}
	model.EmptyText = t.T("admin.hooks.empty." + state)
	return model, state
}

func (s *Server) hookRow(t *views.Translator, call db.HookRecord) views.HookRow {
	row := views.HookRow{
		ID: call.ID, Type: short(call.Type, 100), Key: call.FactKey, ObjectID: short(call.Object.ProviderID, 100), Error: short(call.Error, shownError),
		Noted: t.Ago(call.NotedAt, s.Now()), Done: t.Ago(call.DoneAt, s.Now()), State: stateOf(t, call.State, call.Error != "", "admin.state.called"),
		Resend: call.State != db.StateWaiting,
	}
	if call.Tries > 0 {
		row.Tries = t.N("admin.tries", int64(call.Tries))
	}
	if call.Object.Kind != "" {
		row.ObjectURL = "/admin/deliveries?object=" + url.QueryEscape(call.Object.ProviderID)
	}
	if call.State == db.StateWaiting {
		row.Next = t.Instant(call.NextTryAt)
	}
	return row
}

// resendHook handles POST /admin/hooks/{id}/resend: a parked or done call is made again,
// under its own key.
func (s *Server) resendHook(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.PathValue("id")
	err := s.Store.ResendHook(r.Context(), id, s.Now())
	return s.wished(w, r, who, err, "/admin/hooks", "resent", "resend hook call", "call", id)
}

// resendParked handles POST /admin/hooks/resend: all parked calls of a target.
func (s *Server) resendParked(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	target := clip(r.PostFormValue("target"), 100)
	n, err := s.Store.ResendParked(r.Context(), target, s.Now())
	return s.wishedAll(w, r, who, n, err, "/admin/hooks?target="+url.QueryEscape(target), "resent", "resend parked hook calls", "target", target, "calls", n)
}

// wishedAll is wished for n rows at once.
func (s *Server) wishedAll(w http.ResponseWriter, r *http.Request, who auth.Visitor, n int, err error, back, done, did string, attrs ...any) error {
	if err == nil && n == 0 {
		err = billing.ErrNotFound
	}
	return s.wished(w, r, who, err, back, done, did, attrs...)
}

// wished ends a form that asked for something: with what it came to, on the page of a list
// on which it stood, if that is one of back. Asked for twice, the second finds nothing to
// do, which is no failure.
func (s *Server) wished(w http.ResponseWriter, r *http.Request, who auth.Visitor, err error, back, done, did string, attrs ...any) error {
	switch {
	case errors.Is(err, billing.ErrNotFound):
		done = "nothing"
	case err != nil:
		return err
	default:
		s.audit(r, who, did, attrs...)
		s.Poke()
	}
	address, err := url.Parse(back)
	if err != nil {
		return err
	}
	if stood, err := url.Parse(s.formPage(r)); err == nil && address.RawQuery == "" && stood.Path == address.Path {
		address = stood
	}
	query := address.Query()
	query.Set("done", done)
	address.RawQuery = query.Encode()
	redirect(w, address.String())
	return nil
}
