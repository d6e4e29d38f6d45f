package views_test

import (
	"time"

	"counterfoil/views"
)

// keys are one that was just made, one in use and one revoked.
func (s sampler) keys() views.AdminKeys {
	ago := func(d time.Duration) views.Time { return s.t.Ago(now.Add(-d), now) }
	counts, revoked := views.State{Tone: views.ToneGood, Text: s.t.T("keys.state.counts")}, views.State{Text: s.t.T("keys.state.revoked")}
	return views.AdminKeys{
		Made: "Nightly export", Secret: "cfk_8dKq2fVnB0r3mJ5xW7yZ1aC4eG6hL9pQsTuRvXwYzAb",
		Rows: []views.KeyRow{
			{ID: "k-3", Name: "Nightly export", Hint: "cfk_8dKq2f", Scopes: []string{"credits:read"}, Created: s.t.Date(now), State: counts, Counts: true},
			{ID: "k-2", Name: "API server, production", Hint: "cfk_Zm41Ta", Scopes: []string{"events:write", "entitlements:read"},
				Created: s.t.Date(now.AddDate(0, -2, 0)), Used: ago(40 * time.Second), From: "192.0.2.7", Ends: s.t.Date(now.AddDate(0, 1, 0)), State: counts, Counts: true},
			{ID: "k-1", Name: "Old worker", Hint: "cfk_p0LmQx", Scopes: []string{"events:write"}, Created: s.t.Date(now.AddDate(-1, 0, 0)), State: revoked},
		},
		Form: views.KeyForm{
			Scopes: []views.Choice{{Value: "events:write", Text: s.t.T("keys.scope.events"), Chosen: true}, {Value: "credits:read", Text: s.t.T("keys.scope.credits")}},
			Ends:   []views.Choice{{Value: "90", Text: s.t.N("keys.ending.days", 90)}, {Value: "0", Text: s.t.T("keys.ending.never")}},
		},
	}
}
