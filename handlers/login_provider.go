package handlers

import (
	"errors"
	"fmt"
	"net/http"

	"counterfoil/auth"
	"counterfoil/views"
)

// startProvider handles POST /login/{provider}: it sends the browser to an identity
// provider. Chromium checks where this leads against form-action, so the
// Content-Security-Policy names auth.Service.FormHosts.
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
	w.Header().Set("Cache-Control", "no-store")
	redirect(w, target)
	return nil
}

// finishProvider handles GET /login/{provider}/callback, where the identity provider
// sends the browser back to.
func (s *Server) finishProvider(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	w.Header().Set("Cache-Control", "no-store")
	arrival, err := s.Auth.FinishProvider(w, r, r.PathValue("provider"))
	next := localPath(arrival.Next, "")
	if err != nil {
		return s.providerRefused(w, r, next, err)
	}
	redirect(w, localPath(next, "/portal"))
	return nil
}

// providerRefused goes back to the sign-in page, which says why, so that the code
// and state in the address of a callback are not what the reader is left with.
func (s *Server) providerRefused(w http.ResponseWriter, r *http.Request, next string, err error) error {
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
	redirect(w, loginPath(next))
	return nil
}

func (s *Server) providerLabel(id string) string {
	for _, p := range s.Auth.Providers() {
		if p.ID == id {
			return p.Name
		}
	}
	return id
}
