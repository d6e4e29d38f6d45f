package handlers

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterfoil/auth"
	"counterfoil/db"
	"counterfoil/views"
)

// The token that Polar appends to the success URL is gone before anything keeps the
// address: the sign-in page's next, its form, or a row of ours.
func TestTokenIsDroppedBeforeSigningIn(t *testing.T) {
	g := openDesk(t).guest()
	for _, test := range []struct{ sent, clean string }{
		{"?checkout_id=abc&customer_session_token=polar_cst_secret", "?checkout_id=abc"},
		{"?customer_session_token=polar_cst_secret&checkout_id=abc", "?checkout_id=abc"},
		{"?customer_session_token=polar_cst_secret", ""},
		{"?checkout_id=&customer_session_token=polar_cst_secret", ""},
		{"?checkout_id=a%2Fb%00&x", "?checkout_id=a%2Fb%00"},
	} {
		g.get("/checkout/success"+test.sent).leads(t, http.StatusSeeOther, "/checkout/success"+test.clean)
		g.get("/checkout/success"+test.clean).leads(t, http.StatusSeeOther, "/login?next="+url.QueryEscape("/checkout/success"+test.clean))
	}
}

func TestStatusOfHaste(t *testing.T) {
	err := errors.Join(errTooMany, &auth.Refusal{Reason: auth.TooMany, RetryAfter: time.Minute})
	if got := statusOf(err); got != http.StatusTooManyRequests {
		t.Errorf("a sign-in refused for haste is a %d, want 429", got)
	}
}

func TestFormsHaveAPace(t *testing.T) {
	d := openDesk(t)
	ada, eve := d.guest(), d.guest()
	ada.signIn("ada@example.com")
	eve.signIn("eve@example.com")
	now := time.Now()
	d.still.Store(&now) // all within a minute, however slow the machine is
	for i := range formsPerMinute + 1 {
		if status := ada.post("/account", "name", "").status; (status == http.StatusTooManyRequests) != (i >= formsPerMinute) {
			t.Fatalf("form %d is answered %d", i+1, status)
		}
	}
	eve.post("/account", "name", "Eve").leads(t, http.StatusSeeOther, "/account?done=saved")
	if page := ada.get("/account"); page.status != http.StatusOK {
		t.Errorf("reading answered %d", page.status)
	}

	var p pace
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for i := range formsPerMinute + 1 {
		if ok := p.pass("a", noon.Add(time.Duration(i)*time.Millisecond)); ok != (i < formsPerMinute) {
			t.Fatalf("form %d: %v", i+1, ok)
		}
	}
	if !p.pass("b", noon) || !p.pass("a", noon.Add(time.Minute)) || len(p.sent) != 1 {
		t.Errorf("another customer, or the next minute, is held up: %v", p.sent)
	}
}

func TestStreamsGiveTheirPlacesBack(t *testing.T) {
	var s streams
	var leaves []func()
	for i := range streamsEach + 1 {
		leave, ok := s.enter("a")
		if ok != (i < streamsEach) {
			t.Fatalf("stream %d: %v", i+1, ok)
		}
		leaves = append(leaves, leave)
	}
	for _, leave := range leaves {
		leave()
	}
	if s.all != 0 || len(s.open) != 0 {
		t.Errorf("%d streams of %v are left", s.all, s.open)
	}
}

func TestThemeCookieOverHTTPS(t *testing.T) {
	s := &Server{cookieSecure: true}
	r := httptest.NewRequest(http.MethodPost, "/theme", strings.NewReader("theme=dark&return=//evil.example"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	if err := s.chooseTheme(w, r, auth.Visitor{}); err != nil {
		t.Fatal(err)
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Name != "__Host-theme" || !cookies[0].Secure || cookies[0].Path != "/" || cookies[0].Domain != "" {
		t.Fatalf("cookies %v", cookies)
	}
	back := httptest.NewRequest(http.MethodGet, "/", nil)
	back.AddCookie(cookies[0])
	if s.themeOf(back) != views.ThemeDark || w.Header().Get("Location") != "/" {
		t.Errorf("theme %q, led to %q", s.themeOf(back), w.Header().Get("Location"))
	}
}

// A panic in the middle of an answer must not leave half of it looking whole.
func TestPanicMidwayBreaksTheConnection(t *testing.T) {
	s := &Server{Config: Config{Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
	web := httptest.NewUnstartedServer(s.observed(slog.LevelInfo, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half of")
		_ = http.NewResponseController(w).Flush()
		panic("no more")
	})))
	web.Config.ErrorLog = slog.NewLogLogger(s.Log.Handler(), slog.LevelError)
	web.Start()
	defer web.Close()
	answer, err := http.Get(web.URL) //nolint:noctx // a test on loopback
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); err == nil {
		t.Errorf("%q came as a whole answer", body)
	}
}

// What a provider or the network said about an event is for operators, not for pages.
func TestEventRowsTellNoInternals(t *testing.T) {
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	words := catalogue.Translator("en", time.UTC)
	for state, says := range map[db.UsageState]string{db.UsageWaiting: "", db.UsageLeased: "", db.UsageSent: "", db.UsageParked: "did not take this event"} {
		row := eventRow(words, db.UsageEvent{State: state, Error: "post https://10.0.0.5:443/v1/events: connection refused"})
		if strings.Contains(row.Error, "10.0.0.5") || (row.Error == "") != (says == "") || !strings.Contains(row.Error, says) {
			t.Errorf("an event that is %s says %q", state, row.Error)
		}
	}
}

// TestU4LateUseSaysSo: what is billed a period later is told on the page.
func TestU4LateUseSaysSo(t *testing.T) {
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	words := catalogue.Translator("en", time.UTC)
	for _, late := range []bool{false, true} {
		row := eventRow(words, db.UsageEvent{State: db.UsageSent, NextCycle: late})
		if strings.Contains(row.Note, "next cycle") != late {
			t.Errorf("late %v: the row says %q", late, row.Note)
		}
	}
}
