package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// TestBrowserPassword is the life of an account with a password, with JavaScript and
// without: sign up, confirm the address, sign out, sign in, forget the password, choose
// another, change it. With JavaScript every page on the way is looked at in both themes
// and widths.
func TestBrowserPassword(t *testing.T) {
	for _, js := range []bool{true, false} {
		t.Run(fmt.Sprintf("javascript=%v", js), func(t *testing.T) {
			c := openChrome(t)
			a := startApp(t)
			c.t, a.t = t, t
			c.wear(1280, "light")
			look := func(who, path string) { c.everyWay(a, who, path) }
			if !js {
				c.run(emulation.SetScriptExecutionDisabled(true))
				look = func(string, string) {}
			}
			a.passwordLife(c, look)
			c.clean()
		})
	}
}

func (a *app) passwordLife(c *chrome, look func(who, path string)) {
	const email, first, second, third = "lou@example.com", "a fine long secret", "another long secret", "a third long secret"
	look("password", "/login?password")
	look("visitor", "/login/new")
	c.open(a.url + "/login/new")
	c.fill("/login/new", "name", "Lou Meyer", "email", email, "password", "password123")
	c.has(`.field-error`, "easy to guess")
	c.fill("/login/new", "password", first)
	c.atPath("/login/sent")
	look("visitor", "/login/sent?for=verify")

	verify := a.mailed(email, "Confirm your address")
	look("signed-up", verify)
	c.open(a.url + verify)
	c.press(`form[action="/login/verify"] button`)
	c.atPath("/portal")
	look("lou", "/account/password")
	look("lou", "/account/security")
	a.signOut(c)

	c.open(a.url + "/login")
	c.press(`a[href^="/login?password"]`)
	c.fill("/login/password", "email", email, "password", "wrong password")
	c.has(`.field-error`, "do not belong together")
	c.fill("/login/password", "password", first)
	c.atPath("/portal")
	a.signOut(c)

	look("visitor", "/login/forgot")
	c.open(a.url + "/login/forgot")
	c.fill("/login/forgot", "email", email)
	c.atPath("/login/sent")
	reset := a.mailed(email, "Choose a new password")
	look("visitor", reset)
	c.open(a.url + reset)
	c.fill("/login/reset", "password", second)
	c.has("body", "Your password is changed")
	look("dead-link", reset)
	c.open(a.url + "/login?password")
	c.fill("/login/password", "email", email, "password", second)
	c.atPath("/portal")
	c.open(a.url + "/account/password")
	c.fill("/account/password", "current", second, "password", third)
	c.has("body", "Your password is changed")

	c.run(network.ClearBrowserCookies())
	c.open(a.url + "/login")
	c.fill("/login", "email", email)
	link := a.mailed(email, "is your code for")
	look("asked-here", link)
	c.open(a.url + link)
	c.press(`form[action="/login/link"] button`)
	c.atPath("/portal")
	c.run(network.ClearBrowserCookies())
	c.open(a.url + "/login")
	c.fill("/login", "email", email)
	link = a.mailed(email, "is your code for")
	c.run(network.ClearBrowserCookies())
	look("asked-elsewhere", link)
	c.open(a.url + link)
	c.has("main", "another browser", "Type this code there")
}

// fill types into the fields of the form with that action, in place of what is there, and
// sends it.
func (c *chrome) fill(action string, fields ...string) {
	c.t.Helper()
	form := fmt.Sprintf(`form[action=%q]`, action)
	for i := 0; i < len(fields); i += 2 {
		field := fmt.Sprintf(`%s input[name=%q]`, form, fields[i])
		c.run(chromedp.WaitVisible(field, chromedp.ByQuery), chromedp.SetValue(field, fields[i+1], chromedp.ByQuery))
	}
	c.press(form + ` button[type=submit]`)
}

func (a *app) signOut(c *chrome) {
	c.open(a.url + "/account")
	c.run(chromedp.Click(`details:has(form[action="/logout"]) > summary`, chromedp.ByQuery))
	c.press(`form[action="/logout"] button`)
}

// mailed waits for a mail to an address with that subject which was not told before, and
// returns the path of the link in it.
func (a *app) mailed(email, subject string) (path string) {
	a.t.Helper()
	a.until("a mail to "+email+": "+subject, func() bool {
		raw, err := a.read(a.twin + "/_twin/mail.json?to=" + email)
		if err != nil {
			return false
		}
		var box struct {
			Items []struct {
				Subject string `json:"subject"`
				Text    string `json:"text"`
			} `json:"items"`
		}
		if err := json.Unmarshal([]byte(raw), &box); err != nil {
			return false
		}
		for _, item := range box.Items {
			for word := range strings.FieldsSeq(item.Text) {
				link, ours := strings.CutPrefix(word, a.url)
				if ours && strings.Contains(link, "?") && strings.Contains(item.Subject, subject) && !a.told[link] {
					if a.told == nil {
						a.told = map[string]bool{}
					}
					path, a.told[link] = link, true
					return true
				}
			}
		}
		return false
	})
	return path
}
