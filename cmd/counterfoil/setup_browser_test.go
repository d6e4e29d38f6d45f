package main

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"counterfoil/twin/server"
)

// diary is what a program logs, as lines of JSON.
type diary struct {
	mu   sync.Mutex
	text strings.Builder
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

// told is a field of the lines that have it.
func (d *diary) told(field string) (values []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for line := range strings.Lines(d.text.String()) {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil && entry[field] != nil {
			values = append(values, entry[field].(string))
		}
	}
	return values
}

// startBare runs the program with a provider and nothing else: as somebody installs it.
func startBare(t *testing.T, log *diary) *app {
	t.Helper()
	polar, err := server.Start(t.Context(), server.Config{
		Addr: "localhost:0", Path: filepath.Join(t.TempDir(), "twin.db"), Seed: true, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = polar.Close() })
	addr := freeAddr(t)
	t.Chdir(t.TempDir()) // no .env
	for name, value := range map[string]string{
		"COUNTERFOIL_ADDR": addr, "COUNTERFOIL_DATA": t.TempDir(), "COUNTERFOIL_BASE_URL": "", "DATABASE_URL": "", "COUNTERFOIL_OPERATORS": "",
		"POLAR_ACCESS_TOKEN": server.OrganizationToken, "POLAR_WEBHOOK_SECRET": server.WebhookSecret, "POLAR_SERVER": polar.BaseURL,
		"SMTP_URL": polar.SMTPURL,
	} {
		t.Setenv(name, value)
	}
	a := &app{t: t, url: "http://" + addr, twin: polar.BaseURL}
	a.serve(slog.New(slog.NewJSONHandler(log, nil)))
	return a
}

// TestBrowserFirstOperator: the log of a new installation tells a token, once, and whoever
// signs in and enters it runs the portal. Then the page is gone.
func TestBrowserFirstOperator(t *testing.T) {
	c := openChrome(t)
	log := &diary{}
	a := startBare(t, log)
	a.until("the log tells the token", func() bool { return len(log.told("token")) > 0 })
	tokens := log.told("token")
	if len(tokens) != 1 || log.told("page")[0] != a.url+"/setup" {
		t.Fatalf("the log tells %d tokens, and the pages %v", len(tokens), log.told("page"))
	}
	c.wear(1280, "light")
	c.open(a.url + "/setup")
	c.atPath("/login")
	c.run(chromedp.SendKeys(`form[action="/login"] input[name=email]`, "rae@example.com", chromedp.ByQuery))
	c.press(`form[action="/login"] button[type=submit]`)
	c.fill("/login/code", "code", a.code("rae@example.com"))
	c.atPath("/setup")
	c.everyWay(a, "first", "/setup")
	c.open(a.url + "/setup")
	c.fill("/setup", "token", "a guess")
	c.has(".field-error", "not a start-up token that counts")
	if found, wide := c.inspect(); found != "" || wide {
		t.Errorf("a refused token: axe %s; wider than the screen: %v", found, wide)
	}
	c.shoot("first-setup-refused")
	c.fill("/setup", "token", tokens[0])
	c.atPath("/admin")
	c.open(a.url + "/setup")
	c.has("main", "404")
	c.clean()
}
