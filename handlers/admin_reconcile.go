package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

const (
	passesShown   = 10
	driftsPerPage = 25
)

// showReconcile handles GET /admin/reconcile?before=: what was read from the provider, and
// which differences that found which a webhook should have told.
func (s *Server) showReconcile(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.adminFrame(r, who, "admin.reconcile")
	if err != nil {
		return err
	}
	passes, err := s.Store.Passes(r.Context(), passesShown)
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	drifts, err := s.Store.Drifts(r.Context(), "", before, driftsPerPage+1)
	if err != nil {
		return err
	}
	next := ""
	if len(drifts) > driftsPerPage {
		drifts, next = drifts[:driftsPerPage], drifts[driftsPerPage-1].ID
	}
	var model views.AdminReconcile
	for _, pass := range passes {
		model.Passes = append(model.Passes, s.passRow(page.T, pass))
	}
	for _, drift := range drifts {
		model.Drifts = append(model.Drifts, s.driftRow(page.T, drift))
	}
	if err := s.frozen(r.Context(), page.T, &model); err != nil {
		return err
	}
	model.Newer, model.Older = pages("/admin/reconcile", url.Values{}, before, next)
	return s.render(w, r, http.StatusOK, views.AdminReconcilePage(page, model))
}

// frozenShown is how many wallets that differ are shown at once.
const frozenShown = 50

// frozen fills in what a restore has left to be compared, and what nobody can explain.
func (s *Server) frozen(ctx context.Context, t *views.Translator, model *views.AdminReconcile) error {
	wallets, comparing, err := s.Store.Differing(ctx, s.Provider.Name(), frozenShown)
	if err != nil {
		return err
	}
	if comparing > 0 {
		model.Comparing = t.N("admin.frozen.comparing", comparing)
	}
	for _, f := range wallets {
		model.Frozen = append(model.Frozen, views.FrozenRow{
			CustomerID: f.CustomerID, Meter: f.MeterName, LetURL: "/admin/wallets/" + f.ID + "/let",
			Figures: t.T("admin.frozen.figures", "Ours", t.Credits(int64(f.Balance)), "Theirs", t.Credits(int64(f.Provider))),
		})
	}
	return nil
}

// letWalletCount handles POST /admin/wallets/{id}/let: a wallet that nobody can explain
// counts again, as it stands here.
func (s *Server) letWalletCount(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.PathValue("id")
	err := s.Store.LetCount(r.Context(), id, s.Now())
	return s.wished(w, r, who, err, "/admin/reconcile", "counts", "let a frozen wallet count", "wallet", id)
}

func (s *Server) passRow(t *views.Translator, pass db.Pass) views.PassRow {
	row := views.PassRow{
		ID: pass.ID, Kind: t.T("admin.pass." + pass.Kind), CustomerID: pass.CustomerID, State: passState(t, pass),
		Begun: t.Ago(pass.AskedAt, s.Now()), Drift: driftText(t, pass), Error: short(pass.Error, shownError),
	}
	if !pass.StartedAt.IsZero() {
		row.Begun = t.Ago(pass.StartedAt, s.Now())
		row.Figures = t.T("admin.pass.figures",
			"Objects", t.Number(int64(pass.Objects)), "Calls", t.Number(int64(pass.Calls)), "Changed", t.Number(int64(pass.Changed)))
	}
	if !pass.FinishedAt.IsZero() {
		row.Took = t.T("admin.pass.took", "Took", pass.FinishedAt.Sub(pass.StartedAt).Round(100*time.Millisecond).String())
	}
	return row
}

func passState(t *views.Translator, pass db.Pass) views.State {
	switch pass.State {
	case db.StateDone:
		return views.State{Tone: views.ToneGood, Text: t.T("admin.pass.done")}
	case db.StateFailed:
		return views.State{Tone: views.ToneBad, Text: t.T("admin.pass.failed")}
	case db.StateRunning:
		return views.State{Tone: views.ToneNeutral, Text: t.T("admin.pass.running")}
	}
	return views.State{Tone: views.ToneNeutral, Text: t.T("admin.state.waiting")}
}

// driftText says how many differences a pass found; empty for none.
func driftText(t *views.Translator, pass db.Pass) string {
	var parts []string
	if pass.Healed > 0 {
		parts = append(parts, t.N("admin.pass.healed", int64(pass.Healed)))
	}
	if pass.Found > 0 {
		parts = append(parts, t.N("admin.pass.found", int64(pass.Found)))
	}
	return strings.Join(parts, " · ")
}

func (s *Server) driftRow(t *views.Translator, drift db.Drift) views.DriftRow {
	row := views.DriftRow{
		Kind: string(drift.Ref.Kind), ID: short(drift.Ref.ProviderID, 100), What: t.T("admin.drift." + drift.Change),
		Fields: short(strings.Join(drift.Fields, ", "), fieldMost), Found: t.Ago(drift.FoundAt, s.Now()),
		State: views.State{Tone: views.ToneWarn, Text: t.T("admin.drift.open")},
	}
	if drift.Healed {
		row.State = views.State{Tone: views.ToneGood, Text: t.T("admin.drift.healed")}
	}
	return row
}

// askForPass handles POST /admin/reconcile: everything is to be read now, or (kind dry)
// compared and left as it is. While one of that kind waits, asking again is the same wish.
func (s *Server) askForPass(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	kind := r.PostFormValue("kind")
	if kind != db.PassManual && kind != db.PassDry {
		return billing.ErrInvalid
	}
	passes, err := s.Store.Passes(r.Context(), passesShown)
	if err != nil {
		return err
	}
	const everything = "" // no customer alone
	waits := false
	for _, pass := range passes {
		waits = waits || pass.State == db.StateWaiting && pass.Kind == kind && pass.CustomerID == everything
	}
	if !waits {
		_, err = s.Store.AskForPass(r.Context(), s.Provider.Name(), kind, everything, s.Now())
	}
	return s.wished(w, r, who, err, "/admin/reconcile", "asked", "ask for a pass", "kind", kind)
}

// passCheck says how the latest reading of everything went.
func (s *Server) passCheck(ctx context.Context, t *views.Translator) (views.Check, error) {
	check := views.Check{Name: t.T("admin.check.pass"), Value: t.T("admin.check.never"), Tone: views.ToneWarn}
	passes, err := s.Store.Passes(ctx, passesShown)
	if err != nil {
		return check, err
	}
	for _, pass := range passes {
		if pass.CustomerID != "" || pass.StartedAt.IsZero() {
			continue
		}
		state := passState(t, pass)
		check.Value, check.Tone, check.At = state.Text, state.Tone, t.Ago(pass.StartedAt, s.Now())
		if n := pass.Healed + pass.Found; n > 0 {
			check.Detail = t.N("admin.check.pass.drift", int64(n))
		}
		if pass.Error != "" {
			check.Detail = short(pass.Error, shownError)
		}
		break
	}
	return check, nil
}
