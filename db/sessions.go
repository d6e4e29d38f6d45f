package db

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Session is one browser. The browser holds the token, we only its hash.
type Session struct {
	ID        string
	TokenHash string
	UserID    string // empty while nobody is signed in
	Pending   string // id of the user who has yet to do the second step of signing in; else empty
	Data      string // small JSON, auth's own
	UserAgent string
	Address   string // network address it was last seen from
	Proof     string // how its user last proved who he is, auth's word for it; empty while nobody is signed in
	ProvenAt  time.Time
	Brief     bool         // its cookie ends with the browser
	For       string       // id of the organisation it acts for; empty for the user himself
	ForName   string       // of that organisation; SessionByToken fills it in
	ForRole   billing.Role // of the user there, likewise
	CreatedAt time.Time
	UpdatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// SessionByToken finds a session that has not ended, and its user; the user is zero
// while nobody is signed in. It acts for an organisation as long as its user belongs to
// that. ErrNotFound: there is none. It is one query.
func (s *Store) SessionByToken(ctx context.Context, tokenHash string, now time.Time) (Session, User, error) {
	row, err := s.r.SessionByToken(ctx, gen.SessionByTokenParams{TokenHash: tokenHash, Now: millis(now)})
	if err != nil {
		return Session{}, User{}, fmt.Errorf("session: %w", found(err))
	}
	session := Session{
		ID: row.ID, TokenHash: tokenHash, Pending: orEmpty(row.PendingUserID), Data: row.Data, UserAgent: row.UserAgent, Address: row.Address,
		Proof: row.Proof, ProvenAt: moment(row.ProvenAt), Brief: row.Brief,
		For: row.OrganizationID, ForName: row.OrganizationName, ForRole: billing.Role(row.OrganizationRole),
		CreatedAt: moment(row.CreatedAt), UpdatedAt: moment(row.UpdatedAt), SeenAt: moment(row.SeenAt), ExpiresAt: moment(row.ExpiresAt),
	}
	if row.UserID == nil {
		return session, User{}, nil
	}
	session.UserID = *row.UserID
	return session, User{
		ID: *row.UserID, Email: row.Email, Name: row.Name, Image: row.Image, EmailVerifiedAt: maybeMoment(row.EmailVerifiedAt), OperatorAt: maybeMoment(row.OperatorAt),
		CreatedAt: moment(row.UserCreatedAt), UpdatedAt: moment(row.UserUpdatedAt),
	}, nil
}

// AddSession begins a session.
func (s *Store) AddSession(ctx context.Context, session Session) error {
	return s.inTx(ctx, func(q *gen.Queries) error { return insertSession(ctx, q, session) })
}

func insertSession(ctx context.Context, q *gen.Queries, session Session) error {
	userID := orNull(session.UserID)
	err := q.InsertSession(ctx, gen.InsertSessionParams{
		ID: session.ID, TokenHash: session.TokenHash, UserID: userID, PendingUserID: orNull(session.Pending), Data: session.Data,
		UserAgent: session.UserAgent, Address: session.Address,
		Proof: session.Proof, ProvenAt: millis(session.ProvenAt), Brief: session.Brief,
		CreatedAt: millis(session.CreatedAt), SeenAt: millis(session.SeenAt), ExpiresAt: millis(session.ExpiresAt),
	})
	if err != nil {
		return fmt.Errorf("add session %s: %w", session.ID, err)
	}
	return nil
}

// SaveSessionData replaces what a session holds. A visitor's session then lives
// until visitorUntil. ErrNotFound: the session has ended.
func (s *Store) SaveSessionData(ctx context.Context, id, data string, visitorUntil time.Time) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.SaveSessionData(ctx, gen.SaveSessionDataParams{ID: id, Data: data, VisitorExpiresAt: millis(visitorUntil)})
		if err != nil {
			return fmt.Errorf("save session %s: %w", id, err)
		}
		if n == 0 {
			return fmt.Errorf("save session %s: %w", id, billing.ErrNotFound)
		}
		return nil
	})
}

// TouchSessions records when and from where sessions were last seen, and until when
// they live on: ID, SeenAt, ExpiresAt, Address and, when a cookie was renewed, UpdatedAt
// of each count.
func (s *Store) TouchSessions(ctx context.Context, seen []Session) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		for _, t := range seen {
			err := q.TouchSession(ctx, gen.TouchSessionParams{
				ID: t.ID, SeenAt: millis(t.SeenAt), ExpiresAt: millis(t.ExpiresAt), Address: t.Address, UpdatedAt: millis(t.UpdatedAt),
			})
			if err != nil {
				return fmt.Errorf("touch session %s: %w", t.ID, err)
			}
		}
		return nil
	})
}

