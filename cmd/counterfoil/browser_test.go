package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestBrowserWholeJob is a newcomer's first visit in a real browser, with JavaScript
// and without: sign up by code, choose a plan, pay, come back, look around, send an
// event, see usage and credits move, cancel, resume, sign out.
func TestBrowserWholeJob(t *testing.T) {
	for _, js := range []bool{true, false} {
		t.Run(fmt.Sprintf("javascript=%v", js), func(t *testing.T) {
			c := openChrome(t)
			a := startApp(t)
			c.t, a.t = t, t
			c.wear(1280, "light")
			if !js {
				c.run(emulation.SetScriptExecutionDisabled(true))
			}
			a.job(c)
			c.clean()
		})
	}
}

func (a *app) job(c *chrome) {
	const email = "noor@example.com"
	c.open(a.url + "/plans")
	c.press(`[data-plan=pro] form button`)
	c.atPath("/login")
	c.run(chromedp.SendKeys(`form[action="/login"] input[name=email]`, email, chromedp.ByQuery))
	c.press(`form[action="/login"] button[type=submit]`)
	c.run(chromedp.SendKeys(`form[action="/login/code"] input[name=code]`, a.code(email), chromedp.ByQuery))
	c.press(`form[action="/login/code"] button[type=submit]`)
	c.atPath("/checkout?plan=pro") // what was chosen before the sign-in

	c.press(`[data-plan=pro] form button`)
	c.atPath("/checkout/")
	c.run(
		chromedp.SetValue(`#country`, "DE", chromedp.ByQuery),
		chromedp.Click(`input[name=card][value="4242424242424242"]`, chromedp.ByQuery),
	)
	c.press(`button[name=do][value=pay]`)
	c.atPath("/checkout/success")
	c.paid(a)
	c.shoot("job-success")

	c.open(a.url + "/portal")
	c.has("main", "Pro", "$24.00")
	c.open(a.url + "/usage")
	a.until("the credits arrived", func() bool {
		c.open(a.url + "/usage")
		return strings.Contains(c.text("main"), "2,000")
	})
	c.open(a.url + c.href(`article[data-meter] h3 a`))
	c.run(chromedp.SetValue(`form[action="/usage/events"] input[name=event]`, "ai_usage", chromedp.ByQuery),
		chromedp.SetValue(`form[action="/usage/events"] input[name=key]`, "credits", chromedp.ByQuery),
		chromedp.SetValue(`form[action="/usage/events"] input[name=value]`, "120", chromedp.ByQuery))
	c.press(`form[action="/usage/events"] button[type=submit]`)
	c.has("main", "120", "ai_usage")
	c.open(a.url + "/credits")
	c.has("main", "1,880")

	c.open(a.url + "/portal/subscriptions")
	sub := c.href(`a[href^="/portal/subscriptions/"]`)
	c.open(a.url + sub + "/cancel")
	c.press(`form[action$="/cancel"] button[type=submit]`)
	c.has("main", "Ends")
	c.press(`form[action$="/resume"] button`)
	c.has("main", "Active")
	c.open(a.url + "/account")
	c.run(chromedp.Click(`details:has(form[action="/logout"]) > summary`, chromedp.ByQuery))
	c.press(`form[action="/logout"] button`)
	c.open(a.url + "/portal")
	c.atPath("/login")
}

// paid waits until the success page shows the receipt: by itself with JavaScript or
// by its refresh without.
func (c *chrome) paid(a *app) {
	c.t.Helper()
	a.until("the success page shows the receipt", func() bool {
		return strings.Contains(c.text("main"), "$24.00") && strings.Contains(c.html(), `data-state="paid"`)
	})
}

// atPath waits until the browser is at an address that holds part, for half a minute.
func (c *chrome) atPath(part string) {
	c.t.Helper()
	at := c.path()
	for end := time.Now().Add(30 * time.Second); !strings.Contains(at, part) && time.Now().Before(end); at = c.path() {
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(at, part) {
		c.t.Fatalf("the browser is at %s, want %s:\n%.800s", at, part, c.text("body"))
	}
}

// text, html and href read the page through the protocol, which works with scripts off;
// in one step, so that no page is half replaced.
func (c *chrome) text(selector string) (text string) {
	c.t.Helper()
	c.run(chromedp.WaitReady(selector, chromedp.ByQuery),
		chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector), &text))
	return text
}

func (c *chrome) html() (html string) {
	c.t.Helper()
	c.run(chromedp.Evaluate("document.documentElement.outerHTML", &html))
	return html
}

func (c *chrome) href(selector string) (href string) {
	c.t.Helper()
	var ok bool
	c.run(chromedp.AttributeValue(selector, "href", &href, &ok, chromedp.ByQuery))
	return href
}

// has waits until an element says all of it, for half a minute: what a page leads on to by
// itself may still be on its way.
func (c *chrome) has(selector string, texts ...string) {
	c.t.Helper()
	end := time.Now().Add(30 * time.Second)
	for _, want := range texts {
		text := c.text(selector)
		for !strings.Contains(text, want) && time.Now().Before(end) {
			time.Sleep(50 * time.Millisecond)
			text = c.text(selector)
		}
		if !strings.Contains(text, want) {
			c.t.Fatalf("%s does not say %q:\n%.1500s", c.path(), want, text)
		}
	}
}
