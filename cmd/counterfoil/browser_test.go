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
	c.open(a.url + a.link(c, "/usage", `article[data-meter] h3 a`))
	c.run(chromedp.SetValue(`form[action="/usage/events"] input[name=event]`, "ai_usage", chromedp.ByQuery),
		chromedp.SetValue(`form[action="/usage/events"] input[name=key]`, "credits", chromedp.ByQuery),
		chromedp.SetValue(`form[action="/usage/events"] input[name=value]`, "120", chromedp.ByQuery))
	c.press(`form[action="/usage/events"] button[type=submit]`)
	c.has("main", "120", "ai_usage")
	c.open(a.url + "/credits")
	c.has("main", "1,880")

	sub := a.link(c, "/portal/subscriptions", `a[href^="/portal/subscriptions/"]`)
	c.open(a.url + sub + "/cancel")
	c.press(`form[action$="/cancel"] button[type=submit]`)
	a.changed(c, sub, "Ends on", "Keep the plan")
	c.press(`form[action$="/resume"] button`)
	a.changed(c, sub, "Renews on", "Cancel the plan")
	c.open(a.url + "/account")
	c.run(chromedp.Click(`details:has(form[action="/logout"]) > summary`, chromedp.ByQuery))
	c.press(`form[action="/logout"] button`)
	c.open(a.url + "/portal")
	c.atPath("/login")
}

// changed waits until the page of a subscription, which the browser was led to, says how it
// stands now. When the worker takes long that page says that the wish is kept, and nothing
// there changes by itself: then it is opened again.
func (a *app) changed(c *chrome, sub string, texts ...string) {
	c.t.Helper()
	c.atPath(sub + "?done=")
	a.until("the subscription is changed", func() bool {
		text := c.text("main")
		for _, want := range texts {
			if !strings.Contains(text, want) {
				c.open(a.url + sub)
				return false
			}
		}
		return true
	})
}

// paid waits until the success page shows the receipt: by itself with JavaScript or
// by its refresh without.
func (c *chrome) paid(a *app) {
	c.t.Helper()
	a.until("the success page shows the receipt", func() bool {
		return strings.Contains(c.text("main"), "$24.00") && strings.Contains(c.html(), `data-state="paid"`)
	})
}

// atPath waits until the browser is at an address that holds part.
func (c *chrome) atPath(part string) {
	c.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(c.path(), part); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			c.fail("want " + part)
		}
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

// href is where the first of the links leads; empty without one.
func (c *chrome) href(selector string) (href string) {
	c.t.Helper()
	c.run(chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q)?.getAttribute("href") ?? ""`, selector), &href))
	return href
}

// link opens a page until it has a link, and returns where that leads: what a page shows may
// not have been copied from the provider yet.
func (a *app) link(c *chrome, path, selector string) (href string) {
	c.t.Helper()
	a.until(path+" has a link "+selector, func() bool {
		c.open(a.url + path)
		href = c.href(selector)
		return href != ""
	})
	return href
}

// has waits until an element says all of it: what a page leads on to by itself may still be
// on its way.
func (c *chrome) has(selector string, texts ...string) {
	c.t.Helper()
	end := time.Now().Add(patience)
	for _, want := range texts {
		text := c.text(selector)
		for !strings.Contains(text, want) && time.Now().Before(end) {
			time.Sleep(50 * time.Millisecond)
			text = c.text(selector)
		}
		if !strings.Contains(text, want) {
			c.fail(fmt.Sprintf("%s does not say %q", selector, want))
		}
	}
}
