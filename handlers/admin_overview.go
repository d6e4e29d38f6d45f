package handlers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// showOperations handles GET /admin: what is wrong, then how everything stands.
func (s *Server) showOperations(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.adminFrame(r, who, "admin.title")
	if err != nil {
		return err
	}
	alarms, err := s.Store.Alarms(r.Context())
	if err != nil {
		return err
	}
	var model views.AdminOverview
	parked, err := s.Store.CountParked(r.Context())
	if err != nil {
		return err
	}
	for _, group := range bySort(alarms) {
		model.Alarms = append(model.Alarms, alarmCard(page.T, group, parked, s.Now()))
	}
	if model.Queues, err = s.queues(r.Context(), page.T); err != nil {
		return err
	}
	if model.Checks, err = s.checks(r.Context(), page.T); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.AdminOverviewPage(page, model))
}

// remedies are the pages where a trouble is mended.
var remedies = map[billing.AlarmKind]string{
	billing.AlarmJobParked: "/admin/jobs", billing.AlarmHookParked: "/admin/hooks", billing.AlarmUsageParked: "/admin/jobs", billing.AlarmDeliveryParked: "/admin/deliveries?state=parked",
	billing.AlarmWebhookSilence: "/admin/reconcile", billing.AlarmCreditsDiffer: "/admin/reconcile", billing.AlarmEndpointMissing: "/admin/reconcile",
}

// bySort puts alarms together that have one remedy, the urgent ones first: what one cause
// has set aside a hundred times must not hide the rest.
func bySort(alarms []billing.Alarm) (groups [][]billing.Alarm) {
	type sort struct {
		severity billing.Severity
		name     string
	}
	places := map[sort]int{}
	for _, severity := range []billing.Severity{billing.Urgent, billing.Notice} {
		for _, a := range alarms {
			if a.Severity != severity {
				continue
			}
			key := sort{severity, views.AlarmSort(string(a.Kind), a.Subject)}
			place, ok := places[key]
			if !ok {
				place = len(groups)
				places[key], groups = place, append(groups, nil)
			}
			groups[place] = append(groups[place], a)
		}
	}
	return groups
}

// casesShown is how many alarms of one sort are shown on the front page.
const casesShown = 3

// alarmCard shows alarms of one sort. Of what is parked only some have an alarm of their
// own, so deliveries are counted as they are.
func alarmCard(t *views.Translator, group []billing.Alarm, parked db.Parked, now time.Time) views.Alarm {
	kind, sort, n := group[0].Kind, views.AlarmSort(string(group[0].Kind), group[0].Subject), len(group)
	card := views.Alarm{
		Kind: string(kind), Tone: severityTone(group[0].Severity), Title: t.T("alarm." + sort), Remedy: t.T("alarm." + sort + ".remedy"), URL: remedies[kind], Action: t.T("alarm.look"),
	}
	if kind == billing.AlarmDeliveryParked {
		n = max(n, parked.Deliveries)
	}
	if n > 1 {
		card.Count, card.Action = t.Number(int64(n)), t.T("alarm.look_all")
	}
	for _, a := range group[:min(len(group), casesShown)] {
		c := views.AlarmCase{Subject: short(a.Subject, 120), Detail: short(a.Detail, shownError), Since: t.Ago(a.RaisedAt, now)}
		if a.Count > 1 {
			c.Times = t.N("admin.times", int64(a.Count))
		}
		if kind == billing.AlarmDeliveryParked {
			c.URL = "/admin/deliveries/" + url.PathEscape(a.Subject)
		}
		card.Cases = append(card.Cases, c)
	}
	if n == 1 && card.Cases[0].URL != "" {
		card.URL = card.Cases[0].URL
	}
	if rest := n - len(card.Cases); rest > 0 {
		card.More = t.N("alarm.more", int64(rest))
	}
	return card
}

// queues are all places where work waits: deliveries, hooks, jobs, usage.
func (s *Server) queues(ctx context.Context, t *views.Translator) ([]views.Queue, error) {
	inbox, err := s.Store.InboxBacklog(ctx)
	if err != nil {
		return nil, err
	}
	hooks, err := s.Store.HookBacklog(ctx)
	if err != nil {
		return nil, err
	}
	jobs, err := s.Store.OutboxBacklog(ctx)
	if err != nil {
		return nil, err
	}
	usage, err := s.Store.UsageBacklog(ctx)
	if err != nil {
		return nil, err
	}
	parked, err := s.Store.CountParked(ctx)
	if err != nil {
		return nil, err
	}
	list := []views.Queue{s.queue(t, t.T("admin.queue.deliveries"), "/admin/deliveries", inbox)}
	for _, group := range byKind(hooks) {
		list = append(list, s.queue(t, t.T("admin.queue.hook", "Target", group[0].Kind), "/admin/hooks?target="+url.QueryEscape(group[0].Kind), group))
	}
	for _, group := range byKind(jobs) {
		list = append(list, s.queue(t, t.T("admin.queue.job", "Kind", t.T("admin.job."+group[0].Kind)), "/admin/jobs", group))
	}
	refused := db.Backlog{State: db.StateParked, Count: parked.Usage}
	return append(list, s.queue(t, t.T("admin.queue.usage"), "/admin/jobs", []db.Backlog{usage, refused})), nil
}

// byKind groups figures that come sorted by their kind.
func byKind(list []db.Backlog) (groups [][]db.Backlog) {
	for i, b := range list {
		if i == 0 || list[i-1].Kind != b.Kind {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], b)
	}
	return groups
}

func (s *Server) queue(t *views.Translator, name, address string, states []db.Backlog) views.Queue {
	q := views.Queue{Name: name, URL: address, Waiting: t.Number(0), Parked: t.Number(0)}
	for _, b := range states {
		switch b.State {
		case db.StateWaiting:
			q.Waiting = t.Number(int64(b.Count))
			if b.Count > 0 {
				q.Oldest = t.Ago(b.Oldest, s.Now())
			}
		case db.StateParked:
			q.Parked, q.Trouble = t.Number(int64(b.Count)), b.Count > 0
		}
	}
	return q
}

// checks are the things that are looked at beside the queues.
func (s *Server) checks(ctx context.Context, t *views.Translator) ([]views.Check, error) {
	provider := views.Check{Name: t.T("admin.check.provider") + " " + s.providerName(), Value: t.T("admin.check.provider.ok"), Tone: views.ToneGood}
	if failures, until := s.ProviderFailing(); failures > 0 {
		provider.Value, provider.Tone = t.T("admin.check.provider.bad"), views.ToneBad
		provider.At, provider.Detail = t.Instant(until), t.N("admin.check.provider.text", int64(failures))
	}
	pass, err := s.passCheck(ctx, t)
	if err != nil {
		return nil, err
	}
	strange := views.Check{Name: t.T("admin.check.strange"), Value: t.T("admin.check.strange.none"), Tone: views.ToneGood}
	unknown, _, err := s.Store.Deliveries(ctx, db.DeliveryFilter{Strange: true}, "", 1)
	if err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		strange.Value, strange.Tone, strange.At = t.T("admin.check.strange.some"), views.ToneNeutral, t.Ago(unknown[0].ReceivedAt, s.Now())
		strange.Detail = t.T("admin.check.strange.text", "Type", short(unknown[0].Type, 100))
	}
	return []views.Check{provider, pass, strange}, nil
}
