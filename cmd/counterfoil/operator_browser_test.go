package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"counterfoil/twin/server"
)

// deliver sends a webhook in the name of the provider; signed or not.
func (a *app) deliver(id, body string, signed bool) int {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.url+"/webhooks/polar", strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(server.WebhookSecret))
	fmt.Fprintf(mac, "%s.%s.%s", id, now, body)
	if !signed {
		mac.Reset()
	}
	r.Header.Set("webhook-id", id)
	r.Header.Set("webhook-timestamp", now)
	r.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// silence keeps the provider from sending webhooks, and waits for those that it is
// sending already.
func (a *app) silence() {
	a.t.Helper()
	answer, err := http.Post(a.twin+"/_twin/faults", "application/json", strings.NewReader(`{"kind":"webhook_drop"}`)) //nolint:noctx // a test on loopback
	if err != nil {
		a.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		a.t.Fatalf("the twin answered %d", answer.StatusCode)
	}
	a.until("no webhook is on its way", func() bool {
		state, err := a.read(a.twin + "/_twin/state.json")
		return err == nil && strings.Contains(state, `"webhooks_waiting":0`)
	})
}

// TestBrowserOperations walks the operator's pages with something wrong on each of them,
// at both widths and in both themes, within the budgets.
func TestBrowserOperations(t *testing.T) {
	c := openChrome(t)
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "down <b>for</b> maintenance", http.StatusInternalServerError)
	}))
	defer down.Close()
	t.Setenv("COUNTERFOIL_HOOK_URL", down.URL)
	t.Setenv("COUNTERFOIL_HOOK_SECRET", "whsec_"+base64.StdEncoding.EncodeToString(make([]byte, 32)))
	a := startApp(t)
	if status := a.deliver("msg_moon", `{"type":"moon.landed","timestamp":"2026-11-22T09:30:00Z","data":{"id":"moon_1","note":"<i>one small step</i>","client_secret":"hidden"}}`, true); status != http.StatusAccepted {
		t.Fatalf("a signed webhook of an unknown type was answered %d", status)
	}
	a.signInAs(c, "olive@example.com")
	delivery := a.link(c, "/admin/deliveries?state=strange", `tr[data-delivery] a`)
	a.until("the unknown type is applied", func() bool {
		c.open(a.url + delivery)
		return c.count(`form[action$="/replay"]`) == 1
	})
	a.passed(c, 1)
	a.silence() // a good one would end the alarm
	for i := range 3 {
		if status := a.deliver(fmt.Sprint("msg_bad_", i), "{}", false); status != http.StatusForbidden {
			t.Fatalf("a webhook without a good signature was answered %d", status)
		}
	}
	a.until("the alarm is on every page", func() bool {
		c.open(a.url + "/portal")
		return strings.Contains(c.html(), "alarm-bar")
	})
	pages := []string{"/portal", "/admin", "/admin/deliveries", delivery, "/admin/replay", "/admin/hooks", "/admin/jobs", "/admin/reconcile", "/admin/people", "/admin/keys"}
	for _, path := range pages {
		c.everyWay(a, "olive", path)
	}
	for _, path := range pages {
		c.open(a.url + path)
		c.weight()
		c.open(a.url + path)
		weight := c.weight()
		t.Logf("%6.1f KB  %s", weight/1024, path)
		if weight > nextPageBudget {
			t.Errorf("%s weighs %.0f bytes, the budget is %d", path, weight, nextPageBudget)
		}
	}
	a.operate(c, delivery)
	c.clean()
}

// operate presses what an operator presses, and looks at what it came to.
func (a *app) operate(c *chrome, delivery string) {
	for _, width := range []int64{390, 1280} {
		c.wear(width, "dark")
		c.open(a.url + delivery)
		c.press(`form[action$="/rehearse"] button`)
		c.has("main", "Nothing. Everything that this delivery says is known")
		c.look(fmt.Sprintf("olive-rehearsal-%d", width))
		a.until("all that was delivered is known", func() bool {
			c.open(a.url + "/admin/replay")
			c.press(`form[action="/admin/replay"] button`)
			return strings.Contains(c.text("main"), "changes anything")
		})
		c.look(fmt.Sprintf("olive-replay-rehearsed-%d", width))
	}
	c.press(`form[action="/admin/replay/apply"] button`)
	c.has("main", "They wait to be applied")
	a.until("the stretch is applied again", func() bool {
		c.open(a.url + delivery)
		return c.count(`form[action$="/replay"]`) == 1
	})
	c.press(`form[action$="/replay"] button`)
	c.has("main", "It waits to be applied")
	c.open(a.url + "/admin/reconcile")
	c.press(`form:has(input[value=dry]) button`)
	c.has("main", "It is asked for")
	a.passed(c, 2)
}

// passed waits until the provider was read that many times, and nothing of it is left.
func (a *app) passed(c *chrome, times int) {
	c.t.Helper()
	a.until(fmt.Sprint("passes that are over: ", times), func() bool {
		var states []string
		c.open(a.url + "/admin/reconcile")
		c.run(chromedp.Evaluate(`[...document.querySelectorAll("[data-pass] .badge")].map(b => b.textContent.trim())`, &states))
		return len(states) >= times && !slices.ContainsFunc(states, func(s string) bool { return s != "Done" })
	})
}

// count is how many elements there are of a kind.
func (c *chrome) count(selector string) (n int) {
	c.t.Helper()
	c.run(chromedp.Evaluate(fmt.Sprintf(`document.querySelectorAll(%q).length`, selector), &n))
	return n
}

// look fails on what axe finds and on what is wider than the screen, and takes a picture.
func (c *chrome) look(name string) {
	c.t.Helper()
	if found, wide := c.inspect(); found != "" || wide {
		c.t.Errorf("%s: axe: %s; wider than the screen: %v", name, found, wide)
	}
	c.shoot(name)
}
