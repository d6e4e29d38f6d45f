package views_test

import (
	"time"

	"counterfoil/views"
)

// account are the pages that a reader has of his own account.
func (s sampler) account() []sample {
	page := func() views.Page { return s.sam("account.title", "") }
	account := views.Account{Name: "Sam Okafor", Email: "sam@example.com", Verified: true}
	waiting := account
	waiting.Name, waiting.Error, waiting.Pending, waiting.Refused = "x", s.t.T("account.bad_name"), "sam@okafor.example", true
	sessions := []views.Session{
		{ID: "s1", Device: "Firefox on Linux", Address: "192.0.2.7", Proof: s.t.T("account.proof.code"), LastSeen: s.t.Ago(now, now), Started: s.t.DateTime(now.AddDate(0, 0, -3)), Current: true},
		{ID: "s2", Device: "Safari on iPhone", LastSeen: s.t.Ago(now.Add(-26*time.Hour), now), Started: s.t.DateTime(now.AddDate(0, -1, 0))},
	}
	change := views.EmailChange{Email: "sam@example.com", New: "sam@okafor.example", Ends: s.t.DateTime(now.Add(24 * time.Hour)), Step: "new", Error: s.t.T("account.email.code_dead")}
	half := change
	half.NewProven, half.Error, half.Step = true, "", ""
	linked := views.Identities{
		Verified: true, Offered: []views.LoginProvider{{ID: "oidc", Name: "Lumen ID"}},
		Linked: []views.Identity{
			{ID: "i1", Provider: "Lumen ID", Email: "sam@example.com", Linked: s.t.Date(now.AddDate(-1, 0, 0)), Used: s.t.Ago(now.Add(-time.Hour), now)},
			{ID: "i2", Provider: "id.old.example", Off: true, Linked: s.t.Date(now.AddDate(-2, 0, 0)), Used: s.t.Ago(now.AddDate(-1, 0, 0), now)},
		},
	}
	erase := views.Erase{
		Email: "sam@example.com", Error: s.t.T("erase.mistyped"), StaysUntil: s.t.T("erase.stays.until", "Date", "31 December 2036"),
		Goes:  []string{s.t.T("erase.goes.profile"), s.t.T("erase.goes.usage"), s.t.T("erase.goes.organization", "Name", "Lumen Labs")},
		Stays: []string{s.t.N("erase.stays.orders", 15), s.t.T("erase.stays.why"), s.t.T("erase.stays.ledger"), s.t.T("erase.stays.backups")},
	}
	hindered := erase
	hindered.Error, hindered.Hindrances = "", []views.Hindrance{
		{Text: s.t.T("erase.hindered.subscription") + " " + s.t.T("erase.hindered.period", "Date", "3 December 2026"), URL: "/portal/subscriptions", Link: s.t.T("erase.hindered.portal")},
		{Text: s.t.T("erase.hindered.checkout")},
	}
	return []sample{
		{"account-identities", views.AccountIdentitiesPage(page(), linked)},
		{"account-identities-none", views.AccountIdentitiesPage(page(), views.Identities{Offered: linked.Offered})},
		{"account-data", views.AccountDataPage(page())},
		{"account-erase", views.ErasePage(page(), erase)},
		{"account-erase-hindered", views.ErasePage(page(), hindered)},
		{"account-erased", views.ErasedPage(s.visitor("erase.done.title", ""))},
		{"account", views.AccountPage(page(), account)},
		{"account-waiting", views.AccountPage(page(), waiting)},
		{"account-sessions", views.AccountSessionsPage(page(), sessions)},
		{"account-sessions-one", views.AccountSessionsPage(page(), sessions[:1])},
		{"account-email", views.EmailChangePage(page(), views.EmailChange{Email: "sam@example.com", Typed: "sam", Error: s.t.T("login.refused.bad_email")})},
		{"account-email-codes", views.EmailChangePage(page(), change)},
		{"account-email-half", views.EmailChangePage(page(), half)},
		{"account-email-stop", views.EmailStopPage(s.visitor("account.stop.title", ""), "0190d2d2", s.t.T("login.refused.bad_code"))},
		{"account-email-stopped", views.EmailStoppedPage(s.visitor("account.stop.done.title", ""))},
	}
}
