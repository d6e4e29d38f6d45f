package handlers_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// probe is a webhook that must be refused, and why.
type probe struct {
	reason string
	call   call
}

// probes are one for each reason, with a body of that many bytes, to be sent to a path.
// secret is the last of those that are accepted: the comparison ends with the one that
// fits, which tells only him something who has a genuine signature, and knows it.
func (in *intake) probes(path string, size int, secret string) []probe {
	with := func(change func(*call)) call {
		c := in.good("evt_probe")
		c.path, c.body, c.secret = path, padded(size), secret
		change(&c)
		return c
	}
	without := func(name string) call {
		return with(func(c *call) { c.edit = func(r *http.Request) { r.Header.Del(name) } })
	}
	return []probe{
		{"bad signature", with(func(c *call) { c.secret = "another secret" })},
		{"bad time", with(func(c *call) { c.sentAt = in.now().Add(-time.Hour) })},
		{"time of the future", with(func(c *call) { c.sentAt = in.now().Add(time.Hour) })},
		{"no id", without("Webhook-Id")},
		{"no time", without("Webhook-Timestamp")},
		{"no signature", without("Webhook-Signature")},
		{"a signature of another scheme", with(func(c *call) { c.edit = func(r *http.Request) { r.Header.Set("Webhook-Signature", "v9,none") } })},
		{"nothing at all", with(func(c *call) { c.edit = func(r *http.Request) { r.Header = http.Header{} } })},
	}
}

// TestW15RefusalsAreOneAnswer: whatever is wrong with a webhook, and at whatever address,
// the answer is the same to the byte and the header, but for the number of the request.
func TestW15RefusalsAreOneAnswer(t *testing.T) {
	in := newIntake(t, "first secret", "second secret")
	send := func(p probe) string {
		r := p.call.request(t, in.url)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		res.Header.Del("Date")
		if res.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: an answer without a number", p.reason)
		}
		res.Header.Del("X-Request-Id")
		var whole bytes.Buffer
		if err := res.Write(&whole); err != nil {
			t.Fatal(err)
		}
		return whole.String()
	}
	probes := append(in.probes(polarPath, 500, "second secret"), in.probes("/webhooks/nobody", 500, "second secret")...)
	stray := in.good("evt_probe") // well signed, where nobody takes it
	stray.path = "/webhooks/stray"
	probes = append(probes, probe{"unknown endpoint", stray})
	want := send(probes[0])
	if !strings.HasPrefix(want, "HTTP/1.1 403 ") || !strings.Contains(want, "not a valid webhook") {
		t.Fatalf("refused with\n%s", want)
	}
	for _, p := range probes {
		if got := send(p); got != want {
			t.Errorf("%s at %s:\n%s\nothers:\n%s", p.reason, p.call.path, got, want)
		}
	}
	const plugin = "/api/auth/polar/webhooks" // it speaks another server's words, and one answer too
	first := send(in.probes(plugin, 500, "second secret")[0])
	for _, p := range in.probes(plugin, 500, "second secret") {
		if got := send(p); got != first {
			t.Errorf("%s at %s:\n%s\nothers:\n%s", p.reason, plugin, got, first)
		}
	}
	if n := in.received(); n != 0 {
		t.Errorf("%d refused deliveries were kept", n)
	}
}

// TestW15RefusalsTakeTheSameTime: no reason is found out sooner than another. A large body
// and eight secrets make the verification most of the work, so that one that was left out
// would take a fraction of the time. Calls go in turn, and the fastest of each reason are
// compared, since load only ever adds to a call; BenchmarkW15Refusals compares medians to
// the twentieth, on a quiet machine.
func TestW15RefusalsTakeTheSameTime(t *testing.T) {
	const rounds, tries, most, size, last = 20, 12, 2, 60 << 10, "8th secret"
	in := newIntake(t, "first secret", "second secret", "third secret", "4th secret", "5th secret", "6th secret", "7th secret", last)
	probes := append(in.probes(polarPath, size, last), in.probes("/webhooks/nobody", size, last)...)
	handler := *in.front.Load()
	fastest := make([]time.Duration, len(probes))
	for try := 1; ; try++ {
		for range rounds {
			for i, p := range probes {
				r, answer := p.call.request(t, "http://portal.example"), httptest.NewRecorder()
				began := time.Now()
				handler.ServeHTTP(answer, r)
				if took := time.Since(began); fastest[i] == 0 || took < fastest[i] {
					fastest[i] = took
				}
				if answer.Code != http.StatusForbidden {
					t.Fatalf("%s: %d", p.reason, answer.Code)
				}
			}
		}
		quick, slow := slices.Index(fastest, slices.Min(fastest)), slices.Index(fastest, slices.Max(fastest))
		t.Logf("from %s (%s) to %s (%s)", fastest[quick], probes[quick].reason, fastest[slow], probes[slow].reason)
		if fastest[slow] <= most*fastest[quick] {
			return
		}
		if try == tries {
			t.Fatalf("%q is refused after %s, %q after %s", probes[quick].reason, fastest[quick], probes[slow].reason, fastest[slow])
		}
	}
}
