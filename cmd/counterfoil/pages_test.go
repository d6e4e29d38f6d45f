package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Budgets on the wire, in bytes.
const (
	firstPageBudget = 60 << 10
	nextPageBudget  = 10 << 10
)

// personaPages are the pages that every persona can open.
var personaPages = []string{
	"/plans", "/plans?interval=year", "/checkout?plan=pro", "/portal", "/portal/subscriptions", "/portal/orders", "/portal/benefits", "/usage", "/credits", "/account",
}

// accountPages are the same for every persona, so one of them looks at them.
var accountPages = []string{
	"/account/security", "/account/sessions", "/account/identities", "/account/data", "/account/data/erase", "/account/email", "/account/authenticator/remove", "/account/passkeys/new", "/orgs", "/invitations",
}

// TestBrowserPages opens every page as each persona, at both widths and in both
// themes: axe finds nothing, nothing overflows, the content security policy holds.
// SHOTS=folder keeps a picture of each.
func TestBrowserPages(t *testing.T) {
	c := openChrome(t)
	a := startApp(t)
	for _, path := range []string{"/", "/plans", "/login", "/login?password=", "/login/new", "/login/forgot", "/nowhere", "/styleguide"} {
		c.everyWay(a, "visitor", path)
	}
	for _, persona := range []string{"noor", "sam", "pat"} {
		c.run(network.ClearBrowserCookies())
		a.signInAs(c, persona+"@example.com")
		pages := personaPages
		if persona == "noor" {
			pages = append(slices.Clone(pages), accountPages...)
			organization := a.organization(c)
			pages = append(pages, organization, organization+"/delete")
		}
		if persona != "noor" {
			a.until(persona+"'s history is copied", func() bool {
				c.open(a.url + "/credits")
				return strings.Contains(c.html(), `class="sum"`)
			})
			pages = append(pages, a.details(c)...)
		}
		for _, path := range pages {
			c.everyWay(a, persona, path)
		}
	}
	c.clean()
}

// organization makes one and invites somebody, and returns its page.
func (a *app) organization(c *chrome) string {
	c.open(a.url + "/orgs")
	c.run(chromedp.SendKeys(`form[action="/orgs"] input[name=name]`, "Ferrous Works", chromedp.ByQuery),
		chromedp.SendKeys(`form[action="/orgs"] input[name=email]`, "billing@ferrous.example", chromedp.ByQuery))
	c.press(`form[action="/orgs"] button[type=submit]`)
	c.everyWay(a, "noor-founding", "/orgs")
	c.open(a.url + "/orgs")
	c.run(chromedp.SendKeys(`form[action="/orgs/code"] input[name=code]`, a.code("billing@ferrous.example"), chromedp.ByQuery))
	c.press(`form[action="/orgs/code"] button[type=submit]`)
	c.atPath("/orgs/ferrous-works")
	path, _, _ := strings.Cut(strings.TrimPrefix(c.path(), a.url), "?")
	return path
}

// signInAs presses the persona's button on the sign-in page, and then on the
// identity provider's.
func (a *app) signInAs(c *chrome, email string) {
	a.chooseFrom(c, email)
	a.until(email+" is signed in", func() bool {
		at := c.path()
		return strings.HasPrefix(at, a.url+"/") && !strings.HasPrefix(at, a.url+"/login")
	})
}

// chooseFrom presses those buttons. The provider has none when it knows the browser.
func (a *app) chooseFrom(c *chrome, email string) {
	c.open(a.url + "/login")
	c.press(fmt.Sprintf(`form:has(input[value=%q]) button`, email))
	at := ""
	a.until("the sign-in page was left", func() bool {
		at = c.path()
		return at != a.url+"/login" && !strings.HasPrefix(at, a.url+"/login/oidc")
	})
	if strings.HasPrefix(at, a.twin) {
		c.press(fmt.Sprintf(`.person[value=%q]`, email))
	}
}

// details are addresses of one of each thing that the signed-in persona has.
func (a *app) details(c *chrome) []string {
	sub := a.link(c, "/portal/subscriptions", `a[href^="/portal/subscriptions/"]`)
	order := a.link(c, "/portal/orders", `a[href^="/portal/orders/"]`)
	meter := a.link(c, "/usage", `article[data-meter] h3 a`)
	day := a.link(c, "/credits", `a[href^="/credits/20"]`)
	return []string{sub, sub + "/cancel", order, meter, meter + "?days=365", day}
}

func (c *chrome) everyWay(a *app, who, path string) {
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1280} {
			c.wear(width, theme)
			c.open(a.url + path)
			found, wide := c.inspect()
			if found != "" || wide {
				c.t.Errorf("%s as %s, %s at %d px: axe: %s; wider than the screen: %v", path, who, theme, width, found, wide)
			}
			name, _, _ := strings.Cut(strings.Trim(path, "/"), "?")
			c.shoot(fmt.Sprintf("%s-%s-%s-%d", who, nameOf(name), theme, width))
		}
	}
}

// nameOf makes a file name of a path; ids become a short word.
func nameOf(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if len(p) == 36 {
			parts[i] = "one"
		}
	}
	if name := strings.Join(parts, "-"); name != "" {
		return name
	}
	return "home"
}

// TestBrowserWeights measures what a first visit costs on the wire, and each page
// after it, and holds the budgets.
func TestBrowserWeights(t *testing.T) {
	c := openChrome(t)
	a := startApp(t)
	c.run(network.ClearBrowserCache())
	c.weight()
	c.open(a.url + "/plans")
	c.run(chromedp.WaitReady("main", chromedp.ByQuery))
	first := c.weight()
	t.Logf("first load of /plans: %.1f KB", first/1024)
	if first > firstPageBudget || first < 1024 {
		t.Errorf("the first load weighs %.0f bytes, the budget is %d", first, firstPageBudget)
	}
	a.signInAs(c, "sam@example.com")
	a.until("Sam's history is copied", func() bool {
		c.open(a.url + "/credits")
		return strings.Contains(c.html(), `class="sum"`)
	})
	for _, path := range append(personaPages, a.details(c)...) {
		c.open(a.url + path) // everything that it shares is in the cache now
		c.weight()
		c.open(a.url + path)
		weight := c.weight()
		t.Logf("%6.1f KB  %s", weight/1024, path)
		if weight > nextPageBudget {
			t.Errorf("%s weighs %.0f bytes, the budget is %d", path, weight, nextPageBudget)
		}
	}
}
