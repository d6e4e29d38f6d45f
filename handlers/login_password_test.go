package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterfoil/auth"
)

const goodPassword = "a fine long secret"

func link(kind, token string) string {
	return "/login/" + kind + "?" + url.Values{"token": {token}}.Encode()
}

// signUp goes through the pages as somebody does who wants an account.
func (g *guest) signUp(email string) {
	g.t.Helper()
	g.post("/login/new", "email", email, "password", goodPassword, "next", "/usage").leads(g.t, http.StatusSeeOther, "/login/sent?for=verify")
	page := g.get(link("verify", g.link.Token))
	token, _ := page.Find("form[action='/login/verify'] input[name=token]").Attr("value")
	g.post("/login/verify", "token", token).leads(g.t, http.StatusSeeOther, "/usage")
}

func TestAccountWithAPasswordInABrowser(t *testing.T) {
	d := openDesk(t)
	g := d.guest()
	g.signUp("ada@example.com")
	g.post("/logout").leads(t, http.StatusSeeOther, "/")

	wrong := g.post("/login/password", "email", "ada@example.com", "password", "wrong password")
	if wrong.status != http.StatusForbidden || wrong.Find("#password-error").Text() == "" {
		t.Errorf("wrong password: status %d", wrong.status)
	}
	g.post("/login/password", "email", "ada@example.com", "password", goodPassword, "next", "/usage?range=7").leads(t, http.StatusSeeOther, "/usage?range=7")

	phone := d.guest()
	phone.post("/login/forgot", "email", "ada@example.com").leads(t, http.StatusSeeOther, "/login/sent?for=reset")
	if text := phone.get("/login/sent?for=reset").Find(".lead").Text(); !strings.Contains(text, "ada@example.com") {
		t.Errorf("sent to %q", text)
	}
	if phone.get(link("reset", d.link.Token)).status != http.StatusOK {
		t.Error("the reset page is not shown")
	}
	short := phone.post("/login/reset", "token", d.link.Token, "password", "short")
	if short.status != http.StatusBadRequest || short.Find("#password-error").Text() == "" {
		t.Errorf("a short password: status %d", short.status)
	}
	phone.post("/login/reset", "token", d.link.Token, "password", "another long secret").leads(t, http.StatusSeeOther, "/login?password&done=reset")
	if again := phone.get(link("reset", d.link.Token)); again.status != http.StatusNotFound || again.Find("a[href='/login/forgot']").Length() != 1 {
		t.Errorf("a used link: status %d", again.status)
	}
	g.get("/account").leads(t, http.StatusSeeOther, "/login?next=%2Faccount") // signed out by the reset
	phone.post("/login/password", "email", "ada@example.com", "password", "another long secret").leads(t, http.StatusSeeOther, "/portal")
}

func TestPasswordOnTheAccountPage(t *testing.T) {
	d := openDesk(t)
	g := d.guest()
	g.signIn("ada@example.com")
	if g.get("/account/password").Find("input[name=current]").Length() != 0 {
		t.Error("asks for a password that is not there")
	}
	g.post("/account/password", "password", goodPassword).leads(t, http.StatusSeeOther, "/account/security?done=password_set")
	wrong := g.post("/account/password", "current", "wrong password", "password", "another long secret")
	if wrong.status != http.StatusForbidden || wrong.Find("#current-error").Text() == "" {
		t.Errorf("wrong password: status %d", wrong.status)
	}
	stolen := d.guest()
	site, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	stolen.client.Jar.SetCookies(site, g.client.Jar.Cookies(site))
	if stolen.get("/account").status != http.StatusOK {
		t.Fatal("the copy of the cookie does not work")
	}
	g.post("/account/password", "current", goodPassword, "password", "another long secret").leads(t, http.StatusSeeOther, "/account/security?done=password_changed")
	stolen.get("/account").leads(t, http.StatusSeeOther, "/login?next=%2Faccount")
	if flash := g.get("/account/security?done=password_changed").Find("[role=status]").Text(); flash == "" {
		t.Error("nothing says that it is changed")
	}
	g.post("/account/password/remove").leads(t, http.StatusSeeOther, "/account/security?done=password_removed")
}

