package auth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"counterfoil/billing"
)

const cookieName = "__Host-counterfoil"

func TestCookieOfASession(t *testing.T) {
	tests := []struct {
		base   string
		name   string
		secure bool
	}{
		{"https://billing.example.com", "__Host-counterfoil", true},
		{"http://localhost:8080", "counterfoil", false},
	}
	for _, test := range tests {
		t.Run(test.base, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.BaseURL = test.base })
			answer, b := httptest.NewRecorder(), w.browser()
			if err := w.auth.RequestCode(answer, b.request("POST", "/login"), "ada@example.com", ""); err != nil {
				t.Fatal(err)
			}
			sent := answer.Result().Cookies()
			if len(sent) != 1 {
				t.Fatalf("%d cookies, want 1", len(sent))
			}
			c := sent[0]
			if c.Name != test.name || c.Secure != test.secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("cookie: %v", c)
			}
			if !isToken(c.Value) || c.MaxAge != int(visitorLife.Seconds()) {
				t.Errorf("value of %d characters, max age %d", len(c.Value), c.MaxAge)
			}
		})
	}
}

func TestVisitorsLeaveNoTrace(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if b.who().SignedIn() {
		t.Error("nobody is signed in")
	}
	err := b.do(b.request("GET", "/"), func(rw http.ResponseWriter, r *http.Request) error {
		_, err := w.auth.TakeFlash(rw, r)
		return err
	})
	if err != nil || len(b.cookies) != 0 || w.count(`SELECT COUNT(*) FROM sessions`) != 0 {
		t.Errorf("reading a page made a session: %v, %v", b.cookies, err)
	}
}

