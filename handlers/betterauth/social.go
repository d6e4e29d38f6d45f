package betterauth

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"counterfoil/auth"
)

// social is what a sign-in at an identity provider, or a linking, is asked for with.
type social struct {
	Provider           string          `json:"provider" wire:"required"`
	CallbackURL        *string         `json:"callbackURL"`
	NewUserCallbackURL *string         `json:"newUserCallbackURL"`
	ErrorCallbackURL   *string         `json:"errorCallbackURL"`
	DisableRedirect    *bool           `json:"disableRedirect"`
	LoginHint          *string         `json:"loginHint"`
	IDToken            json.RawMessage `json:"idToken"`
}

// returns are the pages that a browser is led back to, kept with the state.
type returns struct {
	Callback string `json:"callback,omitempty"`
	NewUser  string `json:"new,omitempty"`
	Error    string `json:"error,omitempty"`
}

// signInSocial handles POST /sign-in/social: it answers where the browser must go.
func (s *Server) signInSocial(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	return s.startSocial(w, r, s.Auth.StartProvider)
}

// linkSocial handles POST /link-social.
func (s *Server) linkSocial(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	return s.startSocial(w, r, s.Auth.StartLink)
}

func (s *Server) startSocial(w http.ResponseWriter, r *http.Request, start func(http.ResponseWriter, *http.Request, auth.ProviderStart) (string, error)) error {
	var body social
	if err := s.read(w, r, &body, false); err != nil {
		return err
	}
	if len(body.IDToken) > 0 && s.knows(body.Provider) {
		return refuse(http.StatusNotFound, "ID_TOKEN_NOT_SUPPORTED", "id_token not supported")
	}
	back, err := json.Marshal(returns{orEmpty(body.CallbackURL), orEmpty(body.NewUserCallbackURL), orEmpty(body.ErrorCallbackURL)})
	if err != nil {
		return err
	}
	target, err := start(w, r, auth.ProviderStart{
		Provider: body.Provider, Next: string(back), LoginHint: orEmpty(body.LoginHint), Callback: root + "/callback/" + body.Provider,
	})
	if err != nil {
		return socialRefusal(err)
	}
	redirect := body.DisableRedirect == nil || !*body.DisableRedirect
	if redirect {
		w.Header().Set("Location", target)
	}
	return answer(w, struct {
		URL      string `json:"url"`
		Redirect bool   `json:"redirect"`
	}{target, redirect})
}

func (s *Server) knows(provider string) bool {
	for _, p := range s.Auth.Providers() {
		if p.ID == provider {
			return true
		}
	}
	return false
}

// byForm tells whether the answer of a provider is not in the address of its callback.
func (s *Server) byForm(provider string) bool {
	for _, p := range s.Auth.Providers() {
		if p.ID == provider {
			return p.ByForm
		}
	}
	return false
}

func socialRefusal(err error) error {
	if said := auth.ReasonOf(err); said != nil {
		switch said.Reason {
		case auth.ProviderDown:
			return refuse(http.StatusServiceUnavailable, "PROVIDER_UNAVAILABLE", "Provider cannot be reached")
		case auth.UnprovenAddress:
			return refuse(http.StatusForbidden, "EMAIL_NOT_VERIFIED", "Email not verified")
		}
	}
	return coreRefusal(err)
}

// postCallback handles POST /callback/{provider}: the answer of a provider that sends it
// by a form is kept, any other turned into a query, so that the browser comes back with
// its cookies.
func (s *Server) postCallback(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	target, err := s.Auth.KeepAnswer(r, r.PathValue("provider"))
	if err != nil && auth.ReasonOf(err) == nil {
		return err
	}
	if err == nil {
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusFound)
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxCallback)
	if err := r.ParseForm(); err != nil {
		s.sendTo(w, "", "error", "invalid_callback_request")
		return nil
	}
	w.Header().Set("Location", s.BaseURL+root+"/callback/"+url.PathEscape(r.PathValue("provider"))+"?"+r.Form.Encode())
	w.WriteHeader(http.StatusFound)
	return nil
}

// maxCallback is the most that a provider may answer, in bytes.
const maxCallback = 64 << 10

// finishSocial handles GET /callback/{provider}, where a provider leads back to.
func (s *Server) finishSocial(w http.ResponseWriter, r *http.Request, _ auth.Visitor) error {
	arrival, err := s.Auth.FinishProvider(w, r, r.PathValue("provider"))
	var back returns
	if strings.HasPrefix(arrival.Next, "{") {
		if err := json.Unmarshal([]byte(arrival.Next), &back); err != nil {
			back = returns{}
		}
	}
	if err != nil {
		said := auth.ReasonOf(err)
		if said == nil {
			return err
		}
		s.Log.WarnContext(r.Context(), "sign-in refused", "provider", r.PathValue("provider"), "reason", said.Reason, "err", err)
		s.sendTo(w, back.Error, "error", s.callbackCode(r, said.Reason))
		return nil
	}
	if arrival.Second {
		s.sendTo(w, "/login/second", "", "")
		return nil
	}
	target := back.Callback
	if arrival.New && back.NewUser != "" {
		target = back.NewUser
	}
	if target == "" {
		target = "/"
	}
	s.sendTo(w, target, "", "")
	return nil
}

// callbackCodes are the reasons of a callback that failed, in the codes of the wire.
var callbackCodes = map[auth.Reason]string{
	auth.ForeignBrowser: "state_mismatch", auth.ProviderDenied: "access_denied", auth.ProviderRefused: "invalid_code",
	auth.UnverifiedEmail: "email_not_verified", auth.UnknownProvider: "oauth_provider_not_found",
	auth.IdentityTaken: "account_already_linked_to_different_user", auth.SignUpClosed: "signup_disabled",
}

func (s *Server) callbackCode(r *http.Request, reason auth.Reason) string {
	query := r.URL.Query()
	switch {
	case query.Get("state") == "":
		return "state_not_found"
	case reason == auth.ProviderRefused && query.Get("code") == "" && query.Get("error") == "" && !s.byForm(r.PathValue("provider")):
		return "no_code"
	case reason == auth.ProviderRefused && plainCode.MatchString(query.Get("error")):
		return query.Get("error") // what the provider sent, as in the original
	}
	if code, ok := callbackCodes[reason]; ok {
		return code
	}
	return "internal_server_error"
}
