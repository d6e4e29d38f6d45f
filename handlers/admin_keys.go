package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// keyDays are for how many days a key can be made; 0 is for ever.
var keyDays = []int{90, 30, 365, 0}

// scopeWords name what each scope allows, as messages of the catalogue.
var scopeWords = map[auth.Scope]string{
	auth.ScopeEvents: "keys.scope.events", auth.ScopeEntitlements: "keys.scope.entitlements",
	auth.ScopeCredits: "keys.scope.credits", auth.ScopeCustomers: "keys.scope.customers",
}

// showKeys handles GET /admin/keys: the API keys of the operator's other servers.
func (s *Server) showKeys(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.keysPage(w, r, who, http.StatusOK, views.AdminKeys{})
}

func (s *Server) keysPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, model views.AdminKeys) error {
	page, err := s.adminFrame(r, who, "keys.title")
	if err != nil {
		return err
	}
	keys, err := s.Auth.Keys(r.Context())
	if err != nil {
		return err
	}
	for _, key := range keys {
		model.Rows = append(model.Rows, s.keyRow(page.T, key))
	}
	if model.Form.Scopes == nil {
		model.Form = keyForm(page.T, "", nil, keyDays[0])
	}
	return s.render(w, r, status, views.AdminKeysPage(page, model))
}

func (s *Server) keyRow(t *views.Translator, key auth.Key) views.KeyRow {
	row := views.KeyRow{
		ID: key.ID, Name: key.Name, Hint: key.Hint, Created: t.Date(key.CreatedAt), From: key.UsedFrom,
		State: views.State{Tone: views.ToneGood, Text: t.T("keys.state.counts")}, Counts: key.RevokedAt.IsZero(),
	}
	for _, scope := range key.Scopes {
		row.Scopes = append(row.Scopes, string(scope))
	}
	if !key.UsedAt.IsZero() {
		row.Used = t.Ago(key.UsedAt, s.Now())
	}
	if !key.ExpiresAt.IsZero() {
		row.Ends = t.Date(key.ExpiresAt)
		if !s.Now().Before(key.ExpiresAt) {
			row.Counts = false
			row.State = views.State{Tone: views.ToneNeutral, Text: t.T("keys.state.ended")}
		}
	}
	if !key.RevokedAt.IsZero() {
		row.State = views.State{Tone: views.ToneNeutral, Text: t.T("keys.state.revoked")}
	}
	return row
}

// keyForm is the form with what was chosen.
func keyForm(t *views.Translator, name string, scopes []string, days int) views.KeyForm {
	form := views.KeyForm{Name: name}
	chosen := make(map[string]bool, len(scopes))
	for _, scope := range scopes {
		chosen[scope] = true
	}
	for _, scope := range auth.Scopes {
		form.Scopes = append(form.Scopes, views.Choice{Value: string(scope), Text: t.T(scopeWords[scope]), Chosen: chosen[string(scope)]})
	}
	for _, n := range keyDays {
		text := t.T("keys.ending.never")
		if n > 0 {
			text = t.N("keys.ending.days", int64(n))
		}
		form.Ends = append(form.Ends, views.Choice{Value: strconv.Itoa(n), Text: text, Chosen: n == days})
	}
	return form
}

// makeKey handles POST /admin/keys. The answer shows the secret, which is kept nowhere.
func (s *Server) makeKey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 0 || days > 3650 {
		return billing.ErrInvalid
	}
	var ends time.Time
	if days > 0 {
		ends = s.Now().AddDate(0, 0, days)
	}
	name, chosen := clip(strings.TrimSpace(r.PostFormValue("name")), 400), r.PostForm["scope"]
	var scopes []auth.Scope
	for _, scope := range chosen {
		scopes = append(scopes, auth.Scope(scope))
	}
	key, secret, err := s.Auth.MakeKey(r, who, name, scopes, ends)
	refused := ""
	switch {
	case errors.Is(err, billing.ErrInvalid):
		refused = "keys.bad"
	case errors.Is(err, billing.ErrConflict):
		refused = "keys.too_many"
	case err != nil:
		return err
	}
	if refused != "" {
		t := s.frame(r, who, "", views.NavAdmin).T
		form := keyForm(t, name, chosen, days)
		form.Error = t.T(refused)
		return s.keysPage(w, r, who, statusOf(err), views.AdminKeys{Form: form})
	}
	s.audit(r, who, "make API key", "key", key.ID, "scopes", key.Scopes)
	return s.keysPage(w, r, who, http.StatusOK, views.AdminKeys{Secret: secret, Made: key.Name})
}

// revokeKey handles POST /admin/keys/{id}/revoke: the next request with it is refused.
func (s *Server) revokeKey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.PathValue("id")
	err := s.Auth.RevokeKey(r, who, id)
	return s.wished(w, r, who, err, "/admin/keys", "revoked", "revoke API key", "key", id)
}
