package handlers

import (
	"context"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/views"
)

// operator lets in whoever runs this installation. To anybody else, signed in or not,
// the route does not exist: the answer is that of a missing page.
func (s *Server) operator(h handler) http.Handler {
	return s.page(func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		if !s.operates(who) {
			return s.showMissing(w, r, who)
		}
		if s.unproven(who) {
			return s.askOperator(w, r, who)
		}
		if reads := r.Method == http.MethodGet || r.Method == http.MethodHead; !reads && !s.pace.pass(who.CustomerID, s.Now()) {
			return errTooMany
		} else if !reads {
			return s.afterProof(h)(w, r, who)
		}
		return h(w, r, who)
	})
}

// operates tells who is an operator. Before a form of his counts, operator asks for a
// fresh proof.
func (s *Server) operates(who auth.Visitor) bool { return s.Auth.Operates(who) }

// unproven reports whether an operator has still to prove himself by something that
// reading his mail does not give: where Config.OperatorFactor asks for it, a passkey or
// his authenticator.
func (s *Server) unproven(who auth.Visitor) bool {
	return s.OperatorFactor && s.operates(who) && !who.Proof.ByFactor()
}

// askOperator has an operator prove himself by what he has set up, or set something up.
func (s *Server) askOperator(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	has, err := s.Auth.HasFactor(r.Context(), who)
	switch {
	case err != nil:
		return err
	case has:
		return s.askForProof(w, r)
	}
	page := s.frame(r, who, "operator.factor.title", views.NavAdmin)
	return s.render(w, r, http.StatusForbidden, views.OperatorFactorPage(page, s.Auth.OffersPasskeys()))
}

// operatorOf is what an operator sees on every page; nil for anybody else.
func (s *Server) operatorOf(ctx context.Context, t *views.Translator, who auth.Visitor) *views.Operator {
	if !s.operates(who) {
		return nil
	}
	o := &views.Operator{}
	alarms, err := s.Store.Alarms(ctx)
	if err != nil {
		s.Log.ErrorContext(ctx, "alarms for the operator's banner", "err", err)
		return o
	}
	for _, group := range bySort(alarms) {
		first := group[0]
		if o.Worst == "" {
			o.Worst, o.Tone = t.T("alarm."+views.AlarmSort(string(first.Kind), first.Subject)), severityTone(first.Severity)
		}
		if first.Severity == billing.Urgent {
			o.Urgent++
		}
	}
	o.Parked.Alarms = some(t, o.Urgent)
	return o
}

func severityTone(severity billing.Severity) views.Tone {
	if severity == billing.Urgent {
		return views.ToneBad
	}
	return views.ToneWarn
}

// some is a count as text, and nothing for none.
func some(t *views.Translator, n int) string {
	if n == 0 {
		return ""
	}
	return t.Number(int64(n))
}

// adminFrame is the frame of an operator's page.
func (s *Server) adminFrame(r *http.Request, who auth.Visitor, title string) (views.Page, error) {
	page := s.frame(r, who, title, views.NavAdmin)
	notice(r, &page)
	parked, err := s.Store.CountParked(r.Context())
	if err != nil {
		return page, err
	}
	counts := &page.Operator.Parked
	counts.Deliveries, counts.Hooks = some(page.T, parked.Deliveries), some(page.T, parked.Hooks)
	counts.Jobs = some(page.T, parked.Jobs+parked.Usage)
	return page, nil
}

// audit writes down who did what. Only ids, never a word of the form.
func (s *Server) audit(r *http.Request, who auth.Visitor, did string, attrs ...any) {
	s.Log.InfoContext(r.Context(), "audit", append([]any{"operator", who.UserID, "did", did}, attrs...)...)
}

// Limits of what is shown of texts that others wrote, in bytes.
const (
	shownError = 600
	shownBody  = 4 << 10
)
