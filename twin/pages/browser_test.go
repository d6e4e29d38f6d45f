package pages

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"counterfoil/twin"
)

// TestPagesInBrowser opens every kind of page in both themes on a narrow screen:
// nothing overflows, axe finds nothing, and no content policy is violated.
func TestPagesInBrowser(t *testing.T) {
	chromium, axe := needBrowser(t)
	w := newWorld(t)
	addresses := w.everyPage()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	// Asked to close, rather than killed: distributions start Chromium through a shell
	// script, and killing the script would leave the browser running.
	defer func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Error(err)
		}
	}()
	if err := chromedp.Run(ctx, log.Enable()); err != nil { // starts the browser outside the time limit
		t.Fatal(err)
	}

	var mu sync.Mutex
	var complaints []string
	chromedp.ListenTarget(ctx, func(event any) {
		if entry, ok := event.(*log.EventEntryAdded); ok && entry.Entry.Source == log.SourceSecurity {
			mu.Lock()
			defer mu.Unlock()
			complaints = append(complaints, entry.Entry.Text)
		}
	})
	limited, stop := context.WithTimeout(ctx, 10*time.Minute)
	defer stop()
	for _, theme := range []string{"light", "dark"} {
		for name, address := range addresses {
			var wide bool
			var found string
			err := chromedp.Run(limited, chromedp.EmulateViewport(360, 780),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}),
				chromedp.Navigate(w.url+address),
				chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide),
				chromedp.Evaluate(axe+`;0`, nil),
				chromedp.Evaluate(`axe.run(document, {iframes: false}).then(r => r.violations.map(v => v.id + " at " + v.nodes.map(n => n.target).join(", ")).join("; "))`,
					&found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
			)
			if err != nil {
				t.Fatalf("%s in %s: %v", name, theme, err)
			}
			if wide || found != "" {
				t.Errorf("%s in %s: overflows %v, axe: %s", name, theme, wide, found)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(complaints) > 0 {
		t.Errorf("content policy: %s", strings.Join(complaints, "; "))
	}
}

// everyPage builds one of each kind and returns the addresses.
func (w *world) everyPage() map[string]string {
	w.Helper()
	pat := w.subscriber("pat@example.com", twin.CardFailsLate)
	w.must(w.engine.Advance(w.Context(), 31*24*time.Hour))
	path, query := w.portal(pat)
	portal := w.get(path + query)
	asked, paid, code := w.checkout("pack"), w.checkout("pack"), "LAUNCH20"
	w.post(checkoutPath(asked), filled(twin.CardChallenge))
	w.post(checkoutPath(paid), filled(twin.CardSucceeds))
	discounted := w.checkout("pro", "pro-yearly")
	_, err := w.engine.UpdateCheckout(w.Context(), discounted.ID, twin.CheckoutEdit{DiscountCode: &code})
	w.must(err)
	mail, err := w.engine.SaveMail(w.Context(), twin.Mail{From: "a@example.com", To: []string{"b@example.com"}, Subject: "Hello", Text: "See http://localhost/", HTML: "<p>Hello"})
	w.must(err)
	return map[string]string{
		"checkout": checkoutPath(w.checkout("pro")), "checkout with discount": checkoutPath(discounted),
		"bank": checkoutPath(asked) + "/bank", "confirmation": checkoutPath(paid) + "/confirmation",
		"portal": path + query, "cancel": portal.Find(".rows a").AttrOr("href", ""), "pay": portal.Find(".table a").AttrOr("href", ""),
		"expired link": path, "not found": "/nowhere", "workbench": "/_twin/", "mailbox": "/_twin/mail", "mail": "/_twin/mail/" + mail.ID,
	}
}

// needBrowser finds headless Chromium and axe; without them the test is skipped, in CI it fails.
func needBrowser(t *testing.T) (chromium, axe string) {
	t.Helper()
	if testing.Short() {
		t.Skip("browser test skipped: -short")
	}
	missing := t.Skip
	if os.Getenv("CI") == "true" {
		missing = t.Fatal
	}
	script, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil {
		missing("browser test skipped: no axe-core, run npm ci: ", err)
	}
	for _, name := range []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, string(script)
		}
	}
	missing("browser test skipped: no Chromium found")
	return "", ""
}
