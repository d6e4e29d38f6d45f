package handlers

import (
	"encoding/json"
	"errors"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// What the script of passkeys sends and gets. It is called by our own pages alone.
type (
	passkeyAnswer struct {
		Name       string          `json:"name"`
		Next       string          `json:"next"`
		Credential json.RawMessage `json:"credential"`
	}
	passkeyReply struct {
		Options any    `json:"options,omitempty"` // for navigator.credentials
		Next    string `json:"next,omitempty"`    // where to go
		Message string `json:"message,omitempty"` // what went wrong, for the reader
	}
)

func (s *Server) reply(w http.ResponseWriter, r *http.Request, status int, reply passkeyReply) error {
	body, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		s.Log.DebugContext(r.Context(), "the reader left before the answer", "err", err)
	}
	return nil
}

// refusePasskey tells the script why not. What is no refusal is an error as anywhere else.
func (s *Server) refusePasskey(w http.ResponseWriter, r *http.Request, err error) error {
	t := s.frame(r, auth.Visitor{}, "", "").T
	refusal := auth.ReasonOf(err)
	switch {
	case refusal != nil:
		s.Log.InfoContext(r.Context(), "passkey refused", "reason", refusal.Reason, "err", refusal)
		retryAfter(w, refusal)
		return s.reply(w, r, refusalStatus(refusal), passkeyReply{Message: refusalText(t, refusal, "")})
	case errors.Is(err, billing.ErrConflict):
		return s.reply(w, r, http.StatusConflict, passkeyReply{Message: t.T("passkeys.known")})
	case errors.Is(err, billing.ErrInvalid):
		return s.reply(w, r, http.StatusBadRequest, passkeyReply{Message: t.T("account.bad_name")})
	}
	return err
}

// passkeyBody reads what the script sent.
func passkeyBody(r *http.Request) (passkeyAnswer, error) {
	var answer passkeyAnswer
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		return answer, errors.Join(say(billing.ErrInvalid, "failure.bad_form"), err)
	}
	return answer, nil
}

// askForPasskey handles POST /login/passkey/options and POST /account/confirm/passkey/options.
func (s *Server) askForPasskey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	options, err := s.Auth.AskForPasskey(w, r, who)
	if err != nil {
		return s.refusePasskey(w, r, err)
	}
	return s.reply(w, r, http.StatusOK, passkeyReply{Options: options})
}

// signInWithPasskey handles POST /login/passkey.
func (s *Server) signInWithPasskey(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	answer, err := passkeyBody(r)
	if err != nil {
		return err
	}
	next := localPath(answer.Next, "/portal")
	if _, err := s.Auth.SignInWithPasskey(w, r, answer.Credential, next); err != nil {
		return s.refusePasskey(w, r, err)
	}
	return s.reply(w, r, http.StatusOK, passkeyReply{Next: next})
}

// confirmWithPasskey handles POST /account/confirm/passkey.
func (s *Server) confirmWithPasskey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	answer, err := passkeyBody(r)
	if err != nil {
		return err
	}
	if err := s.Auth.ConfirmWithPasskey(w, r, who, answer.Credential); err != nil {
		return s.refusePasskey(w, r, err)
	}
	return s.reply(w, r, http.StatusOK, passkeyReply{Next: localPath(answer.Next, "/account")})
}

// showNewPasskey handles GET /account/passkeys/new.
func (s *Server) showNewPasskey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	if !s.Auth.OffersPasskeys() {
		return say(billing.ErrNotFound, "passkeys.off")
	}
	return s.render(w, r, http.StatusOK, views.NewPasskeyPage(s.frame(r, who, "passkeys.new", "")))
}

// askToAddPasskey handles POST /account/passkeys/options.
func (s *Server) askToAddPasskey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	options, err := s.Auth.AskToAddPasskey(w, r, who)
	if err != nil {
		return s.refusePasskey(w, r, err)
	}
	return s.reply(w, r, http.StatusOK, passkeyReply{Options: options})
}

// addPasskey handles POST /account/passkeys.
func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	answer, err := passkeyBody(r)
	if err != nil {
		return err
	}
	if err := s.Auth.AddPasskey(w, r, who, answer.Name, answer.Credential); err != nil {
		return s.refusePasskey(w, r, err)
	}
	return s.reply(w, r, http.StatusOK, passkeyReply{Next: "/account/security?done=passkey_added"})
}

// passkeyOf finds one of the reader's own by the id in the path.
func (s *Server) passkeyOf(r *http.Request, who auth.Visitor) (auth.Passkey, error) {
	list, err := s.Auth.Passkeys(r.Context(), who)
	if err != nil {
		return auth.Passkey{}, err
	}
	for _, key := range list {
		if key.ID == r.PathValue("id") {
			return key, nil
		}
	}
	return auth.Passkey{}, billing.ErrNotFound
}

// showPasskey handles GET /account/passkeys/{id}.
func (s *Server) showPasskey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	return s.passkeyPage(w, r, who, http.StatusOK, "")
}

func (s *Server) passkeyPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, status int, problem string) error {
	key, err := s.passkeyOf(r, who)
	if err != nil {
		return err
	}
	page := s.frame(r, who, "passkeys.title", "")
	return s.render(w, r, status, views.PasskeyPage(page, s.passkeyRow(page.T, key), problem))
}

func (s *Server) passkeyRow(t *views.Translator, key auth.Passkey) views.PasskeyRow {
	row := views.PasskeyRow{ID: key.ID, Name: key.Name, Added: t.Date(key.CreatedAt)}
	if !key.UsedAt.IsZero() {
		row.Used = t.Ago(key.UsedAt, s.Now())
	}
	return row
}

// renamePasskey handles POST /account/passkeys/{id}.
func (s *Server) renamePasskey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	err := s.Auth.RenamePasskey(r.Context(), who, r.PathValue("id"), r.PostFormValue("name"))
	if errors.Is(err, billing.ErrInvalid) {
		return s.passkeyPage(w, r, who, http.StatusBadRequest, s.frame(r, who, "", "").T.T("account.bad_name"))
	}
	if err != nil {
		return err
	}
	redirect(w, "/account/security?done=saved")
	return nil
}

// removePasskey handles POST /account/passkeys/{id}/remove.
func (s *Server) removePasskey(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	err := s.Auth.RemovePasskey(r, who, r.PathValue("id"))
	if refusal := auth.ReasonOf(err); refusal != nil {
		t := s.frame(r, who, "", "").T
		return s.passkeyPage(w, r, who, refusalStatus(refusal), refusalText(t, refusal, ""))
	}
	if err != nil {
		return err
	}
	s.Auth.NewToken(w, r, who)
	redirect(w, "/account/security?done=passkey_removed")
	return nil
}

// passkeysOf is the section of them.
func (s *Server) passkeysOf(r *http.Request, t *views.Translator, who auth.Visitor) (views.Passkeys, error) {
	list, err := s.Auth.Passkeys(r.Context(), who)
	if err != nil {
		return views.Passkeys{}, err
	}
	m := views.Passkeys{Offered: s.Auth.OffersPasskeys()}
	for _, key := range list {
		m.Rows = append(m.Rows, s.passkeyRow(t, key))
	}
	return m, nil
}
