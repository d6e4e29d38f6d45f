package handlers

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"counterfoil/auth"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/db/dbtest"
	"counterfoil/twin/oidc"
	"counterfoil/views"
)

// desk is the portal with an identity provider and nothing else behind it: neither
// a billing provider nor a worker, which signing in must not need.
type desk struct {
	t    *testing.T
	url  string
	idp  *httptest.Server
	code string // in the newest mail
	mail auth.CodeMail
	link auth.LinkMail // the newest

	still atomic.Pointer[time.Time] // where its clock stands; nil for the machine's
}

func (d *desk) now() time.Time {
	if at := d.still.Load(); at != nil {
		return *at
	}
	return time.Now()
}

func openDesk(t *testing.T, change ...func(*auth.Config)) *desk {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, url: "http://" + listener.Addr().String()}
	var idp http.Handler
	d.idp = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { idp.ServeHTTP(w, r) }))
	t.Cleanup(d.idp.Close)
	issuer := d.idp.URL + "/_twin/oidc"
	idp = oidc.New(oidc.Config{Issuer: issuer, ClientID: "counterfoil", ClientSecret: "secret", Now: d.now})

	store, log := dbtest.Open(t), slog.New(slog.NewTextHandler(io.Discard, nil))
	config := auth.Config{
		Store: store, BaseURL: d.url, Now: d.now, Log: log,
		CodeMail: func(m auth.CodeMail) (db.Mail, error) {
			d.code, d.mail = m.Code, m
			return db.Mail{Text: m.Code}, nil
		},
		LinkMail: func(m auth.LinkMail) (db.Mail, error) {
			d.link = m
			return db.Mail{Subject: string(m.Kind), Text: m.Token}, nil
		},
		Providers: []auth.ProviderConfig{{
			ID: "oidc", Kind: "oidc", Name: "Lumen", ClientID: "counterfoil", ClientSecret: "secret", Issuer: issuer,
		}},
	}
	for _, c := range change {
		c(&config)
	}
	service, err := auth.New(config)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := polar.New(polar.Config{Token: "unused", WebhookSecrets: []string{"unused"}, Server: d.idp.URL, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	server, err := New(Config{
		Store: store, Auth: service, Provider: provider, Catalogue: catalogue, BaseURL: d.url, Poke: func() {}, Now: d.now, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := server.Handler()
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(handler)
	_ = web.Listener.Close()
	web.Listener = listener
	web.Start()
	t.Cleanup(web.Close)
	return d
}

// guest is a browser that keeps cookies and follows redirects only when told.
type guest struct {
	*desk
	client *http.Client
}

func (d *desk) guest() *guest {
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return &guest{d, &http.Client{Jar: jar, Timeout: 3 * time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// leaf is an answer: where it leads, or what it shows.
type leaf struct {
	*goquery.Document
	status   int
	location string
	header   http.Header
}

func (g *guest) read(answer *http.Response, err error) leaf {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	doc, err := goquery.NewDocumentFromReader(answer.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return leaf{doc, answer.StatusCode, answer.Header.Get("Location"), answer.Header}
}

func (g *guest) get(path string) leaf { g.t.Helper(); return g.read(g.client.Get(g.url + path)) }

func (g *guest) post(path string, fields ...string) leaf {
	g.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return g.read(g.client.PostForm(g.url+path, form))
}

func (g *guest) signIn(email string) {
	g.t.Helper()
	g.post("/login", "email", email)
	if answer := g.post("/login/code", "email", email, "code", g.code); answer.status != http.StatusSeeOther {
		g.t.Fatalf("signing in as %s: status %d", email, answer.status)
	}
}

func (l leaf) leads(t *testing.T, status int, location string) {
	t.Helper()
	if l.status != status || l.location != location {
		t.Errorf("status %d to %q, want %d to %q", l.status, l.location, status, location)
	}
}

func TestSignInByCodeInABrowser(t *testing.T) {
	g := openDesk(t).guest()
	g.post("/login", "email", "ada@example.com", "next", "/usage?range=7").leads(t, http.StatusSeeOther, "/login?step=code")
	page := g.get("/login?step=code")
	if email, _ := page.Find("form[action='/login/code'] input[name=email]").Attr("value"); email != "ada@example.com" {
		t.Errorf("the form is for %q", email)
	}
	g.post("/login", "email", "ada@example.com", "next", "/usage?range=7", "resend", "yes").leads(t, http.StatusSeeOther, "/login?step=again")

	wrong := g.post("/login/code", "email", "ada@example.com", "code", "ZZZZ-ZZZZ")
	if text := wrong.Find("#code-error").Text(); wrong.status != http.StatusBadRequest || !strings.Contains(text, "4 tries") {
		t.Errorf("wrong code: status %d, %q", wrong.status, text)
	}
	stranger := g.guest().post("/login/code", "email", "ada@example.com", "code", g.code)
	if text := stranger.Find("#code-error").Text(); stranger.status != http.StatusForbidden || !strings.Contains(text, "browser") {
		t.Errorf("another browser: status %d, %q", stranger.status, text)
	}
	g.post("/login/code", "email", "ada@example.com", "code", strings.ToLower(g.code)).leads(t, http.StatusSeeOther, "/usage?range=7")
	g.get("/login?next=/credits").leads(t, http.StatusSeeOther, "/credits")
	g.post("/login", "email", "ada@example.com").leads(t, http.StatusSeeOther, "/portal")
	g.post("/logout").leads(t, http.StatusSeeOther, "/")
	g.get("/account").leads(t, http.StatusSeeOther, "/login?next=%2Faccount")
}

func TestSignInRefusesBadInput(t *testing.T) {
	g := openDesk(t).guest()
	bad := g.post("/login", "email", "<script>@", "next", "//evil.example")
	if text := bad.Find("#email-error").Text(); bad.status != http.StatusBadRequest || text == "" {
		t.Errorf("bad address: status %d, %q", bad.status, text)
	}
	if typed, _ := bad.Find("input[name=email]").Attr("value"); typed != "<script>@" {
		t.Errorf("what was typed is lost: %q", typed)
	}
	if bad.Find("input[name=next]").Length() != 0 {
		t.Error("a foreign next is carried along")
	}
	g.get("/login?step=code").leads(t, http.StatusSeeOther, "/login")
	for range auth.DefaultLimits.CodesPerAddress {
		g.post("/login", "email", "ada@example.com").leads(t, http.StatusSeeOther, "/login?step=code")
	}
	many := g.post("/login", "email", "ada@example.com")
	if many.status != http.StatusTooManyRequests || many.header.Get("Retry-After") == "" {
		t.Errorf("too many: status %d, retry after %q", many.status, many.header.Get("Retry-After"))
	}
	if answer := g.post("/login/nobody"); answer.status != http.StatusNotFound {
		t.Errorf("unknown provider: status %d", answer.status)
	}
}

func TestNextStaysHere(t *testing.T) {
	d := openDesk(t)
	for _, next := range []string{"https://evil.example", "//evil.example", `/\evil.example`, "/a/../\\evil.example", "javascript:alert(1)", "/%2f%2fevil.example"} {
		g := d.guest()
		email := "ada@example.com"
		g.post("/login", "email", email, "next", next)
		g.post("/login/code", "email", email, "code", d.code, "next", next).leads(t, http.StatusSeeOther, "/portal")
		g.get("/login?next="+url.QueryEscape(next)).leads(t, http.StatusSeeOther, "/portal")
	}
}

func TestSignInThroughAnIdentityProvider(t *testing.T) {
	g := openDesk(t).guest()
	start := g.post("/login/oidc", "next", "/credits", "login_hint", "noor@example.com")
	if start.status != http.StatusSeeOther || !strings.HasPrefix(start.location, g.idp.URL) {
		t.Fatalf("start: status %d to %q", start.status, start.location)
	}
	consent := g.read(g.client.Get(start.location))
	action, _ := consent.Find("form").First().Attr("action")
	yes := g.read(g.client.PostForm(g.idp.URL+action, url.Values{"email": {"noor@example.com"}, "name": {"Noor"}}))
	callback, ok := strings.CutPrefix(yes.location, g.url)
	if !ok {
		t.Fatalf("consent leads to %q", yes.location)
	}
	g.get(callback).leads(t, http.StatusSeeOther, "/credits")
	if name, _ := g.get("/account").Find("input[name=name]").Attr("value"); name != "Noor" {
		t.Errorf("signed in as %q", name)
	}
	// Once more, by another browser that got hold of the address.
	other := g.guest()
	other.get(callback).leads(t, http.StatusSeeOther, "/login")
	if page := other.get("/login"); !strings.Contains(page.Text(), "This browser has not asked to sign in") {
		t.Error("the reason is not shown")
	}
	if page := other.get("/login"); strings.Contains(page.Text(), "This browser has not asked to sign in") {
		t.Error("the reason is shown twice")
	}
}

func TestIdentityProviderDownOrDenied(t *testing.T) {
	g := openDesk(t).guest()
	start := g.post("/login/oidc", "next", "/credits")
	state := start.location[strings.Index(start.location, "state=")+len("state="):]
	state, _, _ = strings.Cut(state, "&")
	g.get("/login/oidc/callback?error=access_denied&state="+state).leads(t, http.StatusSeeOther, "/login?next=%2Fcredits")
	if page := g.get("/login?next=%2Fcredits"); !strings.Contains(page.Text(), "You did not allow Lumen") {
		t.Error("the refusal is not told")
	}
	cold := openDesk(t)
	cold.idp.Close()
	late := cold.guest()
	late.post("/login/oidc").leads(t, http.StatusSeeOther, "/login")
	if page := late.get("/login"); !strings.Contains(page.Text(), "Lumen cannot be reached") {
		t.Error("the provider that is down is not named")
	}
}

func TestAccount(t *testing.T) {
	d := openDesk(t)
	ada, eve := d.guest(), d.guest()
	ada.signIn("ada@example.com")
	eve.signIn("eve@example.com")

	ada.post("/account", "name", "  Ada   Lovelace").leads(t, http.StatusSeeOther, "/account?done=saved")
	page := ada.get("/account?done=saved")
	if name, _ := page.Find("input[name=name]").Attr("value"); name != "Ada Lovelace" || !strings.Contains(page.Text(), "Saved.") {
		t.Errorf("name %q after saving", name)
	}
	if bad := ada.post("/account", "name", strings.Repeat("x", 101)); bad.status != http.StatusBadRequest || bad.Find("#name-error").Text() == "" {
		t.Errorf("a long name: status %d", bad.status)
	}
	phone := d.guest()
	phone.signIn("ada@example.com")
	other, found := ada.get("/account/sessions").Find("li form[action$='/end']").Attr("action")
	if !found {
		t.Fatal("the other session has no button")
	}
	if answer := eve.post(other); answer.status != http.StatusNotFound {
		t.Errorf("ending somebody else's session: status %d, want 404", answer.status)
	}
	ada.post(other).leads(t, http.StatusSeeOther, "/account/sessions?done=session_ended")
	phone.get("/account").leads(t, http.StatusSeeOther, "/login?next=%2Faccount")
	if answer := ada.post(other); answer.status != http.StatusNotFound {
		t.Errorf("ending it again: status %d, want 404", answer.status)
	}
}

func TestDevice(t *testing.T) {
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	words := catalogue.Translator("en", time.UTC)
	tests := map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0":               "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15":                   "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36":                         "Chrome on Android",
		"curl/8.14.1": "curl",
		"":            "Unknown device",
		"<script>":    "Unknown device",
	}
	for agent, want := range tests {
		if got := views.Device(words, agent); got != want {
			t.Errorf("device(%q) = %q, want %q", agent, got, want)
		}
	}
}
