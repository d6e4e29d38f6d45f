package handlers

import (
	"errors"
	"fmt"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// startProvider handles POST /login/{provider}: it sends the browser to an identity
// provider.
func (s *Server) startProvider(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	next := localPath(r.PostFormValue("next"), "")
	if who.SignedIn() {
		redirect(w, localPath(next, "/portal"))
		return nil
	}
	target, err := s.Auth.StartProvider(w, r, auth.ProviderStart{
		Provider: r.PathValue("provider"), Next: next, LoginHint: r.PostFormValue("login_hint"),
	})
	if err != nil {
		return s.providerRefused(w, r, next, err)
	}
	return s.leaveFor(w, r, r.PathValue("provider"), target)
}

// leaveFor sends the browser on to a provider's page. Chromium holds every redirect that
// follows a form to form-action, so one leads only to those whose pages begin where they
// say (auth.Service.FormHosts); to all others the browser goes on from a page of ours.
func (s *Server) leaveFor(w http.ResponseWriter, r *http.Request, provider, target string) error {
	w.Header().Set("Cache-Control", "private, no-store")
	for _, p := range s.Auth.Providers() {
		if p.ID == provider && p.Direct {
			redirect(w, target)
			return nil
		}
	}
	w.Header().Set("Refresh", "0; url="+target)
	page := s.frame(r, auth.Visitor{}, "login.onward", "")
	return s.render(w, r, http.StatusOK, views.OnwardPage(page, views.Onward{Provider: s.providerLabel(provider), URL: target}))
}

// finishProvider handles GET /login/{provider}/callback, where the identity provider
// sends the browser back to: somebody signs in, or links an identity.
func (s *Server) finishProvider(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	w.Header().Set("Cache-Control", "no-store")
	arrival, err := s.Auth.FinishProvider(w, r, r.PathValue("provider"))
	switch {
	case arrival.Linking:
		return s.linked(w, r, localPath(arrival.Next, "/account"), err)
	case err != nil:
		return s.providerRefused(w, r, localPath(arrival.Next, ""), err)
	}
	s.arrived(w, arrival)
	return nil
}

// keepAnswer handles POST /login/{provider}/callback, of providers that answer by a form
// of their own page. It is the one route that takes forms of other sites, so it does no
// more than keep that answer and lead on to the GET, which knows whose browser it is.
func (s *Server) keepAnswer(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	target, err := s.Auth.KeepAnswer(r, r.PathValue("provider"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	redirect(w, target)
	return nil
}

// linked goes back to where the linking began, which says what came of it.
func (s *Server) linked(w http.ResponseWriter, r *http.Request, next string, err error) error {
	if err != nil {
		return s.refusedAt(w, r, next, err)
	}
	t := s.frame(r, auth.Visitor{}, "", "").T
	flash := auth.Flash{Tone: string(views.ToneGood), Text: t.T("login.linked", "Provider", s.providerLabel(r.PathValue("provider")))}
	if err := s.Auth.SetFlash(w, r, flash); err != nil {
		return fmt.Errorf("link an identity: %w", err)
	}
	redirect(w, next)
	return nil
}

// providerRefused goes back to the sign-in page, which says why, so that the code
// and state in the address of a callback are not what the reader is left with. An
// identity that lacks only a proven address goes on to prove one.
func (s *Server) providerRefused(w http.ResponseWriter, r *http.Request, next string, err error) error {
	if refusal := auth.ReasonOf(err); refusal != nil && refusal.Reason == auth.UnverifiedEmail {
		s.Log.InfoContext(r.Context(), "sign-in waits for an address", "provider", r.PathValue("provider"))
		redirect(w, "/login/prove")
		return nil
	}
	return s.refusedAt(w, r, loginPath(next), err)
}

// refusedAt shows the reason for a refusal on a page of ours.
func (s *Server) refusedAt(w http.ResponseWriter, r *http.Request, at string, err error) error {
	refusal := auth.ReasonOf(err)
	if refusal == nil || refusal.Reason == auth.UnknownProvider {
		return err
	}
	s.Log.WarnContext(r.Context(), "sign-in refused", "provider", r.PathValue("provider"), "reason", refusal.Reason, "err", err)
	if refusal.Reason == auth.TooMany {
		return errors.Join(errTooMany, err)
	}
	t := s.frame(r, auth.Visitor{}, "", "").T
	flash := auth.Flash{Tone: string(views.ToneBad), Text: refusalText(t, refusal, s.providerLabel(r.PathValue("provider")))}
	if err := s.Auth.SetFlash(w, r, flash); err != nil {
		return fmt.Errorf("refuse a sign-in: %w", err)
	}
	redirect(w, at)
	return nil
}

// showProve handles GET /login/prove: it asks for the address of an identity that nobody
// vouches for.
func (s *Server) showProve(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	waits, err := s.Auth.Proving(r)
	if errors.Is(err, billing.ErrNotFound) || who.SignedIn() {
		redirect(w, "/login")
		return nil
	}
	if err != nil {
		return err
	}
	return s.provePage(w, r, http.StatusOK, waits, "")
}

// askProof handles POST /login/prove: it mails a code to that address. What is entered on
// the page that follows signs in and links the identity.
func (s *Server) askProof(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	waits, err := s.Auth.Proving(r)
	if errors.Is(err, billing.ErrNotFound) || who.SignedIn() {
		redirect(w, "/login")
		return nil
	}
	if err != nil {
		return err
	}
	err = s.Auth.AskProof(w, r, r.PostFormValue("email"))
	if refusal := auth.ReasonOf(err); refusal != nil {
		s.Log.InfoContext(r.Context(), "sign-in refused", "reason", refusal.Reason, "err", refusal)
		waits.Email = clip(r.PostFormValue("email"), 254)
		return s.provePage(w, r, refusalStatus(refusal), waits, refusalText(s.frame(r, who, "", "").T, refusal, waits.Provider))
	}
	if err != nil {
		return err
	}
	redirect(w, "/login?step=code")
	return nil
}

func (s *Server) provePage(w http.ResponseWriter, r *http.Request, status int, waits auth.Proving, problem string) error {
	w.Header().Set("Cache-Control", "private, no-store")
	return s.render(w, r, status, views.ProvePage(s.frame(r, auth.Visitor{}, "login.prove.title", ""), views.Prove{
		Provider: waits.Provider, Email: waits.Email, Error: problem,
	}))
}

func (s *Server) providerLabel(id string) string {
	for _, p := range s.Auth.Providers() {
		if p.ID == id {
			return p.Name
		}
	}
	return id
}
