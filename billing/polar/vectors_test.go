package polar

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The vectors of the Standard Webhooks libraries, written down again (their tests in Go,
// Python, JavaScript, Ruby, PHP, Rust and Elixir, v0.0.1). Their body is none of Polar's
// events, so that a good signature ends in ErrInvalid here, and a bad one in errSignature.
const (
	vectorSecret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorBody   = `{"test": 2432232314}`
	otherV1      = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
	otherV2      = "v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
)

// TestW3LibraryVectors: all of them, positive and negative. The one that differs by
// intention is marked.
func TestW3LibraryVectors(t *testing.T) {
	key := func(text string) []byte {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	keep := func(http.Header) {}
	tests := []struct {
		name   string
		secret string // of the receiver
		signer string // its base64, of the sender
		change func(http.Header)
		body   string
		late   time.Duration
		ok     bool
	}{
		{"valid signature", "whsec_" + vectorSecret, vectorSecret, keep, vectorBody, 0, true},
		{"secret without its prefix: a text for us, as it is for Polar", vectorSecret, vectorSecret, keep, vectorBody, 0, false},
		{"secret that needs one padding", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", keep, vectorBody, 0, true},
		{"secret that needs two paddings", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr", keep, vectorBody, 0, true},
		{"secret with its padding", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr==", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr", keep, vectorBody, 0, true},
		{"empty payload", "whsec_" + vectorSecret, vectorSecret, keep, "", 0, true},
		{"missing id", "whsec_" + vectorSecret, vectorSecret, del("webhook-id"), vectorBody, 0, false},
		{"missing timestamp", "whsec_" + vectorSecret, vectorSecret, del("webhook-timestamp"), vectorBody, 0, false},
		{"missing signature", "whsec_" + vectorSecret, vectorSecret, del("webhook-signature"), vectorBody, 0, false},
		{"invalid timestamp", "whsec_" + vectorSecret, vectorSecret, set("webhook-timestamp", "hello"), vectorBody, 0, false},
		{"timestamp of the year 2000", "whsec_" + vectorSecret, vectorSecret, set("webhook-timestamp", "946684800"), vectorBody, 0, false},
		{"invalid signature (Go)", "whsec_" + vectorSecret, vectorSecret, set("webhook-signature", otherV1), vectorBody, 0, false},
		{"invalid signature (Python)", "whsec_" + vectorSecret, vectorSecret, set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="), vectorBody, 0, false},
		{"invalid signature (JavaScript)", "whsec_" + vectorSecret, vectorSecret, set("webhook-signature", "v1,dawfeoifkpqwoekfpqoekf"), vectorBody, 0, false},
		{"empty signature (Svix)", "whsec_" + vectorSecret, vectorSecret, set("webhook-signature", "v1,"), vectorBody, 0, false},
		{"partial signature", "whsec_" + vectorSecret, vectorSecret, func(h http.Header) {
			h.Set("webhook-signature", h.Get("webhook-signature")[:8])
		}, vectorBody, 0, false},
		{"old timestamp", "whsec_" + vectorSecret, vectorSecret, keep, vectorBody, tolerance + time.Second, false},
		{"new timestamp", "whsec_" + vectorSecret, vectorSecret, keep, vectorBody, -tolerance - time.Second, false},
		{"several, one valid", "whsec_" + vectorSecret, vectorSecret, func(h http.Header) {
			h.Set("webhook-signature", strings.Join([]string{otherV1, otherV2, h.Get("webhook-signature"), otherV1}, " "))
		}, vectorBody, 0, true},
		{"several, none valid", "whsec_" + vectorSecret, vectorSecret, set("webhook-signature", otherV1+" "+otherV2+" "+otherV1), vectorBody, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := headers(vectorID, signedTime, sign(key(tt.signer), vectorID, signedTime, tt.body))
			tt.change(h)
			_, err := verifier(t, tt.secret).Verify(h, []byte(tt.body), signedTime.Add(tt.late))
			if want := map[bool]string{true: "invalid", false: "denied"}[tt.ok]; kindsOf(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// TestW4SecretsOfEveryShape: whatever the secret is, the key is its bytes. What it
// decodes to is a key of whsec_ secrets only.
func TestW4SecretsOfEveryShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SampledFrom([]string{"", "whsec_", "polar_whs_", "whs_", "WHSEC_"}).Draw(t, "prefix")
		raw := rapid.SliceOfN(rapid.Byte(), minKey, 64).Draw(t, "key")
		secret := prefix + rapid.SampledFrom([]func([]byte) string{
			base64.StdEncoding.EncodeToString, base64.RawStdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString,
			func(b []byte) string { return fmt.Sprintf("%x", b) }, func(b []byte) string { return string(b) + "." },
		}).Draw(t, "encoding")(raw)
		p, err := New(Config{Token: "t", WebhookSecrets: []string{secret}, Server: "sandbox"})
		if err != nil {
			t.Fatal(err)
		}
		accepts := func(key []byte) bool {
			_, err := p.Verify(headers("d1", signedTime, sign(key, "d1", signedTime, orderPaid)), []byte(orderPaid), signedTime)
			return err == nil
		}
		decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimPrefix(secret, secretPrefix), "="))
		standard := prefix == secretPrefix && err == nil
		if !accepts([]byte(secret)) || accepts(decoded) != (standard && len(decoded) >= minKey) {
			t.Fatalf("secret %q: bytes %t, decoded %t", secret, accepts([]byte(secret)), accepts(decoded))
		}
		for _, wrong := range []string{"", secret[:len(secret)-1], secret + " ", strings.TrimPrefix(secret, prefix+"x")} {
			if wrong != secret && accepts([]byte(wrong)) {
				t.Fatalf("secret %q: accepts %q", secret, wrong)
			}
		}
	})
}

// TestW8HostileBodies: signed bodies that are no event, or want to cost more than they
// weigh. The limit of a body's length is the handler's.
func TestW8HostileBodies(t *testing.T) {
	p := verifier(t, testSecret)
	verify := func(body []byte) error {
		mac := hmac.New(sha256.New, []byte(testSecret))
		fmt.Fprintf(mac, "d1.%d.", signedTime.Unix())
		mac.Write(body)
		h := headers("d1", signedTime, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		_, err := p.Verify(h, body, signedTime)
		return err
	}
	tests := []struct {
		name, body string
		ok         bool
	}{
		{"nothing", "", false},
		{"arrays 10,000 deep", strings.Repeat("[", 10_000), false},
		{"closed arrays 10,000 deep", `{"type":"a","data":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, false},
		{"objects 10,000 deep", `{"type":"a","data":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000) + `}`, false},
		{"half a million brackets", strings.Repeat("[", 500_000), false},
		{"as deep as allowed", `{"type":"a","data":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`, true},
		{"two types", `{"type":"a","type":"b"}`, false},
		{"two types, one escaped", `{"type":"a","\u0074ype":"b"}`, false},
		{"two data", `{"type":"a","data":{"id":"x"},"data":{"id":"y"}}`, false},
		{"two ids", `{"type":"order.paid","data":{"id":"x","id":"y"}}`, false},
		{"two of what nobody reads", `{"type":"a","x":1,"x":2,"data":{"y":1,"y":2}}`, true},
		{"type of the other case", `{"Type":"a"}`, false},
		{"types of either case", `{"type":"a","TYPE":"b"}`, true},
		{"escaped type", `{"\u0074ype":"\u0061"}`, true},
		{"invalid UTF-8 in a value", "{\"type\":\"a\",\"x\":\"\xff\"}", false},
		{"invalid UTF-8 in a name", "{\"type\":\"a\",\"\xc3\x28\":1}", false},
		{"overlong UTF-8", "{\"type\":\"a\xc0\xaf\"}", false},
		{"half a surrogate in UTF-8", "{\"type\":\"a\xed\xa0\x80\"}", false},
		{"invalid UTF-8 between values", "{\"type\":\"a\"\xff}", false},
		{"byte order mark", "\ufeff{\"type\":\"a\"}", false},
		{"NUL", "{\"type\":\"a\x00\"}", false},
		{"line break in text", "{\"type\":\"a\n\"}", false},
		{"number over 2^53", `{"type":"a","data":{"amount":9007199254740993}}`, true},
		{"number without end", `{"type":"a","data":` + strings.Repeat("9", 1<<19) + `}`, true},
		{"leading zero", `{"type":"a","x":01}`, false},
		{"number that ends with its point", `{"type":"a","x":1.}`, false},
		{"NaN", `{"type":"a","x":NaN}`, false},
		{"two values", `{"type":"a"} {"type":"b"}`, false},
		{"comma at the end", `{"type":"a",}`, false},
		{"comment", `{"type":"a"} // b`, false},
		{"single quotes", `{'type':'a'}`, false},
		{"a megabyte of text", `{"type":"a","x":"` + strings.Repeat("x", 1<<20) + `"}`, true},
		{"a megabyte of names", `{"type":"a"` + strings.Repeat(`,"x":1`, 1<<20/6) + `}`, true},
		{"a megabyte of escapes", `{"type":"a","x":"` + strings.Repeat(`\u0000`, 1<<20/6) + `"}`, true},
		{"a megabyte of spaces", `{"type":"a"` + strings.Repeat(" ", 1<<20) + `}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(tt.body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := verify(body)
			runtime.ReadMemStats(&after)
			if tt.ok != (err == nil) || err != nil && kindsOf(err) != "invalid" {
				t.Errorf("got %v", err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("%d bytes of memory for a body of %d", used, len(body))
			}
		})
	}
}

// BenchmarkW15Refusals measures what each reason of a refusal costs, and fails when
// the medians are more than 5 % apart: time must tell as little as the answer. It needs
// a quiet machine.
func BenchmarkW15Refusals(b *testing.B) {
	const calls = 20_000
	p := verifier(b, testSecret)
	const id = "3f0c9a52-0000-4000-8000-000000000001" // of the length of Polar's
	good := sign([]byte(testSecret), id, signedTime, orderPaid)
	reasons := []struct {
		name   string
		change func(http.Header)
	}{
		{"signature", set("webhook-signature", sign([]byte("other"), id, signedTime, orderPaid))},
		{"time", set("webhook-timestamp", "1614265330")},
		{"no-id", del("webhook-id")},
		{"no-time", del("webhook-timestamp")},
		{"no-signature", del("webhook-signature")},
	}
	took := make([][]time.Duration, len(reasons))
	for b.Loop() {
		for i := range took {
			took[i] = took[i][:0]
		}
		for range calls { // in turn, so that a busy moment strikes all alike
			for i, reason := range reasons {
				h := headers(id, signedTime, good)
				reason.change(h)
				began := time.Now()
				_, err := p.Verify(h, []byte(orderPaid), signedTime)
				took[i] = append(took[i], time.Since(began))
				if err == nil {
					b.Fatal("accepted")
				}
			}
		}
	}
	var medians []time.Duration
	for i, reason := range reasons {
		slices.Sort(took[i])
		medians = append(medians, took[i][calls/2])
		b.ReportMetric(float64(took[i][calls/2]), reason.name+"-ns")
	}
	if least, most := slices.Min(medians), slices.Max(medians); float64(most) > 1.05*float64(least) {
		b.Errorf("medians from %s to %s", least, most)
	}
}
