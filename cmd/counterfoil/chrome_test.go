package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
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
		chromedp.ExecPath(path), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
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

// run does actions, each batch within a minute.
func (c *chrome) run(actions ...chromedp.Action) {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.ctx, time.Minute)
	defer stop()
	for _, action := range actions {
		err := settled(ctx, func() error { return chromedp.Run(ctx, action) })
		if err != nil {
			var html, url string
			_ = chromedp.Run(c.ctx, chromedp.Location(&url), chromedp.Text("body", &html))
			c.t.Fatalf("at %s: %v\n%.1500s", url, err, html)
		}
	}
}

// press clicks what leads to another page, and waits for that page.
func (c *chrome) press(selector string) {
	c.t.Helper()
	c.run(chromedp.WaitVisible(selector, chromedp.ByQuery))
	ctx, stop := context.WithTimeout(c.ctx, time.Minute)
	defer stop()
	err := settled(ctx, func() error {
		_, err := chromedp.RunResponse(ctx, chromedp.Click(selector, chromedp.ByQuery))
		return err
	})
	if err != nil {
		c.t.Fatalf("press %s: %v", selector, err)
	}
}

// settled does it until the page stands still meanwhile: an action first asks for a node
// and then does something with it, and a page that leads on by itself, or is just being
// replaced, takes the node away in between. Nothing was done then, so it is done again.
func settled(ctx context.Context, do func() error) error {
	for {
		err := do()
		var refused *cdproto.Error
		if !errors.As(err, &refused) || refused.Code != -32000 || ctx.Err() != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
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
		chromedp.Evaluate(c.axe+`;0`, nil),
		chromedp.Evaluate(`axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.target).join(", ")).join("; "))`, &found, await),
	)
	return found, wide
}

// wear sets the width of the screen and the theme of the device.
func (c *chrome) wear(width int64, theme string) {
	c.t.Helper()
	c.run(chromedp.EmulateViewport(width, 900),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}))
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
