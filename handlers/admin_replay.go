package handlers

import (
	"net/http"
	"strings"
	"time"

	"counterfoil/auth"
	"counterfoil/db"
	"counterfoil/views"
)

// rehearsed is how many deliveries of a stretch are looked at before they are applied:
// each object is read anew from the provider.
const rehearsed = 50

// minutes is how a form's datetime-local field writes a time, here always in UTC.
const minutes = "2006-01-02T15:04"

// showReplay handles GET /admin/replay: the form, filled with the last hour.
func (s *Server) showReplay(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	now := s.Now().UTC()
	model := views.AdminReplay{From: now.Add(-time.Hour).Format(minutes), To: now.Add(time.Minute).Format(minutes)}
	return s.replayPage(w, r, who, http.StatusOK, model)
}

func (s *Server) replayPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, model views.AdminReplay) error {
	page, err := s.adminFrame(r, who, "admin.replay")
	if err != nil {
		return err
	}
	if model.Error != "" {
		model.Error = page.T.T(model.Error)
	}
	return s.render(w, r, status, views.AdminReplayPage(page, model))
}

// stretch reads the form of a replay; ok is false for one that makes no sense.
func stretch(r *http.Request) (model views.AdminReplay, stretch db.Range, ok bool) {
	model = views.AdminReplay{
		From: clip(r.PostFormValue("from"), 40), To: clip(r.PostFormValue("to"), 40), Type: clip(strings.TrimSpace(r.PostFormValue("type")), 200),
	}
	from, badFrom := time.Parse(minutes, model.From)
	to, badTo := time.Parse(minutes, model.To)
	return model, db.Range{From: from, To: to, Type: model.Type}, badFrom == nil && badTo == nil && from.Before(to)
}

// rehearseReplay handles POST /admin/replay: what applying a stretch of deliveries again
// would change. It writes nothing, so it shows its result without a redirect.
func (s *Server) rehearseReplay(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	model, stretch, ok := stretch(r)
	if !ok {
		model.Error = "admin.replay.bad_time"
		return s.replayPage(w, r, who, http.StatusBadRequest, model)
	}
	count, err := s.Store.CountRange(r.Context(), stretch)
	if err != nil {
		return err
	}
	list, err := s.Store.DeliveriesOf(r.Context(), stretch, nil, rehearsed)
	if err != nil {
		return err
	}
	all, err := s.Rehearse(r.Context(), list)
	if err != nil {
		return err
	}
	s.audit(r, who, "rehearse replay", "from", stretch.From, "to", stretch.To, "type", stretch.Type, "deliveries", len(list))
	t := s.frame(r, who, "", views.NavAdmin).T
	model.Result = s.replayResult(t, list, all, count)
	return s.replayPage(w, r, who, http.StatusOK, model)
}

func (s *Server) replayResult(t *views.Translator, list []db.DeliveryRecord, all []db.Rehearsal, count int) *views.ReplayResult {
	var result views.ReplayResult
	n := 0
	for i, rehearsal := range all {
		if rehearsal.Problem != "" {
			problem := t.T("admin.replay.problem", "Reason", short(rehearsal.Problem, shownError))
			result.Rows = append(result.Rows, views.ReplayRow{DeliveryRow: s.deliveryRow(t, list[i]), Changes: []string{problem}})
		}
		if rehearsal.Changes() {
			n++
			result.Rows = append(result.Rows, views.ReplayRow{DeliveryRow: s.deliveryRow(t, list[i]), Changes: changesInWords(t, rehearsal)})
		}
	}
	changing := t.T("admin.replay.unchanging")
	if n > 0 {
		changing = t.N("admin.replay.changing", int64(n))
	}
	result.Summary = t.N("admin.replay.summary", int64(count), "Changing", changing)
	if count > len(list) {
		result.Rest = t.T("admin.replay.rest", "Looked", t.Number(int64(len(list))))
	}
	if count > 0 {
		result.Confirm = t.N("admin.replay.confirm", int64(count))
	}
	return &result
}

// changesMost is how many changes of one delivery are listed in a stretch.
const changesMost = 4

func changesInWords(t *views.Translator, r db.Rehearsal) (words []string) {
	model := rehearsalOf(t, r)
	or := func(text string) string {
		if text == "" {
			return t.T("admin.replay.blank")
		}
		return short(text, 60)
	}
	if r.New {
		words = append(words, string(r.Ref.Kind)+": "+t.T("admin.replay.new"))
	} else {
		for _, f := range model.Fields {
			words = append(words, t.T("admin.replay.field", "Field", f.Name, "Before", or(f.Before), "After", or(f.After)))
		}
	}
	for _, f := range model.Told {
		words = append(words, t.T("admin.rehearsal.fact")+" "+f.Type+", "+f.Who)
	}
	for _, job := range model.Jobs {
		words = append(words, t.T("admin.rehearsal.job")+" "+job)
	}
	if len(words) > changesMost {
		words = append(words[:changesMost], "…")
	}
	return words
}

// applyReplay handles POST /admin/replay/apply: all deliveries of a stretch are applied
// again by the worker, one by one. Pressed twice it is one wish.
func (s *Server) applyReplay(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	model, stretch, ok := stretch(r)
	if !ok {
		model.Error = "admin.replay.bad_time"
		return s.replayPage(w, r, who, http.StatusBadRequest, model)
	}
	n, err := s.Store.ReplayRange(r.Context(), stretch, s.Now())
	s.audit(r, who, "replay range", "from", stretch.From, "to", stretch.To, "type", stretch.Type, "deliveries", n)
	if err != nil {
		return err
	}
	s.Poke()
	redirect(w, "/admin/deliveries?state=waiting&done=replayed_range")
	return nil
}
