package polar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"counterfoil/billing"
)

// maxClockOffset is how far the clocks may be apart. Polar refuses usage events that
// are dated in its future, and we refuse signatures that are five minutes off.
const maxClockOffset = time.Minute

// Check looks at everything that this installation needs of Polar: that it answers,
// that the access token is valid and has the scopes, that the webhook secret is one of
// an endpoint that Polar sends to, and that the clocks agree. It changes nothing: what
// needs a scope for writing is probed with a write that Polar must refuse.
func (p *Provider) Check(ctx context.Context) []billing.Finding {
	findings, usable := p.checkToken(ctx)
	if usable {
		findings = append(findings, p.checkScopes(ctx)...)
		findings = append(findings, p.checkSecret(ctx))
	}
	return append(findings, p.checkClock())
}

// checkToken tells an API that cannot be reached from one that refuses the token.
func (p *Provider) checkToken(ctx context.Context) ([]billing.Finding, bool) {
	err := p.probe(ctx, p.lister(billing.KindOrganization))
	answer, answered := errors.AsType[*apiError](err)
	api := billing.Finding{Name: "Polar's API", OK: err == nil || answered && answer.class != "" && answer.status < 500, Detail: "answers"}
	if !api.OK {
		api.Detail, api.Remedy = err.Error(), "Check POLAR_SERVER and whether this machine may reach it."
		return []billing.Finding{api}, false
	}
	token := billing.Finding{Name: "access token", OK: true, Detail: "is valid"}
	if answered && answer.status == http.StatusUnauthorized {
		token = billing.Finding{Name: token.Name, Detail: answer.message,
			Remedy: "Make an organization access token in Polar's settings, of the same environment as POLAR_SERVER, and set POLAR_ACCESS_TOKEN."}
	}
	return []billing.Finding{api, token}, token.OK
}

// checkScopes names every scope that the token lacks.
func (p *Provider) checkScopes(ctx context.Context) []billing.Finding {
	var missing []billing.Finding
	needs := p.needs()
	for _, need := range needs {
		err := need.probe(ctx)
		answer, answered := errors.AsType[*apiError](err)
		switch {
		case answered && answer.class == "insufficient_scope":
			missing = append(missing, billing.Finding{
				Name: "scope " + need.scope, Detail: "The token lacks it: " + need.purpose + " will fail.",
				Remedy: "Make an access token that has it, and set POLAR_ACCESS_TOKEN.",
			})
		case errors.Is(err, billing.ErrProvider):
			missing = append(missing, billing.Finding{
				Name: "scope " + need.scope, Detail: "It could not be looked at: " + err.Error(), Remedy: "Run the check again.",
			})
		}
	}
	if len(missing) > 0 {
		return missing
	}
	return []billing.Finding{{Name: "scopes", OK: true, Detail: fmt.Sprintf("The token has all %d.", len(needs))}}
}

// checkSecret compares the webhook secrets with those of Polar's endpoints, which its
// list tells to whoever may read it.
func (p *Provider) checkSecret(ctx context.Context) billing.Finding {
	found := billing.Finding{Name: "webhook secret", Remedy: "Make an endpoint for this installation in Polar's settings, and set POLAR_WEBHOOK_SECRET to its secret."}
	endpoints, disabled := 0, ""
	err := p.pages(ctx, p.endpoints, func(raw json.RawMessage) error {
		var w struct {
			wireEndpoint
			Secret string `json:"secret"`
		}
		if err := decode(raw, &w); err != nil {
			return fmt.Errorf("%w: read endpoint: %w", billing.ErrProvider, err)
		}
		endpoints++
		ours := slices.ContainsFunc(p.keys, func(k *signingKey) bool { return string(k.key) == w.Secret })
		switch {
		case ours && w.Enabled != nil && *w.Enabled:
			found = billing.Finding{Name: found.Name, OK: true, Detail: "is that of " + w.URL}
		case ours:
			disabled = w.URL
		}
		return nil
	})
	switch {
	case found.OK:
	case err != nil:
		found.Detail, found.Remedy = "It could not be looked at: "+err.Error(), "Give the access token the scope webhooks:read, or compare the secret by hand."
	case disabled != "":
		found.Detail, found.Remedy = "is that of "+disabled+", which Polar has switched off", "Switch the endpoint on again in Polar's settings."
	default:
		found.Detail = fmt.Sprintf("is that of none of Polar's %d endpoints", endpoints)
	}
	return found
}

// checkClock compares our clock with the Date headers of the answers above.
func (p *Provider) checkClock() billing.Finding {
	offset, known := p.ClockOffset()
	found := billing.Finding{Name: "clock", OK: known && offset.Abs() <= maxClockOffset}
	word := "ahead of"
	if offset < 0 {
		word = "behind"
	}
	switch {
	case !known:
		found.Detail, found.Remedy = "No answer told the time.", "Check POLAR_SERVER: every answer of Polar has a date."
	default:
		found.Detail = fmt.Sprintf("%s %s Polar's", offset.Abs().Round(100*time.Millisecond), word)
	}
	if known && !found.OK {
		found.Remedy = "Set this machine's clock, best by NTP."
	}
	return found
}
