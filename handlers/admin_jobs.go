package handlers

import (
	"net/http"
	"strings"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// troublesShown is how many jobs of each sort, and how many refused events, are shown.
const troublesShown = 25

// showJobs handles GET /admin/jobs: work that fails or waits for an operator.
func (s *Server) showJobs(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.adminFrame(r, who, "admin.jobs")
	if err != nil {
		return err
	}
	jobs, err := s.Store.TroubledJobs(r.Context(), troublesShown)
	if err != nil {
		return err
	}
	events, err := s.Store.ParkedUsage(r.Context(), troublesShown)
	if err != nil {
		return err
	}
	var model views.AdminJobs
	for _, job := range jobs {
		model.Jobs = append(model.Jobs, s.jobRow(page.T, job))
	}
	for _, e := range events {
		model.Usage = append(model.Usage, views.UsageRow{
			ID: short(e.ID, 100), Name: short(e.Name, 100), CustomerID: e.CustomerID, When: page.T.Instant(e.OccurredAt), Error: short(e.Error, shownError),
		})
	}
	parked, err := s.Store.CountParked(r.Context())
	if err != nil {
		return err
	}
	if len(jobs) >= troublesShown || len(events) >= troublesShown {
		model.More = page.T.T("admin.jobs.more", "Jobs", page.T.Number(int64(parked.Jobs)), "Events", page.T.Number(int64(parked.Usage)))
	}
	if parked.Usage > 1 {
		model.RetryUsage = page.T.N("admin.usage.retry_all", int64(parked.Usage))
	}
	return s.render(w, r, http.StatusOK, views.AdminJobsPage(page, model))
}

func (s *Server) jobRow(t *views.Translator, job db.Job) views.JobRow {
	row := views.JobRow{
		ID: job.ID, Kind: t.T("admin.job." + job.Kind), Key: short(job.Key, 100), State: stateOf(t, job.State, true, "admin.state.called"),
		Tries: t.N("admin.tries", int64(job.Tries)), Error: short(job.Error, shownError),
		Restart: job.State != db.StateParked || job.Kind != db.JobSendMail,
	}
	if !row.Restart {
		row.Note = t.T("admin.job.mail_gone")
	}
	if job.State == db.StateWaiting {
		row.Next = t.Instant(job.NextTryAt)
	}
	return row
}

// restartJob handles POST /admin/jobs/{id}/restart: it begins anew, at once.
func (s *Server) restartJob(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.PathValue("id")
	err := s.Store.RestartJob(r.Context(), id, s.Now())
	return s.wished(w, r, who, err, "/admin/jobs", "restarted", "restart job", "job", id)
}

// retryUsage handles POST /admin/usage/{id}/retry: a refused event is reported again.
func (s *Server) retryUsage(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.PathValue("id")
	err := s.Store.RetryParkedUsage(r.Context(), id, s.Now())
	return s.wished(w, r, who, err, "/admin/jobs", "restarted", "retry usage event", "event", id)
}

// retryAllUsage handles POST /admin/usage/retry: all refused events are reported again.
func (s *Server) retryAllUsage(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	n, err := s.Store.RetryAllUsage(r.Context(), s.Now())
	return s.wishedAll(w, r, who, n, err, "/admin/jobs", "restarted", "retry refused usage events", "events", n)
}

// dismissUsage handles POST /admin/usage/{id}/dismiss: a refused event is not reported,
// for a reason that is kept beside the provider's.
func (s *Server) dismissUsage(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id, reason := r.PathValue("id"), strings.Join(strings.Fields(r.PostFormValue("reason")), " ")
	if reason == "" {
		return say(billing.ErrInvalid, "failure.no_reason")
	}
	err := s.Store.DismissUsage(r.Context(), id, short(strings.ToValidUTF8(reason, ""), 200))
	return s.wished(w, r, who, err, "/admin/jobs", "dismissed", "dismiss usage event", "event", id)
}