// SessionsOfUser lists the sessions of a user that have not ended, last seen first.
func (s *Store) SessionsOfUser(ctx context.Context, userID string, now time.Time) ([]Session, error) {
	rows, err := s.r.SessionsOfUser(ctx, gen.SessionsOfUserParams{UserID: &userID, Now: millis(now)})
	if err != nil {
		return nil, fmt.Errorf("sessions of user %s: %w", userID, err)
	}
	return mapEach(rows, func(row gen.Session) Session {
		return Session{
			ID: row.ID, TokenHash: row.TokenHash, UserID: userID, Data: row.Data, UserAgent: row.UserAgent, Address: row.Address,
			Proof: row.Proof, ProvenAt: moment(row.ProvenAt), Brief: row.Brief, For: orEmpty(row.OrganizationID),
			CreatedAt: moment(row.CreatedAt), UpdatedAt: moment(row.UpdatedAt), SeenAt: moment(row.SeenAt), ExpiresAt: moment(row.ExpiresAt),
		}
	}), nil
}

// DeleteSession ends a session. One that has ended already is no error.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		if err := q.DeleteSession(ctx, id); err != nil {
			return fmt.Errorf("end session %s: %w", id, err)
		}
		return nil
	})
}

// DeleteSessionOfUser ends one of a user's own sessions. ErrNotFound: it is
// somebody else's, or there is none.
func (s *Store) DeleteSessionOfUser(ctx context.Context, userID, id string) error {
	return s.inTx(ctx, func(q *gen.Queries) error {
		n, err := q.DeleteSessionOfUser(ctx, gen.DeleteSessionOfUserParams{ID: id, UserID: &userID})
		if err != nil {
			return fmt.Errorf("end session %s: %w", id, err)
		}
		if n == 0 {
			return fmt.Errorf("end session %s: %w", id, billing.ErrNotFound)
		}
		return nil
	})
}

// DeleteOtherSessions ends all sessions of a user but one, counts them, and tells him if
// there were any.
func (s *Store) DeleteOtherSessions(ctx context.Context, userID, keepID string, notice Mail, now time.Time) (int64, error) {
	var ended int64
	err := s.inTx(ctx, func(q *gen.Queries) error {
		var err error
		ended, err = q.DeleteOtherSessions(ctx, gen.DeleteOtherSessionsParams{UserID: &userID, KeepID: keepID})
		if err != nil {
			return fmt.Errorf("end other sessions of user %s: %w", userID, err)
		}
		if ended == 0 {
			return nil
		}
		return enqueueNotice(ctx, q, userID, notice, now)
	})
	return ended, err
}

// Swept counts what SweepSignIns removed.
type Swept struct{ Sessions, Codes, States int64 }

// SweepSignIns removes sessions and states that have ended, and codes that ended
// before codesBefore: younger ones still count towards the limit of their address.
func (s *Store) SweepSignIns(ctx context.Context, now, codesBefore time.Time) (Swept, error) {
	var swept Swept
	err := s.inTx(ctx, func(q *gen.Queries) error {
		var err error
		if swept.Sessions, err = q.SweepSessions(ctx, millis(now)); err != nil {
			return fmt.Errorf("sweep sessions: %w", err)
		}
		if swept.Codes, err = q.SweepCodes(ctx, millis(codesBefore)); err != nil {
			return fmt.Errorf("sweep sign-in codes: %w", err)
		}
		if _, err = q.SweepPasskeyChallenges(ctx, millis(now)); err != nil {
			return fmt.Errorf("sweep ceremonies of passkeys: %w", err)
		}
		if swept.States, err = q.SweepStates(ctx, millis(now)); err != nil {
			return fmt.Errorf("sweep states: %w", err)
		}
		if _, err = q.SweepLinks(ctx, millis(codesBefore)); err != nil {
			return fmt.Errorf("sweep mailed links: %w", err)
		}
		if _, err = q.SweepEmailChanges(ctx, millis(now)); err != nil {
			return fmt.Errorf("sweep changes of address: %w", err)
		}
		if _, err = q.SweepDevices(ctx, millis(now.Add(-DeviceLife))); err != nil {
			return fmt.Errorf("sweep browsers: %w", err)
		}
		if _, err = q.SweepPendingIdentities(ctx, millis(now)); err != nil {
			return fmt.Errorf("sweep identities that wait: %w", err)
		}
		return nil
	})
	return swept, err
}
