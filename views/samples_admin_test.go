package views_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"

	"counterfoil/views"
)

// olive is a page as seen by the operator while something is wrong.
func (s sampler) olive(title string) views.Page {
	p := s.visitor(title, views.NavAdmin)
	p.User = &views.User{Name: "Olive Tran", Email: "olive@example.com", Initials: "OT"}
	p.Operator = &views.Operator{
		Urgent: 2, Worst: s.t.T("alarm.delivery_parked"), Tone: views.ToneBad,
		Parked: views.Parked{Alarms: "2", Deliveries: "1", Hooks: "3"},
	}
	return p
}

func (s sampler) admin() []sample {
	ago := func(d time.Duration) views.Time { return s.t.Ago(now.Add(-d), now) }
	parked := views.State{Tone: views.ToneBad, Text: s.t.T("admin.state.parked")}
	applied := views.State{Tone: views.ToneGood, Text: s.t.T("admin.state.done")}
	failing := views.State{Tone: views.ToneWarn, Text: s.t.T("admin.state.failing")}
	poison := views.DeliveryRow{
		ID: "d-1", Type: "order.paid", Kind: "order", ObjectID: "0a090f92-43bf-4cd3-97d3-70de94a26816", Received: ago(2 * time.Hour),
		State: parked, Tries: "8 tries", Error: `decode order.paid: <field "amount"> is missing`,
	}
	strange := views.DeliveryRow{ID: "d-2", Type: "moon.landed", Strange: true, Received: ago(3 * time.Hour), State: applied}
	overview := views.AdminOverview{
		Alarms: []views.Alarm{
			{Kind: "delivery_parked", Tone: views.ToneBad, Title: s.t.T("alarm.delivery_parked"), Remedy: s.t.T("alarm.delivery_parked.remedy"), Count: "60", More: s.t.N("alarm.more", 58), URL: "/admin/deliveries?state=parked", Action: s.t.T("alarm.look_all"),
				Cases: []views.AlarmCase{
					{Subject: "d-1", URL: "/admin/deliveries/d-1", Detail: poison.Error, Since: ago(time.Hour)},
					{Subject: "d-3", URL: "/admin/deliveries/d-3", Detail: poison.Error, Since: ago(time.Minute)},
				}},
			{Kind: "webhooks_refused", Tone: views.ToneWarn, Title: s.t.T("alarm.webhooks_refused"), Remedy: s.t.T("alarm.webhooks_refused.remedy"), Cases: []views.AlarmCase{{Subject: "polar", Since: ago(time.Minute), Times: s.t.N("admin.times", 2)}}},
		},
		Queues: []views.Queue{
			{Name: s.t.T("admin.queue.deliveries"), URL: "/admin/deliveries", Waiting: "0", Parked: "1", Trouble: true},
			{Name: s.t.T("admin.queue.hook", "Target", "url"), URL: "/admin/hooks?target=url", Waiting: "12", Oldest: ago(5 * time.Minute), Parked: "3", Trouble: true},
			{Name: s.t.T("admin.queue.usage"), URL: "/admin/jobs", Waiting: "1,204", Oldest: ago(time.Minute), Parked: "0"},
		},
		Checks: []views.Check{
			{Name: "Provider Polar", Value: s.t.T("admin.check.provider.bad"), Tone: views.ToneBad, At: s.t.Clock(now), Detail: s.t.N("admin.check.provider.text", 7)},
			{Name: s.t.T("admin.check.pass"), Value: s.t.T("admin.pass.done"), Tone: views.ToneGood, At: ago(4 * time.Minute)},
		},
	}
	tabs := []views.Link{{URL: "/admin/deliveries?state=done", Text: s.t.T("admin.state.done")}, {URL: "/admin/deliveries?state=parked", Text: s.t.T("admin.state.parked"), Current: true}}
	delivery := views.AdminDelivery{
		DeliveryRow: poison, Action: s.t.T("admin.retry_one"), Body: "{\n  \"type\": \"order.paid\",\n  \"note\": \"<script>\"\n}", BodyRest: s.t.N("admin.delivery.rest", 5120),
		Facts: []views.Fact{{Name: s.t.T("admin.delivery.received"), At: s.t.DateTime(now)}, {Name: s.t.T("admin.delivery.id"), Value: "msg_1", Code: true}, {Name: s.t.T("admin.delivery.provider"), Value: "polar"}},
	}
	rehearsed, failed, unchanged := delivery, delivery, delivery
	rehearsed.Rehearsal = &views.Rehearsal{
		Fields: []views.FieldRow{{Name: "Status", Before: "pending", After: "paid"}, {Name: "NextAttemptAt", Before: "2026-11-23 09:30:00.000"}},
		Told:   []views.ToldRow{{Type: "order.paid", Who: s.t.T("admin.rehearsal.told", "Hooks", "go, url")}}, Jobs: []string{s.t.T("admin.job.sync_credits")},
	}
	failed.Rehearsal = &views.Rehearsal{Problem: poison.Error}
	unchanged.Rehearsal = &views.Rehearsal{Nothing: true}
	replay := views.AdminReplay{From: "2026-11-22T08:00", To: "2026-11-22T09:31", Error: s.t.T("admin.replay.bad_time")}
	replayed := views.AdminReplay{From: "2026-11-22T08:00", To: "2026-11-22T09:31", Result: &views.ReplayResult{
		Summary: s.t.N("admin.replay.summary", 120, "Changing", s.t.N("admin.replay.changing", 1)), Rest: s.t.T("admin.replay.rest", "Looked", "50"),
		Rows: []views.ReplayRow{{DeliveryRow: poison, Changes: []string{"Status: pending → paid"}}}, Confirm: s.t.N("admin.replay.confirm", 120),
	}}
	hooks := views.AdminHooks{
		Target: "url", Targets: []views.Link{{URL: "#", Text: "go"}, {URL: "#", Text: "url", Current: true}}, Tabs: tabs, Parked: s.t.N("admin.hooks.resend_all", 3),
		Rows: []views.HookRow{
			{ID: "c-1", Type: "order.paid", Key: "fact_0123456789abcdef0123456789abcdef", ObjectID: poison.ObjectID, Tries: "24 tries", Error: "answered 500 <html>", Noted: ago(50 * time.Hour), State: parked, Resend: true},
			{ID: "c-2", Type: "customer.updated", Key: "fact_fedcba9876543210fedcba9876543210", Tries: "2 tries", Error: "answered 503", Noted: ago(time.Minute), Next: s.t.DateTime(now), State: failing},
		},
	}
	jobs := views.AdminJobs{
		Jobs: []views.JobRow{{ID: "j-1", Kind: s.t.T("admin.job.create_customer"), Key: "c-1", State: parked, Tries: "1 try", Error: "the address belongs to another customer", Restart: true},
			{ID: "j-2", Kind: s.t.T("admin.job.send_mail"), Key: "m-1", State: parked, Tries: "5 tries", Error: "550 user unknown", Note: s.t.T("admin.job.mail_gone")}},
		Usage:      []views.UsageRow{{ID: "e-1", Name: "ai_usage", CustomerID: "c-1", When: s.t.DateTime(now), Error: "the timestamp is too old"}},
		RetryUsage: s.t.N("admin.usage.retry_all", 1204),
		More:       s.t.T("admin.jobs.more", "Jobs", "2", "Events", "1,204"),
	}
	reconcile := views.AdminReconcile{
		Passes: []views.PassRow{
			{ID: "p-2", Kind: s.t.T("admin.pass.dry"), State: views.State{Text: s.t.T("admin.state.waiting")}, Begun: ago(time.Second)},
			{ID: "p-1", Kind: s.t.T("admin.pass.scheduled"), State: views.State{Tone: views.ToneGood, Text: s.t.T("admin.pass.done")}, Begun: ago(9 * time.Minute),
				Figures: s.t.T("admin.pass.figures", "Objects", "412", "Calls", "19", "Changed", "3"), Took: s.t.T("admin.pass.took", "Took", "2.1s"), Drift: s.t.N("admin.pass.healed", 1)},
		},
		Drifts: []views.DriftRow{{Kind: "order", ID: poison.ObjectID, What: s.t.T("admin.drift.changed"), Fields: "Status, Refunded", State: views.State{Tone: views.ToneGood, Text: s.t.T("admin.drift.healed")}, Found: ago(9 * time.Minute)}},
	}
	frozen := reconcile
	frozen.Comparing = s.t.N("admin.frozen.comparing", 12)
	frozen.Frozen = []views.FrozenRow{{CustomerID: "01a2184c-2b84-7a3f-8d77-638f0661fa2d", Meter: "AI credits", LetURL: "/admin/wallets/w-1/let",
		Figures: s.t.T("admin.frozen.figures", "Ours", "95", "Theirs", "55")}}
	people := []views.PersonRow{
		{ID: "u-1", Email: "sam@example.com", Name: "Sam Okafor", Verified: true, Since: s.t.Date(now.AddDate(-1, 0, 0))},
		{ID: "u-2", Email: "somebody-with-a-rather-long-address@engineering.example.com", Since: s.t.Date(now)},
	}
	calm := s.olive("admin.title")
	calm.Operator = &views.Operator{}
	portal := s.olive("portal.title")
	portal.Nav = views.NavPortal
	return []sample{
		{"admin", views.AdminOverviewPage(s.olive("admin.title"), overview)},
		{"admin-calm", views.AdminOverviewPage(calm, views.AdminOverview{Queues: overview.Queues[2:], Checks: overview.Checks[1:]})},
		{"admin-banner", views.PortalPage(portal, views.Portal{})},
		{"admin-deliveries", views.AdminDeliveriesPage(s.olive("admin.deliveries"), views.AdminDeliveries{Tabs: tabs, Type: "order.paid", Found: true, Retry: s.t.T("admin.deliveries.retry_all", "Count", "60"), Rows: []views.DeliveryRow{poison, strange}, OlderURL: "/admin/deliveries?before=1"})},
		{"admin-deliveries-none", views.AdminDeliveriesPage(calm, views.AdminDeliveries{Tabs: tabs, Empty: s.t.T("admin.deliveries.none.parked")})},
		{"admin-delivery", views.AdminDeliveryPage(s.olive("admin.deliveries"), rehearsed)},
		{"admin-delivery-fails", views.AdminDeliveryPage(s.olive("admin.deliveries"), failed)},
		{"admin-delivery-nothing", views.AdminDeliveryPage(s.olive("admin.deliveries"), unchanged)},
		{"admin-replay", views.AdminReplayPage(s.olive("admin.replay"), replay)},
		{"admin-replay-rehearsed", views.AdminReplayPage(s.olive("admin.replay"), replayed)},
		{"admin-hooks", views.AdminHooksPage(s.olive("admin.hooks"), hooks)},
		{"admin-hooks-none", views.AdminHooksPage(calm, views.AdminHooks{})},
		{"admin-reconcile", views.AdminReconcilePage(s.olive("admin.reconcile"), reconcile)},
		{"admin-reconcile-frozen", views.AdminReconcilePage(s.olive("admin.reconcile"), frozen)},
		{"admin-reconcile-none", views.AdminReconcilePage(calm, views.AdminReconcile{})},
		{"admin-jobs", views.AdminJobsPage(s.olive("admin.jobs"), jobs)},
		{"admin-jobs-none", views.AdminJobsPage(calm, views.AdminJobs{})},
		{"admin-people", views.AdminPeoplePage(s.olive("people.title"), views.AdminPeople{Rows: people, OlderURL: "/admin/people?before=1"})},
		{"admin-people-none", views.AdminPeoplePage(calm, views.AdminPeople{Email: "nobody@"})},
		{"admin-person", views.AdminPersonPage(s.olive("people.title"), views.AdminPerson{
			PersonRow: people[0], EndURL: "/admin/people/u-1/end", End: s.t.N("people.end", 2),
			Sessions: []views.Session{
				{ID: "s-1", Device: "Firefox on Linux", Address: "192.0.2.7", LastSeen: ago(time.Minute), Started: s.t.Date(now.AddDate(0, 0, -3))},
				{ID: "s-2", Device: "Safari on iPhone", LastSeen: ago(26 * time.Hour), Started: s.t.Date(now.AddDate(0, -1, 0))},
			},
		})},
		{"admin-person-away", views.AdminPersonPage(s.olive("people.title"), views.AdminPerson{PersonRow: people[1]})},
		{"admin-keys", views.AdminKeysPage(s.olive("keys.title"), s.keys())},
		{"admin-keys-none", views.AdminKeysPage(calm, views.AdminKeys{Form: views.KeyForm{Error: s.t.T("keys.bad"), Scopes: s.keys().Form.Scopes}})},
	}
}

