package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The cookies of Better Auth's API, beside the portal's own. Its clients never read
// them; the format is that of better-auth 1.7 (cookies, "signed cookie").
const (
	wireCookie = "better-auth.session_token"
	wireData   = "better-auth.session_data"  // of its cookie cache: never set here, always taken back
	wireBrief  = "better-auth.dont_remember" // of rememberMe:false, which our row knows
	wireLife   = 7 * 24 * time.Hour          // of the cookie, since it was last set
	wireRenew  = 24 * time.Hour              // how old a cookie becomes before it is set again
)

// onWire is what a request to the Better Auth API has besides others.
type onWire struct {
	brief bool   // a session that begins in it ends with the browser
	token string // of its session: as it came, or as it began
	dead  bool   // a token came that names no session any more
}

type wireKey struct{}

// OnWire marks a request as one of the Better Auth API: its session may also stand in
// the cookie of that API, and one that begins or ends in it does so in both cookies.
// brief makes the session that begins end with the browser, and after a day at most.
func OnWire(r *http.Request, brief bool) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), wireKey{}, &onWire{brief: brief}))
}

// wireOf is nil for requests to pages.
func wireOf(r *http.Request) *onWire {
	wire, _ := r.Context().Value(wireKey{}).(*onWire)
	return wire
}

// Brief makes the session that begins in a marked request a brief one, or not.
func Brief(r *http.Request, brief bool) {
	if wire := wireOf(r); wire != nil {
		wire.brief = brief
	}
}

// Token is the secret of a marked request's session, as its cookie holds it; empty when
// there is none.
func (s *Service) Token(r *http.Request) string {
	if wire := wireOf(r); wire != nil {
		return wire.token
	}
	return ""
}

// CameDead reports that a marked request came with the token of a session that has
// ended, so that its cookies are of no more use.
func (s *Service) CameDead(r *http.Request) bool {
	wire := wireOf(r)
	return wire != nil && wire.dead && wire.token == ""
}

// Renew sets the API's cookie again when that is a day old, unless the session is a
// brief one, and reports whether it did.
func (s *Service) Renew(w http.ResponseWriter, r *http.Request) (bool, error) {
	h, err := s.cookies.held(r)
	now, wire := s.Now(), wireOf(r)
	if err != nil || wire == nil || h.row.UserID == "" || h.row.Brief || now.Sub(h.row.UpdatedAt) < wireRenew {
		return false, err
	}
	seen := sighting(h.row, s.address(r), now)
	seen.UpdatedAt = now
	s.renewed.add(seen.ID, seen)
	h.row.UpdatedAt, h.row.ExpiresAt = now, seen.ExpiresAt
	s.cookies.sendWire(w, wire.token, wireLife)
	return true, nil
}

// Again sets the API's cookie of a marked request again, as the original does whenever
// what its session holds has changed.
func (s *Service) Again(w http.ResponseWriter, r *http.Request) {
	wire := wireOf(r)
	if wire == nil || wire.token == "" {
		return
	}
	life := wireLife
	if h, err := s.cookies.held(r); err != nil || h.row.Brief {
		life = 0
	}
	s.cookies.sendWire(w, wire.token, life)
}

// Forget takes the cookies of the Better Auth API back.
func (s *Service) Forget(w http.ResponseWriter) {
	for _, name := range []string{wireCookie, wireData, wireBrief} {
		s.cookies.set(w, s.cookies.wireName(name), "", -time.Second, s.cookies.wireSite())
	}
}

// signed is a token as the API's cookie holds it: percent-encoded, a dot, and the
// base64 of its HMAC-SHA256.
func (c *cookies) signed(token string) string {
	return url.QueryEscape(token + "." + base64.StdEncoding.EncodeToString(seal(c.service.wireKeys[0], token)))
}

func seal(key []byte, token string) []byte {
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(token))
	return sum.Sum(nil)
}

// unsigned reads the API's cookie. Of several the first counts, as in the original; one
// that we have not signed counts for nothing.
func (c *cookies) unsigned(r *http.Request) string {
	cookie, err := r.Cookie(c.wireName(wireCookie))
	if err != nil {
		return ""
	}
	value, err := url.QueryUnescape(cookie.Value)
	if err != nil {
		return ""
	}
	dot := strings.LastIndexByte(value, '.')
	if dot < 0 || !isToken(value[:dot]) {
		return ""
	}
	sum, err := base64.StdEncoding.DecodeString(value[dot+1:])
	if err != nil {
		return ""
	}
	for _, key := range c.service.wireKeys {
		if hmac.Equal(sum, seal(key, value[:dot])) {
			return value[:dot]
		}
	}
	return ""
}

// wireName puts the prefix of https before a name.
func (c *cookies) wireName(name string) string {
	if c.options.Secure {
		return "__Secure-" + name
	}
	return name
}

// wireSite is Lax, unless pages of other sites shall be able to call.
func (c *cookies) wireSite() http.SameSite {
	if c.service.CrossSite {
		return http.SameSiteNoneMode
	}
	return http.SameSiteLaxMode
}

// sendWire hands the browser its token in the API's cookie; a life of zero ends with
// the browser.
func (c *cookies) sendWire(w http.ResponseWriter, token string, life time.Duration) {
	c.set(w, c.wireName(wireCookie), c.signed(token), life, c.wireSite())
}
