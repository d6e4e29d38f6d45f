package auth

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/sessions"

	"counterfoil/billing"
	"counterfoil/db"
)

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
	row, user, err := c.find(r)
	if errors.Is(err, billing.ErrNotFound) {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	now := c.service.Now()
	session.ID, session.IsNew = row.ID, false
	session.Values[heldKey{}] = &held{row: row, user: user}
	if row.UserID != "" && now.Sub(row.SeenAt) >= seenEvery {
		c.service.seen.add(row.ID, sighting(row, c.service.address(r), now))
	}
	return session, nil
}

// find looks up the session of the tokens that a request brings: the portal's own
// cookie's first, and on the wire of Better Auth also that API's. Somebody who is
// signed in goes before a visitor who is not.
func (c *cookies) find(r *http.Request) (db.Session, db.User, error) {
	tokens, err := c.tokens(r)
	if err != nil {
		return db.Session{}, db.User{}, err
	}
	wire := wireOf(r)
	var best db.Session
	for _, token := range tokens {
		row, user, err := c.service.Store.SessionByToken(r.Context(), hashed(token), c.service.Now())
		switch {
		case errors.Is(err, billing.ErrNotFound):
			if wire != nil {
				wire.dead = true
			}
			continue
		case err != nil:
			return db.Session{}, db.User{}, err
		case best.ID == "" || row.UserID != "":
			best = row
			if wire != nil {
				wire.token = token
			}
		}
		if row.UserID != "" {
			return row, user, nil
		}
	}
	if best.ID == "" {
		return db.Session{}, db.User{}, fmt.Errorf("session: %w", billing.ErrNotFound)
	}
	return best, db.User{}, nil
}

// tokens are what a request brings. Two of the portal's own are billing.ErrInvalid,
// since one of them was planted.
func (c *cookies) tokens(r *http.Request) ([]string, error) {
	sent := r.CookiesNamed(c.name)
	if len(sent) > 1 {
		return nil, fmt.Errorf("%d session cookies: %w", len(sent), billing.ErrInvalid)
	}
	var tokens []string
	if len(sent) == 1 && isToken(sent[0].Value) {
		tokens = append(tokens, sent[0].Value)
	}
	if wireOf(r) == nil {
		return tokens, nil
	}
	if token := c.unsigned(r); token != "" && !slices.Contains(tokens, token) {
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// Save implements sessions.Store. A visitor gets a row and a cookie when there is
// first something to keep; MaxAge below zero ends the session.
func (c *cookies) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	h := heldIn(session)
	switch {
	case session.Options.MaxAge < 0:
		return c.end(r, w, session, h)
	case h.row.ID == "":
		return c.begin(r, w, session, h)
	}
	return c.service.Store.SaveSessionData(r.Context(), h.row.ID, h.row.Data, c.service.Now().Add(visitorLife))
}

func (c *cookies) begin(r *http.Request, w http.ResponseWriter, session *sessions.Session, h *held) error {
	row, token := c.service.newSession(r, "")
	row.Data, row.ExpiresAt = h.row.Data, row.CreatedAt.Add(visitorLife)
	if err := c.service.Store.AddSession(r.Context(), row); err != nil {
		return err
	}
	h.row, session.ID, session.IsNew = row, row.ID, false
	c.sendVisitor(w, r, token, row.ExpiresAt.Sub(row.CreatedAt))
	return nil
}

// end signs a browser out: of the session that counted, and of the one that its cookie
// of the Better Auth API names, if that is another.
func (c *cookies) end(r *http.Request, w http.ResponseWriter, session *sessions.Session, h *held) error {
	ended := []string{h.row.ID}
	if token := c.unsigned(r); token != "" {
		row, _, err := c.service.Store.SessionByToken(r.Context(), hashed(token), c.service.Now())
		if err != nil && !errors.Is(err, billing.ErrNotFound) {
			return err
		}
		ended = append(ended, row.ID)
	}
	for _, id := range ended {
		if id == "" {
			continue
		}
		if err := c.service.Store.DeleteSession(r.Context(), id); err != nil {
			return err
		}
	}
	*h, session.ID, session.IsNew = held{}, "", true
	c.set(w, c.name, "", -time.Second, c.options.SameSite)
	if wire := wireOf(r); wire != nil {
		wire.token = ""
	}
	if _, err := r.Cookie(c.wireName(wireCookie)); err == nil || wireOf(r) != nil {
		c.service.Forget(w)
	}
	return nil
}

// send hands the browser the token of somebody who is signed in, in both cookies if it
// has, or shall have, both. A life of zero ends with the browser.
func (c *cookies) send(w http.ResponseWriter, r *http.Request, token string, life time.Duration) {
	c.sendVisitor(w, r, token, life)
	if wireOf(r) == nil && c.unsigned(r) != "" {
		c.sendWire(w, token, min(life, wireLife)) // or the API would know a token that has ended
	}
}

// sendVisitor is send for somebody who is not signed in: on a page he keeps his session
// of the Better Auth API, if he has one.
func (c *cookies) sendVisitor(w http.ResponseWriter, r *http.Request, token string, life time.Duration) {
	c.set(w, c.name, token, life, c.options.SameSite)
	if wire := wireOf(r); wire != nil {
		wire.token = token
		c.sendWire(w, token, min(life, wireLife))
	}
}

// set sets a cookie. Max-Age only: an Expires would be told by our clock and judged by
// the browser's.
func (c *cookies) set(w http.ResponseWriter, name, value string, life time.Duration, site http.SameSite) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, MaxAge: int(life / time.Second), Path: c.options.Path,
		HttpOnly: c.options.HttpOnly, Secure: c.options.Secure, SameSite: site,
	})
}
