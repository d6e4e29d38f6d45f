package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"counterfoil/billing"
	"counterfoil/db"
)

// maxForm is the most that a provider may answer by a form, in bytes.
const maxForm = 16 << 10

// KeepAnswer takes the answer of a provider that sends it by a form (OAuth 2.0 Form Post
// Response Mode): a POST across sites, which no cookie of ours comes with and anybody could
// send. It is kept with the sign-in that its state belongs to, the first one only, and
// believed in nothing yet. The browser must be sent to the address that is returned, the
// GET of the same path: there its cookie is back, and FinishProvider holds the sign-in to
// the browser that began it. Nothing is in that address but the state, which is spent there.
// Whether there was such a sign-in makes no difference to it, and no cookie may be set.
// Refusal: UnknownProvider, for those that answer otherwise too.
func (s *Service) KeepAnswer(r *http.Request, id string) (string, error) {
	p, known := s.providers[id]
	if !known || !p.byForm {
		return "", refuse(UnknownProvider, nil)
	}
	at := s.BaseURL + r.URL.Path
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return at, nil // too long, or no form: the GET will find no state
	}
	state := r.PostForm["state"]
	if len(state) != 1 || !isToken(state[0]) {
		return at, nil
	}
	back, now := at+"?state="+url.QueryEscape(state[0]), s.Now()
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return back, nil // the GET passes there too, and says so
	}
	answer := url.Values{}
	for _, name := range []string{"code", "error", "iss", "user"} {
		if said, ok := r.PostForm[name]; ok {
			answer[name] = said
		}
	}
	kept, err := json.Marshal(answer)
	if err != nil {
		return "", fmt.Errorf("answer of %s: %w", id, err)
	}
	err = s.Store.AnswerState(r.Context(), db.State{Hash: hashed(state[0]), Provider: p.id, RedirectURI: at, Session: string(kept)}, now)
	if errors.Is(err, billing.ErrNotFound) {
		s.Log.InfoContext(r.Context(), "an answer to no sign-in", "provider", p.id, "address", s.address(r))
		return back, nil
	}
	return back, err
}

// answered is what a provider answered: in the address of the callback, or by the form
// that came before. What the address says besides is then nobody's word.
func (p *provider) answered(state db.State, query url.Values) (url.Values, error) {
	if !p.byForm {
		return query, nil
	}
	answer := url.Values{}
	if err := json.Unmarshal([]byte(state.Session), &answer); err != nil {
		return nil, fmt.Errorf("kept answer of %s: %w", p.id, err)
	}
	answer["state"] = query["state"]
	return answer, nil
}
