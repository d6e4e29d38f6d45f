package handlers

import (
	"errors"
	"net/http"
	"strings"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// showAccount handles GET /account: the reader's own data and sessions.
func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.accountPage(w, r, who, http.StatusOK, who.Name, "")
}

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, name, problem string) error {
	page := s.frame(r, who, "account.title", "")
	notice(r, &page)
	sessions, err := s.Auth.Sessions(r.Context(), who)
	if err != nil {
		return err
	}
	model := views.Account{Name: name, Email: who.Email, Verified: who.EmailVerified}
	if problem != "" {
		model.Error = page.T.T(problem)
	}
	for _, session := range sessions {
		model.Sessions = append(model.Sessions, views.Session{
			ID: session.ID, Device: device(page.T, session.UserAgent), Address: session.Address, Current: session.Current,
			LastSeen: page.T.Ago(session.SeenAt, s.Now()), Started: page.T.Date(session.StartedAt),
		})
	}
	return s.render(w, r, status, views.AccountPage(page, model))
}

// saveAccount handles POST /account: the reader's name.
func (s *Server) saveAccount(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	name := r.PostFormValue("name")
	err := s.Auth.Rename(r.Context(), who, name)
	if errors.Is(err, billing.ErrInvalid) {
		return s.accountPage(w, r, who, http.StatusBadRequest, clip(name, 1000), "account.bad_name")
	}
	if err != nil {
		return err
	}
	redirect(w, "/account?done=saved")
	return nil
}

// endSession handles POST /account/sessions/{id}/end: it signs out one of the
// reader's other browsers. The one in use is ended by signing out.
func (s *Server) endSession(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if r.PathValue("id") == who.SessionID {
		return s.signOut(w, r, who)
	}
	if err := s.Auth.EndSession(r.Context(), who, r.PathValue("id")); err != nil {
		return err
	}
	redirect(w, "/account?done=session_ended")
	return nil
}

// Names in user agents, the telling ones first: most browsers name several.
var (
	browsers = []struct{ sign, name string }{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}
	systems = []struct{ sign, name string }{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// device puts a user agent into words: "Firefox on Linux".
func device(t *views.Translator, agent string) string {
	find := func(list []struct{ sign, name string }) string {
		for _, entry := range list {
			if strings.Contains(agent, entry.sign) {
				return entry.name
			}
		}
		return ""
	}
	switch browser, system := find(browsers), find(systems); {
	case browser != "" && system != "":
		return t.T("account.device", "Browser", browser, "System", system)
	case browser+system != "":
		return browser + system
	}
	return t.T("account.device_unknown")
}
