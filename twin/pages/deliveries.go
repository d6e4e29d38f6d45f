package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"counterfoil/twin"
)

// recentEvents is how many webhook events the workbench shows.
const recentEvents = 40

// eventRow is one webhook event on the workbench.
type eventRow struct{ Type, When, State, Tone, Tries, Again string }

// endpointRow is one webhook endpoint; On is the address that switches it on again.
type endpointRow struct{ URL, State, Tone, On string }

// eventRows returns the newest webhook events first.
func eventRows(v *twin.View) []eventRow {
	var rows []eventRow
	for _, e := range slices.Backward(v.WebhookEvents()) {
		if len(rows) == recentEvents {
			break
		}
		rows = append(rows, eventRowOf(*e))
	}
	return rows
}

// endpointRows returns where webhooks go.
func endpointRows(v *twin.View) []endpointRow {
	var rows []endpointRow
	for _, e := range v.Endpoints() {
		row := endpointRow{URL: e.URL, State: "On", Tone: "good"}
		if !e.Enabled {
			row.State, row.Tone, row.On = "Switched off", "bad", "/_twin/endpoints/"+url.PathEscape(e.ID)
		}
		rows = append(rows, row)
	}
	return rows
}

func eventRowOf(e twin.WebhookEvent) eventRow {
	row := eventRow{Type: e.Type, When: minute(e.CreatedAt), Tries: strconv.Itoa(e.Attempts), Again: "/_twin/events/" + url.PathEscape(e.ID)}
	switch {
	case e.Succeeded:
		row.State, row.Tone = "Delivered", "good"
	case e.Skipped:
		row.State = "Skipped"
	case e.Done:
		row.State, row.Tone = "Given up", "bad"
	case e.Attempts == 0:
		row.State, row.Tone = "Waiting", "warn"
	case e.LastCode == 0:
		row.State, row.Tone = "No answer", "warn"
	default:
		row.State, row.Tone = fmt.Sprintf("Answered %d", e.LastCode), "warn"
	}
	return row
}

// resend queues a webhook event once more.
func (s *server) resend(w http.ResponseWriter, r *http.Request) error {
	if err := s.engine.Redeliver(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return s.see(w, r, "/_twin/")
}

// switchOn makes an endpoint hear again after too many failures switched it off.
func (s *server) switchOn(w http.ResponseWriter, r *http.Request) error {
	on := true
	if _, err := s.engine.UpdateEndpoint(r.Context(), r.PathValue("id"), twin.EndpointInput{Enabled: &on}); err != nil {
		return err
	}
	return s.see(w, r, "/_twin/")
}