// The pages say the same whether an address has an account or not.
func TestPagesDoNotTellWhoHasAnAccount(t *testing.T) {
	d := openDesk(t)
	d.guest().signUp("ada@example.com")
	ask := func(path, email string) string {
		g := d.guest()
		answer := g.post(path, "email", email, "password", "another long secret")
		if answer.location != "" {
			answer = g.get(answer.location)
		}
		html, err := answer.Find("main").Html()
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(html, email, "ADDRESS")
	}
	for _, path := range []string{"/login", "/login/password", "/login/new", "/login/forgot"} {
		if known, unknown := ask(path, "ada@example.com"), ask(path, "eve@example.com"); known != unknown {
			t.Errorf("%s tells them apart:\n%s\n%s", path, known, unknown)
		}
	}
}

// A program that opens every link of a mail, in a browser of its own, spends none.
func TestOpeningMailedLinksSpendsNothing(t *testing.T) {
	d := openDesk(t)
	g, scanner := d.guest(), d.guest()
	g.post("/login/new", "email", "ada@example.com", "password", goodPassword)
	verify := link("verify", d.link.Token)
	g.post("/login", "email", "bob@example.com", "next", "/usage")
	code := "/login/link?" + url.Values{"id": {d.mail.ID}, "code": {d.mail.Code}}.Encode()
	for range 3 {
		for _, path := range []string{verify, code} {
			if answer := scanner.get(path); answer.status != http.StatusOK {
				t.Fatalf("%s: status %d", path, answer.status)
			}
		}
	}
	if shown := scanner.get(code).Find(".big-code").Text(); shown != d.mail.Code {
		t.Errorf("another browser is shown %q, want the code to type", shown)
	}
	scanner.post("/login/verify", "token", d.link.Token)
	if answer := scanner.post("/login/link", "id", d.mail.ID, "code", d.mail.Code); answer.status != http.StatusForbidden {
		t.Errorf("another browser's button: status %d", answer.status)
	}
	page := g.get(code)
	id, _ := page.Find("form[action='/login/link'] input[name=id]").Attr("value")
	g.post("/login/link", "id", id, "code", d.mail.Code).leads(t, http.StatusSeeOther, "/usage")
}

func TestLoginPageShowsWhatIsOn(t *testing.T) {
	tests := []struct {
		name   string
		ways   []auth.Way
		closed bool
		email  bool // asks for an address alone
		pass   bool // leads to, or asks for, a password
		signUp bool
	}{
		{"all", nil, false, true, true, true},
		{"codes", []auth.Way{auth.WayCode}, false, true, false, false},
		{"links", []auth.Way{auth.WayLink}, false, true, false, false},
		{"passwords", []auth.Way{auth.WayPassword}, false, false, true, true},
		{"passwords, closed", []auth.Way{auth.WayPassword}, true, false, true, true},
		{"providers", []auth.Way{}, false, false, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := openDesk(t, func(c *auth.Config) { c.Ways, c.SignUpClosed = test.ways, test.closed })
			page, second := d.guest().get("/login"), d.guest().get("/login?password")
			if got := page.Find("form[action='/login']").Length() == 1; got != test.email {
				t.Errorf("asks for an address: %v", got)
			}
			if got := second.Find("input[type=password]").Length() == 1; got != test.pass {
				t.Errorf("asks for a password: %v", got)
			}
			if got := second.Find("a[href='/login/new']").Length() == 1; got != test.signUp {
				t.Errorf("leads to a sign-up: %v", got)
			}
			if page.Find("form[action='/login/oidc']").Length() != 1 {
				t.Error("the provider is missing")
			}
		})
	}
}
