package worker

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/twin"
	"counterfoil/twin/server"
)

// TestU3OurClockIsAhead: the provider refuses a whole batch for one event in its future.
// Events are dated by its clock, as far as its answers tell it, from the very first
// report on; what we keep is the time of our own.
func TestU3OurClockIsAhead(t *testing.T) {
	for _, ahead := range []time.Duration{-90 * time.Second, 0, time.Second, 5 * time.Second, 90 * time.Second, time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, false)
			s.stand()
			line := s.behind(ahead)
			for i := range 20 {
				s.use("c1", fmt.Sprintf("e%d", i), 1)
			}
			kept := s.events("c1")
			s.step("usage")
			if got := line.refused.Load(); got != 0 {
				t.Errorf("%d batches were refused", got)
			}
			arrived := 0
			err := s.twin.Engine.Read(func(v *twin.View) error {
				for _, e := range v.Events(v.ExternalOwner("c1")) {
					if late := v.Now().Sub(e.Timestamp); late < 0 || late > 3*time.Second+max(0, -ahead) {
						t.Errorf("event %s is dated %s before the provider's present", e.ExternalID, late)
					}
					arrived++
				}
				return nil
			})
			if err != nil || arrived != 20 {
				t.Errorf("%d events arrived (%v), want 20", arrived, err)
			}
			for i, e := range s.events("c1") {
				if e.State != db.UsageSent || !e.OccurredAt.Equal(kept[i].OccurredAt) {
					t.Errorf("event %s is %s and happened at %s, not %s any more", e.ID, e.State, e.OccurredAt, kept[i].OccurredAt)
				}
			}
		})
	}
}

// TestU2OneBadEventOfAThousand: it is parked with its reason and the others arrive,
// whether the provider names it or has to be asked.
func TestU2OneBadEventOfAThousand(t *testing.T) {
	for _, mute := range []bool{false, true} {
		t.Run(fmt.Sprintf("mute %v", mute), func(t *testing.T) {
			s := newStage(t, false)
			line := s.behind(0)
			line.mute = mute
			s.unsent("c1", 1000, s.now().Add(-time.Hour))
			s.write("UPDATE usage_events SET name = '' WHERE id = 'c1-617'")
			s.step("usage")
			if got := s.count("c1", db.UsageSent); got != 999 || len(s.at("c1")) != 999 {
				t.Errorf("%d are known to be sent and %d arrived, want 999", got, len(s.at("c1")))
			}
			for _, e := range s.events("c1") {
				if (e.State == db.UsageParked) != (e.ID == "c1-617") || e.State == db.UsageParked && e.Error == "" {
					t.Errorf("event %s is %s, %q", e.ID, e.State, e.Error)
				}
			}
			if refused := line.refused.Load(); refused > 11 || !mute && line.reports.Load() != 2 {
				t.Errorf("%d refusals, %d reports", refused, line.reports.Load())
			}
		})
	}
}

// line is the way to a twin whose clock is behind ours.
type line struct {
	refused, reports atomic.Int64
	mute             bool // a refusal does not say which event it is for
}

// behind moves the twin's clock behind ours, in its rules and in the dates of its answers.
func (s *stage) behind(d time.Duration) *line {
	s.t.Helper()
	if err := s.twin.Engine.StartAt(s.t.Context(), s.real().Add(-d)); err != nil {
		s.t.Fatal(err)
	}
	target, err := url.Parse(s.twin.BaseURL)
	if err != nil {
		s.t.Fatal(err)
	}
	l := &line{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		r.Header.Set("Date", s.twin.Engine.Now().Format(http.TimeFormat))
		if strings.HasPrefix(r.Request.URL.Path, "/v1/events/ingest") {
			l.reports.Add(1)
		}
		if r.StatusCode != http.StatusUnprocessableEntity {
			return nil
		}
		l.refused.Add(1)
		if l.mute {
			const words = `{"error":"RequestValidationError","detail":[{"loc":["body"],"msg":"Something is wrong.","type":"value_error"}]}`
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(words)), int64(len(words))
			r.Header.Set("Content-Length", strconv.Itoa(len(words)))
		}
		return nil
	}
	web := httptest.NewServer(proxy)
	s.t.Cleanup(web.Close)
	s.Provider, err = polar.New(polar.Config{
		Token: server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: web.URL, Log: s.Log, Now: s.now,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return l
}
