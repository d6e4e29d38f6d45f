package betterauth

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"counterfoil/auth"
)

// The endpoints of Better Auth's magicLink plugin (better-auth 1.7, plugins/magic-link),
// over the link of the portal's sign-in mail. Opening it spends nothing, so that programs
// which open every link of a mail do no harm: a page of the portal has a button, in the
// browser that asked alone, and leads back from there.

// magicLink handles POST /sign-in/magic-link: it mails what the sign-in page mails.
func (s *Server) magicLink(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	if !s.Auth.Offers(auth.WayLink) {
		w.WriteHeader(http.StatusNotFound) // as where the plugin is not installed
		return nil
	}
	var body struct {
		Email   emailAddress `json:"email" wire:"required"`
		Back    *string      `json:"callbackURL"`
		NewUser *string      `json:"newUserCallbackURL"`
		Failed  *string      `json:"errorCallbackURL"`
	}
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	back := auth.LinkBack{Callback: orEmpty(body.Back), NewUser: orEmpty(body.NewUser), Failed: orEmpty(body.Failed)}
	if err := s.Auth.RequestLink(w, r, string(body.Email), back); err != nil {
		return coreRefusal(err)
	}
	return answer(w, statusTrue)
}

// MagicLinkPath is where the link of a mail leads that was asked for here. As in the
// original it always has a callbackURL; without one it would be for a program.
func MagicLinkPath(m auth.CodeMail) string {
	query := url.Values{"token": {m.ID + "." + m.Code}}
	for name, target := range map[string]string{
		"callbackURL": cmp.Or(m.Back.Callback, "/"), "newUserCallbackURL": m.Back.NewUser, "errorCallbackURL": m.Back.Failed,
	} {
		if target != "" {
			query.Set(name, target)
		}
	}
	return root + "/magic-link/verify?" + query.Encode()
}

// openMagicLink handles GET /magic-link/verify. A program of the browser that asked, which
// names no callbackURL, signs in by it, as in the original; whoever opens it as a page is
// led to the button.
func (s *Server) openMagicLink(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if !s.Auth.Offers(auth.WayLink) {
		w.WriteHeader(http.StatusNotFound)
		return nil
	}
	query := r.URL.Query()
	for _, t := range targets {
		if target := query.Get(t.field); target != "" && !s.leadsHome(target) {
			return refuse(http.StatusForbidden, t.code, "Invalid "+t.label)
		}
	}
	if !query.Has("token") {
		return refuse(http.StatusBadRequest, "VALIDATION_ERROR", "[query.token] Invalid input: expected string, received undefined")
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the token
	id, code, _ := strings.Cut(query.Get("token"), ".")
	link, err := s.Auth.OpenCodeLink(r, id, code)
	called := query.Get("callbackURL") == "" && !opened(r)
	switch said := auth.ReasonOf(err); {
	case said != nil || err == nil && called && !link.Here:
		s.magicLinkDead(w, query)
		return nil
	case err != nil:
		return err
	case called:
		return s.spendMagicLink(w, r, id, code, query)
	case who.SignedIn():
		s.sendTo(w, cmp.Or(query.Get("callbackURL"), "/"), "", "")
		return nil
	}
	button := "/login/link?" + url.Values{"id": {id}, "code": {code}, "api": {"1"}}.Encode()
	if target := query.Get("newUserCallbackURL"); target != "" {
		s.sendTo(w, button, "new", target)
	} else {
		s.sendTo(w, button, "", "")
	}
	return nil
}

// spendMagicLink signs in the browser that asked.
func (s *Server) spendMagicLink(w http.ResponseWriter, r *http.Request, id, code string, query url.Values) error {
	arrival, err := s.Auth.VerifyCodeLink(w, r, id, code)
	switch said := auth.ReasonOf(err); {
	case said != nil && said.Reason != auth.TooMany && said.Reason != auth.SignUpClosed:
		s.magicLinkDead(w, query)
		return nil
	case err != nil:
		return coreRefusal(err)
	case arrival.Second:
		return halfway(w)
	}
	who, err := s.Auth.Who(r)
	if err != nil {
		return err
	}
	return answer(w, struct {
		tokenAndUser
		Session session `json:"session"`
	}{tokenAndUser{Token: s.Auth.Token(r), User: userOf(who)}, s.sessionOf(r, who)})
}

// magicLinkDead leads back with the reason.
func (s *Server) magicLinkDead(w http.ResponseWriter, query url.Values) {
	s.sendTo(w, cmp.Or(query.Get("errorCallbackURL"), query.Get("callbackURL"), "/"), "error", "INVALID_TOKEN")
}

// opened tells a page that somebody opens from a call of a program: browsers say so, and
// of others those that take HTML do.
func opened(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
