package handlers

import (
	"net/http"
	"time"

	"counterfoil/auth"
	"counterfoil/views"
)

// showData handles GET /account/data: what the reader can have of what is held about him.
func (s *Server) showData(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.render(w, r, http.StatusOK, views.AccountDataPage(s.frame(r, who, "account.tab.data", "")))
}

// exportStep is how long one list of an export may take a slow reader.
const exportStep = 2 * time.Minute

// exportData handles POST /account/data/export: everything that is held about the reader,
// by his own id and never by that of whom he acts for, as one file. Nothing is kept of it
// here. One that fails half way breaks off, so that it does not pass for a whole one.
func (s *Server) exportData(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page := s.frame(r, who, "", "")
	name := "personal-data-" + s.Now().UTC().Format(time.DateOnly) + ".zip"
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	a := archive{
		store: s.Store, userID: who.UserID, at: s.Now(), about: page.T.T("data.readme", "Email", who.Email, "Time", page.T.DateTime(s.Now()).Text),
		step: func() { _ = out.SetWriteDeadline(time.Now().Add(exportStep)) }, // not every writer can; then its own limit counts
	}
	if err := a.write(r.Context(), w); err != nil {
		if r.Context().Err() == nil {
			s.Log.ErrorContext(r.Context(), "export broke off", "user", who.UserID, "err", err)
		}
		panic(http.ErrAbortHandler)
	}
	s.Log.InfoContext(r.Context(), "personal data exported", "user", who.UserID, "address", s.Auth.Address(r))
	return nil
}
