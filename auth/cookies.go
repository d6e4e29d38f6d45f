package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"counterfoil/billing"
	"counterfoil/db"
)

// How long sessions live. The cookie lasts as long as a session can; the row
// decides whether it still counts.
const (
	idleLife     = 14 * 24 * time.Hour // signed in, since last seen
	absoluteLife = 60 * 24 * time.Hour // signed in, since sign-in
	visitorLife  = time.Hour           // not signed in, since last saved
	seenEvery    = time.Minute         // how exactly the last use is known
	maxUserAgent = 256                 // bytes kept
)

// endOf is when a signed-in session ends that began and was seen at those times.
func endOf(began, seen time.Time) time.Time {
	idle, absolute := seen.Add(idleLife), began.Add(absoluteLife)
	if idle.Before(absolute) {
		return idle
	}
	return absolute
}

// cookies is a gorilla sessions.Store whose sessions are rows: the cookie holds a
// random token and the row its hash, so that reading the database lets nobody in
// and deleting the row signs a browser out at once. gorilla's registry keeps what
// was read for the rest of the request.
type cookies struct {
	service *Service
	name    string
	options sessions.Options
}

var _ sessions.Store = (*cookies)(nil)

// newCookies names the cookie. __Host- makes browsers refuse one that a sibling
// domain or plain HTTP planted; they accept the prefix only over https.
func newCookies(service *Service, secure bool) *cookies {
	name := "counterfoil"
	if secure {
		name = "__Host-counterfoil"
	}
	return &cookies{service: service, name: name, options: sessions.Options{
		Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}}
}

// held is what a request knows of its session; kept in Session.Values under heldKey.
type held struct {
	row  db.Session // zero ID: there is no row yet
	user db.User
}

type heldKey struct{}

// held reads the session of a request, once.
func (c *cookies) held(r *http.Request) (*held, error) {
	session, err := c.Get(r, c.name)
	if err != nil {
		return nil, err
	}
	return heldIn(session), nil
}

func heldIn(session *sessions.Session) *held {
	h, ok := session.Values[heldKey{}].(*held)
	if !ok {
		h = &held{}
		session.Values[heldKey{}] = h
	}
	return h
}

// Get implements sessions.Store: what New found, the first time in a request.
func (c *cookies) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(c, name)
}

// New implements sessions.Store: it looks the cookie's token up. A session that
// is not there, or no longer, is a new empty one.
func (c *cookies) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(c, name)
	options := c.options
	session.Options, session.IsNew = &options, true
	sent := r.CookiesNamed(name)
	if len(sent) > 1 {
		return session, fmt.Errorf("%d session cookies: %w", len(sent), billing.ErrInvalid)
	}
	if len(sent) == 0 || !isToken(sent[0].Value) {
		return session, nil
	}
	now := c.service.Now()
	row, user, err := c.service.Store.SessionByToken(r.Context(), hashed(sent[0].Value), now)
	if errors.Is(err, billing.ErrNotFound) {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	session.ID, session.IsNew = row.ID, false
	session.Values[heldKey{}] = &held{row: row, user: user}
	if row.UserID != "" && now.Sub(row.SeenAt) >= seenEvery {
		c.service.seen.add(sighting(row, c.service.address(r), now))
	}
	return session, nil
}

// Save implements sessions.Store. A visitor gets a row and a cookie when there is
// first something to keep; MaxAge below zero ends the session.
func (c *cookies) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	h, ctx := heldIn(session), r.Context()
	switch {
	case session.Options.MaxAge < 0:
		return c.end(ctx, w, session, h)
	case h.row.ID == "":
		return c.begin(r, w, session, h)
	}
	return c.service.Store.SaveSessionData(ctx, h.row.ID, h.row.Data, c.service.Now().Add(visitorLife))
}

func (c *cookies) begin(r *http.Request, w http.ResponseWriter, session *sessions.Session, h *held) error {
	row, token := c.service.newSession(r)
	row.Data, row.ExpiresAt = h.row.Data, row.CreatedAt.Add(visitorLife)
	if err := c.service.Store.AddSession(r.Context(), row); err != nil {
		return err
	}
	h.row, session.ID, session.IsNew = row, row.ID, false
	c.send(w, token, row.ExpiresAt.Sub(row.CreatedAt))
	return nil
}

func (c *cookies) end(ctx context.Context, w http.ResponseWriter, session *sessions.Session, h *held) error {
	if h.row.ID != "" {
		if err := c.service.Store.DeleteSession(ctx, h.row.ID); err != nil {
			return err
		}
	}
	*h, session.ID, session.IsNew = held{}, "", true
	c.send(w, "", -time.Second)
	return nil
}

// send hands the browser its token. Max-Age only: an Expires would be told by our
// clock and judged by the browser's.
func (c *cookies) send(w http.ResponseWriter, token string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: c.name, Value: token, MaxAge: int(life / time.Second), Path: c.options.Path,
		HttpOnly: c.options.HttpOnly, Secure: c.options.Secure, SameSite: c.options.SameSite,
	})
}

// newSession makes a row with a fresh token, and the token.
func (s *Service) newSession(r *http.Request) (db.Session, string) {
	token, now := newToken(), s.Now()
	return db.Session{
		ID: db.NewID(), TokenHash: hashed(token), Data: "{}", UserAgent: clipped(r.UserAgent()), Address: s.address(r),
		CreatedAt: now, SeenAt: now, ExpiresAt: endOf(now, now),
	}, token
}

// enter makes a request's session the one that just began with a sign-in.
func (c *cookies) enter(w http.ResponseWriter, r *http.Request, row db.Session, token string, user db.User) error {
	session, err := c.Get(r, c.name)
	if err != nil {
		return err
	}
	row.UserID = user.ID
	*heldIn(session), session.ID, session.IsNew = held{row: row, user: user}, row.ID, false
	c.send(w, token, absoluteLife)
	return nil
}
