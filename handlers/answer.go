package handlers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// handler is one page or form. It answers, or returns an error that says why not.
type handler func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error

// page lets anyone in; who tells whether somebody is signed in. What is made for
// somebody is kept by no cache, the browser's included: every page carries a name.
func (s *Server) page(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := s.Auth.Who(r)
		if who.SignedIn() {
			w.Header().Set("Cache-Control", "private, no-store")
		}
		if err == nil {
			err = h(w, r, who)
		}
		if err != nil {
			s.fail(w, r, who, err)
		}
	})
}

// signedIn sends a visitor to sign in first: back to where he was going when he was
// reading, and to a page that stands for it when he was sending a form, which a redirect
// would lose.
func (s *Server) signedIn(h handler) http.Handler {
	return s.page(func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		w.Header().Set("Cache-Control", "private, no-store")
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		if who.SignedIn() {
			if !reads && !s.pace.pass(who.CustomerID, s.Now()) {
				return fmt.Errorf("forms of customer %s: %w", who.CustomerID, errTooMany)
			}
			return h(w, r, who)
		}
		next := r.URL.RequestURI()
		if !reads {
			next = s.afterSignIn(r)
		}
		http.Redirect(w, r, "/login?next="+url.QueryEscape(next), http.StatusSeeOther)
		return nil
	})
}

// sentence is an error with words for the reader: a message of the catalogue.
type sentence struct {
	kind    error
	message string
	args    []any
}

func (e *sentence) Error() string { return e.kind.Error() + ": " + e.message }
func (e *sentence) Unwrap() error { return e.kind }

// say makes an error of that kind whose page shows the catalogue's message; args
// are pairs of a placeholder's name and its value.
func say(kind error, message string, args ...any) error {
	return &sentence{kind: kind, message: message, args: args}
}

// failures turns the kind of an error into a status. The first that fits counts, so
// what is more telling stands first: a sign-in refused for haste is also ErrDenied.
var failures = []struct {
	kind   error
	status int
}{
	{errTooMany, http.StatusTooManyRequests},
	{billing.ErrNotFound, http.StatusNotFound},
	{billing.ErrDenied, http.StatusForbidden},
	{billing.ErrConflict, http.StatusConflict},
	{billing.ErrProvider, http.StatusServiceUnavailable},
	{db.ErrFull, http.StatusServiceUnavailable},
	{db.ErrBroken, http.StatusServiceUnavailable},
	{billing.ErrInvalid, http.StatusBadRequest},
}

var errTooMany = errors.New("too many requests")

// statusOf is the status for an error. One of no kind is our own fault.
func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	for _, f := range failures {
		if errors.Is(err, f.kind) {
			return f.status
		}
	}
	if db.Unreachable(err) {
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// fail logs an error once and shows its page.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, who auth.Visitor, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the reader left
	}
	status := statusOf(err)
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.Log.Log(r.Context(), level, "request failed", "pattern", r.Pattern, "status", status, "user", who.UserID, "err", err)
	page := s.frame(r, who, "", "")
	failure := views.Failure{Status: status}
	if words, ok := errors.AsType[*sentence](err); ok {
		failure.Detail = page.T.T(words.message, words.args...)
	} else if errors.Is(err, db.ErrFull) || errors.Is(err, db.ErrBroken) {
		failure.Detail = page.T.T("failure.disk")
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "30")
	}
	page.Title = page.T.T("failure.title." + fmt.Sprint(status))
	if err := s.render(w, r, status, views.FailurePage(page, failure)); err != nil {
		s.Log.ErrorContext(r.Context(), "show a failure", "err", err)
	}
}

// render writes a page. It goes through a buffer first, so that a view that fails
// half way still becomes a clean error.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, view templ.Component) error {
	var buffer bytes.Buffer
	if err := view.Render(r.Context(), &buffer); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "private, no-cache")
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := buffer.WriteTo(w); err != nil {
		s.Log.DebugContext(r.Context(), "the reader left before the end of the page", "err", err)
	}
	return nil
}

// frame is what every page shares. title is a message of the catalogue.
func (s *Server) frame(r *http.Request, who auth.Visitor, title string, nav views.Nav) views.Page {
	page := views.Page{
		T:         s.Catalogue.Translator(r.Header.Get("Accept-Language"), time.UTC),
		Path:      r.URL.RequestURI(),
		Nav:       nav,
		Theme:     s.themeOf(r),
		Brand:     s.Brand,
		Demo:      s.Demo,
		RequestID: requestID(r.Context()),
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		page.Path = "/"
	}
	if title != "" {
		page.Title = page.T.T(title)
	}
	if who.SignedIn() {
		page.User = &views.User{Name: who.Name, Email: who.Email, Initials: views.Initials(who.Name, who.Email)}
		page.Payer = who.CustomerID
		page.Acting = s.actingOf(r.Context(), page.T, who)
		page.Operator = s.operatorOf(r.Context(), page.T, who)
	}
	return page
}

// afterSignIn is where a form that needed a sign-in leads: a checkout comes back to
// the plan that was chosen, anything else to the portal.
func (s *Server) afterSignIn(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, "/checkout") {
		return chosenPath(r.PostFormValue("plan"))
	}
	return "/portal"
}
