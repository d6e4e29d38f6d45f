package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/unicode/norm"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

const peoplePerPage = 25

// showPeople handles GET /admin/people?email=&before=: who can sign in, the latest
// sign-ups first, or those whose address begins so, or whose id it is, as jobs, logs and
// alarms name people.
func (s *Server) showPeople(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.adminFrame(r, who, "people.title")
	if err != nil {
		return err
	}
	model := views.AdminPeople{Email: norm.NFC.String(strings.ToLower(strings.TrimSpace(clip(r.URL.Query().Get("email"), 254))))}
	before, next := clip(r.URL.Query().Get("before"), 100), ""
	var people []db.User
	if model.Email != "" {
		people, err = s.peopleFound(r.Context(), model.Email)
	} else {
		people, err = s.Store.People(r.Context(), before, peoplePerPage+1)
	}
	if err != nil {
		return err
	}
	if len(people) > peoplePerPage {
		people, next = people[:peoplePerPage], people[peoplePerPage-1].ID
	}
	for _, user := range people {
		model.Rows = append(model.Rows, personRow(page.T, user))
	}
	model.NewerURL, model.OlderURL = pages("/admin/people", url.Values{}, before, next)
	return s.render(w, r, http.StatusOK, views.AdminPeoplePage(page, model))
}

// peopleFound are those whose address begins so, or the one whose id that is, his own or
// his customer's.
func (s *Server) peopleFound(ctx context.Context, text string) ([]db.User, error) {
	people, err := s.Store.PeopleByEmail(ctx, text, peoplePerPage)
	if err != nil || len(people) > 0 {
		return people, err
	}
	id := text
	if customer, err := s.Store.Customer(ctx, text); err == nil && customer.UserID != "" {
		id = customer.UserID
	} else if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return nil, err
	}
	user, err := s.Store.User(ctx, id)
	if errors.Is(err, billing.ErrNotFound) {
		return nil, nil
	}
	return []db.User{user}, err
}

func personRow(t *views.Translator, user db.User) views.PersonRow {
	return views.PersonRow{
		ID: user.ID, Email: user.Email, Name: user.Name, Verified: !user.EmailVerifiedAt.IsZero(), Since: t.Date(user.CreatedAt),
	}
}

// showPerson handles GET /admin/people/{id}: somebody, and where he is signed in.
func (s *Server) showPerson(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	page, err := s.adminFrame(r, who, "people.title")
	if err != nil {
		return err
	}
	user, err := s.Store.User(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	sessions, err := s.Auth.SessionsOf(r, user.ID)
	if err != nil {
		return err
	}
	model := views.AdminPerson{PersonRow: personRow(page.T, user), EndURL: "/admin/people/" + user.ID + "/end"}
	for _, session := range sessions {
		model.Sessions = append(model.Sessions, views.Session{
			ID: session.ID, Device: views.Device(page.T, session.UserAgent), Address: session.Address,
			LastSeen: page.T.Ago(session.SeenAt, s.Now()), Started: page.T.Date(session.StartedAt),
		})
	}
	model.End = page.T.N("people.end", int64(len(sessions)))
	return s.render(w, r, http.StatusOK, views.AdminPersonPage(page, model))
}

// endSessionsOf handles POST /admin/people/{id}/end: that user is signed out everywhere,
// and told by mail. Anything that a session allowed ends with it, at once.
func (s *Server) endSessionsOf(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
	id := r.PathValue("id")
	ended, err := s.Auth.EndSessionsOf(r, id)
	if err != nil {
		return err
	}
	return s.wished(w, r, who, nil, "/admin/people/"+id, "signed_out", "end sessions", "user", id, "sessions", ended)
}
