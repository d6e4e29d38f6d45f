package handlers

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"counterfoil/billing"
)

const (
	// refusalsUrgent is the refusal from which on an operator is needed: Polar switches
	// an endpoint off after ten failed events in a row.
	refusalsUrgent = 3
	// refusalsPause is how long the alarm is left alone after it was written down, so
	// that whoever forges webhooks cannot keep the disk busy.
	refusalsPause = time.Minute
)

// refusals counts the webhooks in a row whose signature did not fit, and decides when
// the alarm is written down: with the first, with the third, then at most once in
// refusalsPause; and when it is cleared, which a delivery that fits does. Its zero
// value is the beginning of a process, which does not know yet whether one lasts.
type refusals struct {
	mu      sync.Mutex
	count   int // since the last delivery that fitted
	written billing.Severity
	next    time.Time // of the next write of the same severity
	known   bool      // that no alarm lasts, when written is empty
}

// refused counts one more. It reports whether to write the alarm down.
func (c *refusals) refused(now time.Time) (count int, severity billing.Severity, write bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	severity = billing.Notice
	if c.count >= refusalsUrgent {
		severity = billing.Urgent
	}
	louder := c.written == billing.Notice && severity == billing.Urgent
	if !louder && now.Before(c.next) {
		return c.count, severity, false
	}
	if !louder {
		c.next = now.Add(refusalsPause)
	}
	c.written = severity
	return c.count, severity, true
}

// fitted ends the row. It reports whether there is an alarm to clear.
func (c *refusals) fitted() (clear bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear = c.written != "" || !c.known
	c.count, c.written, c.known = 0, "", true
	return clear
}

// again takes a write back that failed.
func (c *refusals) again() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = false
}

// webhookRefused tells of a delivery whose signature does not fit.
func (s *Server) webhookRefused(r *http.Request, cause error) {
	count, severity, write := s.refusals.refused(s.Now())
	s.Log.WarnContext(r.Context(), "webhook refused: is the secret the one that the provider shows for this endpoint, and is the clock right?",
		"path", r.URL.Path, "in_a_row", count, "err", cause)
	if !write {
		return
	}
	_, err := s.Store.Raise(r.Context(), billing.Alarm{
		Kind: billing.AlarmWebhooksRefused, Subject: s.Provider.Name(), Severity: severity,
		Detail: fmt.Sprintf("%d in a row, the latest at %s", count, r.URL.Path),
	}, s.Now())
	if err != nil {
		s.Log.ErrorContext(r.Context(), "raise the alarm over refused webhooks", "err", err)
	}
}

// webhookTaken clears the alarm with the first delivery that fits again.
func (s *Server) webhookTaken(r *http.Request) {
	if !s.refusals.fitted() {
		return
	}
	if _, err := s.Store.Clear(r.Context(), billing.AlarmWebhooksRefused, s.Provider.Name(), s.Now()); err != nil {
		s.refusals.again()
		s.Log.ErrorContext(r.Context(), "clear the alarm over refused webhooks", "err", err)
	}
}
