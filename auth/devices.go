package auth

import (
	"net/http"
	"time"

	"counterfoil/db"
)

// entering is the sign-in that begins the session of row, from the browser that sends
// r. Everything that signs somebody in begins with it, so that a browser which a user
// has never signed in with is told to him.
func (s *Service) entering(r *http.Request, row db.Session, token, replaces string) (db.SignIn, error) {
	notice, err := s.notice(r, EventSignIn, "")
	if err != nil {
		return db.SignIn{}, err
	}
	h, err := s.cookies.held(r)
	if err != nil {
		return db.SignIn{}, err
	}
	return db.SignIn{
		Session: row, Replaces: replaces, Known: h.row.UserID, NoNewUsers: s.SignUpClosed, CreateCustomer: !s.SkipCreateCustomer, Now: row.CreatedAt,
		DeviceHash: hashed(s.cookies.device(r, token)), Notice: notice,
	}, nil
}

// device is the token by which a browser is known again. One that has none gets one that
// follows from the token of its first session, so that both halves of a sign-in agree.
func (c *cookies) device(r *http.Request, token string) string {
	if sent := r.CookiesNamed(c.deviceName()); len(sent) == 1 && isToken(sent[0].Value) {
		return sent[0].Value
	}
	return hashed("device " + token)
}

func (c *cookies) deviceName() string { return c.name + "-device" }

// sendDevice lets a browser that has just signed in keep its device token. It opens
// nothing: all that it does is to keep a mail from being sent.
func (c *cookies) sendDevice(w http.ResponseWriter, r *http.Request, token string) {
	http.SetCookie(w, &http.Cookie{
		Name: c.deviceName(), Value: c.device(r, token), MaxAge: int(db.DeviceLife / time.Second), Path: c.options.Path,
		HttpOnly: c.options.HttpOnly, Secure: c.options.Secure, SameSite: c.options.SameSite,
	})
}
