package auth

import (
	"net/http"
	"time"

	"counterfoil/db"
)

// How long sessions live. The cookie lasts as long as a session can; the row
// decides whether it still counts.
const (
	idleLife     = 14 * 24 * time.Hour // signed in, since last seen
	absoluteLife = 60 * 24 * time.Hour // signed in, since sign-in
	briefLife    = 24 * time.Hour      // signed in until the browser is closed, since sign-in
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

// newSession makes a row with a fresh token, and the token. proof is how its user
// just proved who he is, empty for a visitor who has not.
func (s *Service) newSession(r *http.Request, proof Proof) (db.Session, string) {
	token, now := newToken(), s.Now()
	ends, brief := endOf(now, now), false
	if wire := wireOf(r); wire != nil && wire.brief && proof != "" {
		ends, brief = now.Add(briefLife), true
	}
	return db.Session{
		ID: db.NewID(), TokenHash: hashed(token), Data: "{}", UserAgent: clipped(r.UserAgent()), Address: s.address(r),
		Proof: string(proof), ProvenAt: now, CreatedAt: now, UpdatedAt: now, SeenAt: now, ExpiresAt: ends, Brief: brief,
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
	life := absoluteLife
	if row.Brief {
		life = 0
	}
	c.send(w, r, token, life)
	c.sendDevice(w, r, token)
	return nil
}

// wait makes a request's session one that waits for the second step of a sign-in.
func (c *cookies) wait(w http.ResponseWriter, r *http.Request, row db.Session, token, userID string) error {
	session, err := c.Get(r, c.name)
	if err != nil {
		return err
	}
	row.Pending = userID
	*heldIn(session), session.ID, session.IsNew = held{row: row}, row.ID, false
	c.sendVisitor(w, r, token, db.PendingLife)
	return nil
}
