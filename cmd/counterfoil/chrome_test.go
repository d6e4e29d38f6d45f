package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chrome is a real browser that counts what it must not see.
type chrome struct {
	t   *testing.T
	ctx context.Context
	axe string

	mu         sync.Mutex
	violations []string // of the content security policy
	bytes      float64  // on the wire since the last reset
}

// openChrome starts headless Chromium. Without it, or without axe, the test is
// skipped; in CI it fails.
func openChrome(t *testing.T) *chrome {
	t.Helper()
	if testing.Short() {
		t.Skip("browser test: -short")
	}
	missing := t.Skip
	if os.Getenv("CI") == "true" {
		missing = t.Fatal
	}
	axe, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil {
		missing("browser test: no axe-core, run npm ci --ignore-scripts: ", err)
	}
	path := ""
	for _, name := range []string{os.Getenv("CHROME_PATH"), "chromium-headless-shell", "chromium", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); name != "" && err == nil {
			path = found
			break
		}
	}
	if path == "" {
		missing("browser test: no Chromium; install it or set CHROME_PATH")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.WSURLReadTimeout(patience), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ = chromedp.NewContext(ctx)
	c := &chrome{t: t, ctx: ctx, axe: string(axe)}
	// Asked to close rather than killed: distributions start Chromium through a shell
	// script, and killing the script would leave the browser running.
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("close the browser: %v", err)
		}
		stopAllocator()
	})
	chromedp.ListenTarget(ctx, c.listen)
	// The browser lives as long as the context of its first run: so that one has no limit.
	if err := chromedp.Run(ctx, log.Enable(), network.Enable()); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return c
}

func (c *chrome) listen(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Source == log.SourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			c.violations = append(c.violations, e.Entry.Text)
		}
	case *network.EventLoadingFinished:
		c.bytes += e.EncodedDataLength
	}
}

// run does actions, each batch within its time.
func (c *chrome) run(actions ...chromedp.Action) {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.ctx, patience)
	defer stop()
	for _, action := range actions {
		if err := settled(ctx, func() error { return chromedp.Run(ctx, action) }); err != nil {
			c.fail(err)
		}
	}
}

// fail ends the test and shows where the browser is.
func (c *chrome) fail(why any) {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.ctx, 10*time.Second)
	defer stop()
	var text, url string
	_ = chromedp.Run(ctx, chromedp.Location(&url), chromedp.Evaluate(`document.body?.innerText ?? ""`, &text))
	c.t.Fatalf("at %s: %v\n%.1500s", url, why, text)
}

// middle scrolls to an element and is its middle, once nothing else is in front of it.
const middle = `(() => {
	const element = document.querySelector(%q);
	element?.scrollIntoView({ block: "center", behavior: "instant" });
	const box = element?.getClientRects()[0];
	if (!box) return [];
	const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
	return element.contains(document.elementFromPoint(x, y)) ? [x, y] : [];
})()`

// press clicks what leads to another page, and waits until one has come and was read to
// its end. The click is never repeated: what it asked for may have been done. Then the
// mouse leaves, since what happens to lie beneath it there may be lit up or fetch a script.
func (c *chrome) press(selector string) {
	c.t.Helper()
	var before, now cdp.LoaderID
	var at []float64
	for end := time.Now().Add(patience); len(at) == 0 || now != before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.fail("nothing to press: " + selector)
		}
		c.run(chromedp.WaitVisible(selector, chromedp.ByQuery), document(&before), chromedp.Evaluate(fmt.Sprintf(middle, selector), &at), document(&now))
	}
	ctx, stop := context.WithTimeout(c.ctx, patience)
	defer stop()
	err := chromedp.Run(ctx, chromedp.MouseClickXY(at[0], at[1]))
	if err != nil && !refused(err) { // the page may be gone before the click is acknowledged
		c.fail(err)
	}
	ready := ""
	for end := time.Now().Add(patience); now == before || ready != "complete"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.fail("pressed in vain: " + selector)
		}
		c.run(document(&now), chromedp.Evaluate("document.readyState", &ready))
	}
	c.run(chromedp.MouseEvent(input.MouseMoved, 0, 0))
}

// document tells which document the page shows: another one whenever it was led on.
func document(id *cdp.LoaderID) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		tree, err := page.GetFrameTree().Do(ctx)
		if err == nil {
			*id = tree.Frame.LoaderID
		}
		return err
	})
}

// settled does it until the page stands still meanwhile: an action first asks for a node
// and then does something with it, and a page that leads on by itself, or is just being
// replaced, takes the node away in between. Nothing was done then, so it is done again.
// So is a visit that the browser broke off, because the page before led on at that moment
// or the machine's network changed.
func settled(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || ctx.Err() != nil || !refused(err) && !brokenOff(err) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// refused reports whether the page was not as the protocol's command took it to be.
func refused(err error) bool {
	var answer *cdproto.Error
	return errors.As(err, &answer) && answer.Code == -32000
}

func brokenOff(err error) bool {
	return strings.Contains(err.Error(), "net::ERR_ABORTED") || strings.Contains(err.Error(), "net::ERR_NETWORK_CHANGED")
}

// open goes to an address.
func (c *chrome) open(url string) {
	c.t.Helper()
	c.run(chromedp.Navigate(url))
}

func (c *chrome) path() string {
	c.t.Helper()
	var url string
	c.run(chromedp.Location(&url))
	return url
}

// inspect returns what axe finds, and whether the page is wider than the screen.
func (c *chrome) inspect() (found string, wide bool) {
	c.t.Helper()
	await := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	c.run(
		chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide),
		chromedp.Evaluate(c.axe+`;axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target).join(", ")).join("; "))`, &found, await),
	)
	return found, wide
}

// wear sets the width of the screen and the theme of the device, of a reader who wants no
// motion: what is looked at is not on its way to another colour.
func (c *chrome) wear(width int64, theme string) {
	c.t.Helper()
	c.run(chromedp.EmulateViewport(width, 900),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}))
}

// weight returns the bytes on the wire since it was last asked.
func (c *chrome) weight() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	bytes := c.bytes
	c.bytes = 0
	return bytes
}

// clean fails if the content security policy was ever violated.
func (c *chrome) clean() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.violations {
		c.t.Errorf("content security policy: %s", v)
	}
	c.t.Logf("content security policy: %d violations", len(c.violations))
}

// shoot keeps a picture of the whole page when SHOTS names a folder.
func (c *chrome) shoot(name string) {
	c.t.Helper()
	folder := os.Getenv("SHOTS")
	if folder == "" {
		return
	}
	var picture []byte
	c.run(chromedp.FullScreenshot(&picture, 100))
	if err := os.WriteFile(folder+"/"+name+".png", picture, 0o600); err != nil {
		c.t.Fatal(err)
	}
}