func TestSignInMakesANewToken(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	before := b.cookies[cookieName]
	if _, err := b.enter("", w.mailed("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	if b.cookies[cookieName] == before {
		t.Error("the token of before the sign-in still counts: session fixation")
	}
	if n := w.count(`SELECT COUNT(*) FROM sessions`); n != 1 {
		t.Errorf("%d sessions, want 1: the one before must be gone", n)
	}
	b.cookies[cookieName] = before
	if b.who().SignedIn() {
		t.Error("the old cookie is signed in")
	}
}

// Who answers for the session just begun in the same request, too.
func TestWhoKnowsTheSignInOfItsOwnRequest(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	err := b.do(b.request("POST", "/login/code"), func(rw http.ResponseWriter, r *http.Request) error {
		if who, err := w.auth.Who(r); err != nil || who.SignedIn() {
			t.Errorf("before: %+v, %v", who, err)
		}
		if _, err := w.auth.VerifyCode(rw, r, "", w.mailed("ada@example.com")); err != nil {
			return err
		}
		if who, err := w.auth.Who(r); err != nil || who.Email != "ada@example.com" {
			t.Errorf("after: %+v, %v", who, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSignOutKillsTheCookie(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("ada@example.com")
	stolen := b.cookies[cookieName]
	if err := b.do(b.request("POST", "/logout"), w.auth.SignOut); err != nil {
		t.Fatal(err)
	}
	if _, kept := b.cookies[cookieName]; kept || len(b.cookies) > 1 { // the one that tells no more than which browser it is stays
		t.Errorf("cookies after sign-out: %v", b.cookies)
	}
	b.cookies[cookieName] = stolen
	if b.who().SignedIn() {
		t.Error("the old cookie still works")
	}
	if err := b.do(b.request("POST", "/logout"), w.auth.SignOut); err != nil {
		t.Errorf("signing out twice: %v", err)
	}
	if n := w.count(`SELECT COUNT(*) FROM sessions`); n != 0 {
		t.Errorf("%d sessions, want none", n)
	}
}

func TestSessionsEnd(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name  string
		every time.Duration // between two visits
		span  time.Duration
		alive bool
	}{
		{"idle for less than 14 days", 14*day - time.Minute, 14*day - time.Minute, true},
		{"idle for 14 days", 14 * day, 14 * day, false},
		{"used daily for 59 days", day, 59 * day, true},
		{"used daily for 60 days", day, 60 * day, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.signIn("ada@example.com")
			alive := true
			for passed := time.Duration(0); passed < test.span; passed += test.every {
				w.clock.pass(test.every)
				alive = b.who().SignedIn()
				if err := w.auth.FlushSeen(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if alive != test.alive {
				t.Errorf("signed in: %v, want %v", alive, test.alive)
			}
			if err := w.auth.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := w.count(`SELECT COUNT(*) FROM sessions`); (n == 1) != test.alive {
				t.Errorf("%d sessions after the sweep", n)
			}
		})
	}
}

func TestSeenIsWrittenOnceAMinute(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("ada@example.com")
	began := w.clock.Now()
	flushed := func() int {
		n := len(w.auth.seen.byID)
		if err := w.auth.FlushSeen(t.Context()); err != nil {
			t.Fatal(err)
		}
		return n
	}
	w.clock.pass(59 * time.Second)
	b.who()
	if n := flushed(); n != 0 {
		t.Errorf("%d sightings within the first minute, want none", n)
	}
	w.clock.pass(time.Second)
	b.address = "198.51.100.20:9"
	b.who()
	b.who()
	if n := flushed(); n != 1 {
		t.Errorf("%d sightings after a minute, want 1", n)
	}
	list, err := w.auth.Sessions(t.Context(), b.who())
	if err != nil || len(list) != 1 || list[0].Address != "198.51.100.20" || !list[0].SeenAt.Equal(began.Add(time.Minute)) || !list[0].Current {
		t.Errorf("sessions: %+v, %v", list, err)
	}
}

func TestHostileCookies(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("ada@example.com")
	good := b.cookies[cookieName]
	for _, value := range []string{"", "x", good[:42], good + "A", strings.Repeat("A", 43), strings.Repeat("A", 4000), "' OR 1=1 --", hashed(good)} {
		b.cookies[cookieName] = value
		if b.who().SignedIn() {
			t.Errorf("signed in with the cookie %.50q", value)
		}
	}
	r := b.request("GET", "/")
	r.Header.Set("Cookie", cookieName+"="+good+"; "+cookieName+"="+strings.Repeat("A", 43))
	if _, err := w.auth.Who(r); !errors.Is(err, billing.ErrInvalid) {
		t.Errorf("two session cookies: %v, want ErrInvalid", err)
	}
}

func TestSessionsOfOneselfOnly(t *testing.T) {
	w := newWorld(t)
	laptop, phone, eve := w.browser(), w.browser(), w.browser()
	ada := laptop.signIn("ada@example.com")
	w.clock.pass(time.Minute)
	phone.agent = strings.Repeat("é", 200)
	onPhone := phone.signIn("ada@example.com")
	evil := eve.signIn("eve@example.com")

	list, err := w.auth.Sessions(t.Context(), ada)
	if err != nil || len(list) != 2 || list[0].ID != onPhone.SessionID || list[0].Current || !list[1].Current {
		t.Fatalf("sessions: %+v, %v", list, err)
	}
	if n := len(list[0].UserAgent); n != maxUserAgent {
		t.Errorf("user agent of %d bytes is kept, want %d", n, maxUserAgent)
	}
	for _, id := range []string{ada.SessionID, "no such", ""} {
		if err := w.auth.EndSession(t.Context(), evil, id); !errors.Is(err, billing.ErrNotFound) {
			t.Errorf("ending %q as somebody else: %v, want ErrNotFound", id, err)
		}
	}
	if err := w.auth.EndSession(t.Context(), ada, onPhone.SessionID); err != nil {
		t.Fatal(err)
	}
	if phone.who().SignedIn() || !laptop.who().SignedIn() {
		t.Error("the wrong session ended")
	}
	phone.signIn("ada@example.com")
	if n, err := w.auth.EndOtherSessions(w.browser().request("POST", "/"), ada); err != nil || n != 1 {
		t.Errorf("ended %d others: %v", n, err)
	}
	if phone.who().SignedIn() || !laptop.who().SignedIn() || !eve.who().SignedIn() {
		t.Error("the wrong sessions ended")
	}
}

func TestRename(t *testing.T) {
	tests := []struct {
		typed, want string
		fine        bool
	}{
		{"  Ada   Lovelace ", "Ada Lovelace", true},
		{"", "", true},
		{"Zoe\u0308", "Zo\u00eb", true},
		{"فاطمه\u200cزهرا", "فاطمه\u200cزهرا", true},
		{strings.Repeat("é", maxName), strings.Repeat("é", maxName), true},
		{strings.Repeat("é", maxName+1), "", false},
		{"Ada\x00", "", false},
		{"Ada\u202eecalevoL", "", false},
		{"Ada\xff", "", false},
		{"Ada\x1b[31m", "", false},
	}
	w := newWorld(t)
	b := w.browser()
	who := b.signIn("ada@example.com")
	for _, test := range tests {
		err := w.auth.Rename(t.Context(), who, test.typed)
		if (err == nil) != test.fine || err != nil && !errors.Is(err, billing.ErrInvalid) {
			t.Errorf("Rename(%q): %v", test.typed, err)
		}
		if got := b.who().Name; err == nil && got != test.want {
			t.Errorf("Rename(%q) made %q, want %q", test.typed, got, test.want)
		}
	}
	if err := w.auth.Rename(t.Context(), Visitor{}, "Eve"); !errors.Is(err, billing.ErrDenied) {
		t.Errorf("renaming nobody: %v", err)
	}
}

func TestFlashIsShownOnce(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	want := Flash{Tone: "good", Text: "Saved <b>&"}
	err := b.do(b.request("POST", "/account"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.SetFlash(rw, r, want)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []Flash{want, {}} {
		err := b.do(b.request("GET", "/account"), func(rw http.ResponseWriter, r *http.Request) error {
			got, err := w.auth.TakeFlash(rw, r)
			if got != want {
				t.Errorf("flash: %+v, want %+v", got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestVisitorSessionsLiveAnHourFromTheirLastUse(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(visitorLife - time.Minute)
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(CodeLife - time.Second)
	if _, err := b.enter("", w.mailed("ada@example.com")); err != nil {
		t.Errorf("the browser was forgotten before its code expired: %v", err)
	}
}

func TestSightingsAreBounded(t *testing.T) {
	s := newSightings[int]()
	for i := range maxSightings + 10 {
		s.add(strconv.Itoa(i), i)
	}
	if n := len(s.take()); n != maxSightings {
		t.Errorf("%d sightings kept, want %d", n, maxSightings)
	}
	if len(s.take()) != 0 {
		t.Error("sightings are handed out twice")
	}
}

// BenchmarkWho measures what every signed-in request pays.
func BenchmarkWho(b *testing.B) {
	w := newWorld(b)
	br := w.browser()
	br.signIn("ada@example.com")
	b.ReportAllocs()
	for b.Loop() {
		who, err := w.auth.Who(br.request("GET", "/"))
		if err != nil || !who.SignedIn() {
			b.Fatal(who, err)
		}
	}
}