// TestEveryAlarmSaysWhatToDo: each kind of trouble has a sentence and a remedy.
func TestEveryAlarmSaysWhatToDo(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../billing/alarm.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ids, kinds := catalogueIDs(t, "messages/en.json"), 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Alarm") {
			return true
		}
		kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		kinds++
		for _, id := range []string{"alarm." + kind, "alarm." + kind + ".remedy"} {
			if !ids[id] {
				t.Errorf("messages/en.json lacks %s", id)
			}
		}
		return true
	})
	if kinds < 15 {
		t.Errorf("only %d kinds were found: the test does not read the list", kinds)
	}
}

// TestAlarmMailSaysWhatToDo: the trouble, the remedy and the way to it, in both forms, with
// what a stranger wrote as text.
func TestAlarmMailSaysWhatToDo(t *testing.T) {
	s := newSampler(t)
	mail, err := views.AlarmMail(t.Context(), s.t, views.Brand{Name: "Lumen"}, "disk", "/data", "<b>9 MB left</b>", "https://billing.example.com/admin")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{s.t.T("alarm.disk"), s.t.T("alarm.disk.remedy"), "<b>9 MB left</b>", "https://billing.example.com/admin"} {
		if !strings.Contains(mail.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, mail.Text)
		}
	}
	if !strings.Contains(mail.HTML, "&lt;b&gt;9 MB left") || !strings.HasPrefix(mail.Subject, "Lumen: ") {
		t.Errorf("subject %q, HTML:\n%s", mail.Subject, mail.HTML)
	}
}
