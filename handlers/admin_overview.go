package handlers

import (
	"context"
	"net/http"
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
	for _, severity := range []billing.Severity{billing.Urgent, billing.Notice} {
		for _, a := range alarms {
			if a.Severity == severity {
				model.Alarms = append(model.Alarms, alarmCard(page.T, a, s.Now()))
			}
		}
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
	billing.AlarmJobParked: "/admin/jobs", billing.AlarmHookParked: "/admin/hooks", billing.AlarmUsageParked: "/admin/jobs",
	billing.AlarmWebhookSilence: "/admin/reconcile", billing.AlarmCreditsDiffer: "/admin/reconcile", billing.AlarmEndpointMissing: "/admin/reconcile",
}

func alarmCard(t *views.Translator, a billing.Alarm, now time.Time) views.Alarm {
	card := views.Alarm{
		Kind: string(a.Kind), Tone: severityTone(a.Severity), Title: t.T("alarm." + string(a.Kind)), Remedy: t.T("alarm." + string(a.Kind) + ".remedy"),
		Subject: short(a.Subject, 120), Detail: short(a.Detail, shownError), Since: t.Ago(a.RaisedAt, now), URL: remedies[a.Kind], Action: t.T("alarm.look"),
	}
	if a.Count > 1 {
		card.Times = t.N("admin.times", int64(a.Count))
	}
	if a.Kind == billing.AlarmDeliveryParked {
		card.URL = "/admin/deliveries/" + a.Subject
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
		list = append(list, s.queue(t, t.T("admin.queue.hook", "Target", group[0].Kind), "/admin/hooks?target="+group[0].Kind, group))
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

func (s *Server) queue(t *views.Translator, name, url string, states []db.Backlog) views.Queue {
	q := views.Queue{Name: name, URL: url, Waiting: t.Number(0), Parked: t.Number(0)}
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
		provider.At, provider.Detail = t.Clock(until), t.N("admin.check.provider.text", int64(failures))
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
