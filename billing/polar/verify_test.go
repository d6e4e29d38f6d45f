package polar

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"counterfoil/billing"
)

var signedTime = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

const orderPaid = `{"type":"order.paid","timestamp":"2026-05-04T10:00:00.123456Z","data":{"id":"order-1","customer_id":"customer-1"}}`

// sign makes the signature of a key, independently of the code under test.
func sign(key []byte, id string, at time.Time, body string) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func headers(id string, at time.Time, signature string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	h.Set("webhook-signature", signature)
	return h
}

func verifier(t testing.TB, secrets ...string) *Provider {
	t.Helper()
	p, err := New(Config{Token: "t", WebhookSecrets: secrets, Server: "sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestVerifyPublishedVector: the vector of the Standard Webhooks libraries, whose key
// is the decoded secret.
func TestVerifyPublishedVector(t *testing.T) {
	const body = `{"test": 2432232314}`
	p := verifier(t, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	h := headers("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
	if !p.signed(h.Get("webhook-id"), h.Get("webhook-timestamp"), []byte(body), h.Get("webhook-signature")) {
		t.Error("the published signature does not verify")
	}
	// Its body is no event of Polar's, which is another complaint than the signature's.
	if _, err := p.Verify(h, []byte(body), time.Unix(1614265330, 0)); kindsOf(err) != "invalid" {
		t.Errorf("got %v", err)
	}
}

func TestVerifyKeys(t *testing.T) {
	decoded := func(text string) []byte {
		key, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	const b64 = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
	tests := []struct {
		name    string
		secrets []string
		key     []byte
		ok      bool
	}{
		{"whole text of whsec_", []string{"whsec_" + b64}, []byte("whsec_" + b64), true},
		{"decoded rest of whsec_", []string{"whsec_" + b64}, decoded(b64), true},
		{"decoded rest with padding", []string{"whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0MQ=="}, decoded("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0MQ"), true},
		{"rest as text", []string{"whsec_" + b64}, []byte(b64), false},
		{"whole text of polar_whs_", []string{"polar_whs_" + b64}, []byte("polar_whs_" + b64), true},
		{"decoded rest of polar_whs_", []string{"polar_whs_" + b64}, decoded(b64), false},
		{"plain text that is base64", []string{b64}, decoded(b64), false},
		{"plain", []string{"a secret"}, []byte("a secret"), true},
		{"one byte", []string{"x"}, []byte("x"), true},
		{"Unicode", []string{"sécrèt"}, []byte("sécrèt"), true},
		{"not base64 after whsec_", []string{"whsec_not base64!"}, []byte("whsec_not base64!"), true},
		{"short key after whsec_", []string{"whsec_YQ=="}, []byte("a"), false},
		{"empty key", []string{"whsec_===="}, nil, false},
		{"second of two", []string{"old", "new"}, []byte("new"), true},
		{"first of two", []string{"old", "new"}, []byte("old"), true},
		{"removed", []string{"new"}, []byte("old"), false},
		{"empty", []string{"new"}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := verifier(t, tt.secrets...).Verify(headers("d1", signedTime, sign(tt.key, "d1", signedTime, orderPaid)), []byte(orderPaid), signedTime)
			if tt.ok != (err == nil) || err != nil && err != errSignature {
				t.Errorf("got %+v, %v", d, err)
			}
		})
	}
}

func TestVerifyRejects(t *testing.T) {
	good := sign([]byte(testSecret), "d1", signedTime, orderPaid)
	_, sum, _ := strings.Cut(good, ",")
	tests := []struct {
		name   string
		change func(http.Header)
		body   string
		now    time.Duration // after the signature
		ok     bool
	}{
		{"genuine", nil, orderPaid, 0, true},
		{"four minutes late", nil, orderPaid, 4 * time.Minute, true},
		{"five minutes late", nil, orderPaid, 5 * time.Minute, true},
		{"more than five minutes late", nil, orderPaid, 5*time.Minute + time.Second, false},
		{"a day late", nil, orderPaid, 24 * time.Hour, false},
		{"four minutes early", nil, orderPaid, -4 * time.Minute, true},
		{"six minutes early", nil, orderPaid, -6 * time.Minute, false},
		{"changed body", nil, orderPaid + " ", 0, false},
		{"empty body", nil, "", 0, false},
		{"another id", set("webhook-id", "d2"), orderPaid, 0, false},
		{"no id", del("webhook-id"), orderPaid, 0, false},
		{"two ids", add("webhook-id", "d2"), orderPaid, 0, false},
		{"no time", del("webhook-timestamp"), orderPaid, 0, false},
		{"another time", set("webhook-timestamp", strconv.FormatInt(signedTime.Unix()+1, 10)), orderPaid, 0, false},
		{"signed time", set("webhook-timestamp", "+"+strconv.FormatInt(signedTime.Unix(), 10)), orderPaid, 0, false},
		{"zeros in front", set("webhook-timestamp", "0"+strconv.FormatInt(signedTime.Unix(), 10)), orderPaid, 0, false},
		{"fraction", set("webhook-timestamp", strconv.FormatInt(signedTime.Unix(), 10)+".0"), orderPaid, 0, false},
		{"space", set("webhook-timestamp", " "+strconv.FormatInt(signedTime.Unix(), 10)), orderPaid, 0, false},
		{"huge time", set("webhook-timestamp", strings.Repeat("9", 19)), orderPaid, 0, false},
		{"no signature", del("webhook-signature"), orderPaid, 0, false},
		{"two signature headers", add("webhook-signature", good), orderPaid, 0, false},
		{"empty signature", set("webhook-signature", "v1,"), orderPaid, 0, false},
		{"half a signature", set("webhook-signature", "v1,"+sum[:20]), orderPaid, 0, false},
		{"longer signature", set("webhook-signature", "v1,"+sum+"AAAA"), orderPaid, 0, false},
		{"no version", set("webhook-signature", sum), orderPaid, 0, false},
		{"version of another key kind", set("webhook-signature", "v1a,"+sum), orderPaid, 0, false},
		{"version 2", set("webhook-signature", "v2,"+sum), orderPaid, 0, false},
		{"other alphabet", set("webhook-signature", "v1,"+strings.NewReplacer("+", "-", "/", "_").Replace(sum)+"!"), orderPaid, 0, false},
		{"hex", set("webhook-signature", "v1,"+fmt.Sprintf("%x", sum)), orderPaid, 0, false},
		{"no padding", set("webhook-signature", "v1,"+strings.TrimRight(sum, "=")), orderPaid, 0, false},
		{"third part", set("webhook-signature", good+",x"), orderPaid, 0, false},
		{"line break in a signature", set("webhook-signature", good[:20]+"\n"+good[20:]), orderPaid, 0, false},
		{"capital version", set("webhook-signature", "V1,"+sum), orderPaid, 0, false},
		{"version in quotes", set("webhook-signature", `"v1",`+sum), orderPaid, 0, false},
		{"equals sign", set("webhook-signature", "v1="+sum), orderPaid, 0, false},
		{"comma between several", set("webhook-signature", "v1,x,"+good), orderPaid, 0, false},
		{"tab between several", set("webhook-signature", "v1,x\t"+good), orderPaid, 0, false},
		{"two spaces between several", set("webhook-signature", "v1,x  "+good), orderPaid, 0, true},
		{"space behind the comma", set("webhook-signature", "v1, "+sum), orderPaid, 0, false},
		{"flipped last bit", set("webhook-signature", "v1,"+flipped(sum, 31)), orderPaid, 0, false},
		{"flipped first bit", set("webhook-signature", "v1,"+flipped(sum, 0)), orderPaid, 0, false},
		{"all zero", set("webhook-signature", decoySignature), orderPaid, 0, false},
		{"signed with another key", set("webhook-signature", sign([]byte("other"), "d1", signedTime, orderPaid)), orderPaid, 0, false},
		{"signed with an empty key", set("webhook-signature", sign(nil, "d1", signedTime, orderPaid)), orderPaid, 0, false},
		{"signed without the id", set("webhook-signature", sign([]byte(testSecret), "", signedTime, orderPaid)), orderPaid, 0, false},
		{"signed for another second", set("webhook-signature", sign([]byte(testSecret), "d1", signedTime.Add(time.Second), orderPaid)), orderPaid, 0, false},
		{"signed for another body", set("webhook-signature", sign([]byte(testSecret), "d1", signedTime, "{}")), orderPaid, 0, false},
		{"id that takes in the time", set("webhook-id", "d1."+strconv.FormatInt(signedTime.Unix(), 10)), orderPaid, 0, false},
		{"id with a space", set("webhook-id", "d1 "), orderPaid, 0, false},
		{"endless id", set("webhook-id", strings.Repeat("d", maxDeliveryID+1)), orderPaid, 0, false},
		{"empty id", set("webhook-id", ""), orderPaid, 0, false},
		{"empty time", set("webhook-timestamp", ""), orderPaid, 0, false},
		{"no time at all", set("webhook-timestamp", "hello"), orderPaid, 0, false},
		{"time before the epoch", set("webhook-timestamp", "-5"), orderPaid, 0, false},
		{"time of other digits", set("webhook-timestamp", "１７７７８８８８００"), orderPaid, 0, false},
		{"time in milliseconds", set("webhook-timestamp", strconv.FormatInt(signedTime.UnixMilli(), 10)), orderPaid, 0, false},
		{"hexadecimal time", set("webhook-timestamp", "0x69f86fa0"), orderPaid, 0, false},
		{"two times", add("webhook-timestamp", strconv.FormatInt(signedTime.Unix(), 10)), orderPaid, 0, false},
		{"names of the library's makers", func(h http.Header) {
			h.Set("svix-id", h.Get("webhook-id"))
			h.Set("svix-timestamp", h.Get("webhook-timestamp"))
			h.Set("svix-signature", h.Get("webhook-signature"))
			h.Del("webhook-id")
			h.Del("webhook-timestamp")
			h.Del("webhook-signature")
		}, orderPaid, 0, false},
		{"body without its last byte", nil, orderPaid[:len(orderPaid)-1], 0, false},
		{"body with a BOM", nil, "\ufeff" + orderPaid, 0, false},
		{"body formatted anew", nil, strings.Replace(orderPaid, ":", ": ", 1), 0, false},
		{"second of several", set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(make([]byte, 32))+" v1a,x "+good), orderPaid, 0, true},
		{"behind too many", set("webhook-signature", strings.Repeat("v1,x ", maxSignatures)+good), orderPaid, 0, false},
		{"endless header", set("webhook-signature", strings.Repeat(" ", maxHeader)+good), orderPaid, 0, false},
	}
	p := verifier(t, testSecret)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := headers("d1", signedTime, good)
			if tt.change != nil {
				tt.change(h)
			}
			d, err := p.Verify(h, []byte(tt.body), signedTime.Add(tt.now))
			if tt.ok != (err == nil) || err != nil && err != errSignature {
				t.Errorf("got %+v, %v", d, err)
			}
		})
	}
}

// flipped is a signature with one bit of one byte changed.
func flipped(sum string, at int) string {
	raw, err := base64.StdEncoding.DecodeString(sum)
	if err != nil {
		panic(err)
	}
	raw[at] ^= 1
	return base64.StdEncoding.EncodeToString(raw)
}

func set(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
func add(name, value string) func(http.Header) { return func(h http.Header) { h.Add(name, value) } }
func del(name string) func(http.Header)        { return func(h http.Header) { h.Del(name) } }

func TestVerifyTellsWhatItIsAbout(t *testing.T) {
	tests := []struct {
		body string
		kind billing.Kind
		id   string
	}{
		{`{"type":"order.paid","data":{"id":"o1"}}`, billing.KindOrder, "o1"},
		{`{"type":"customer.state_changed","data":{"id":"c1"}}`, billing.KindCustomer, "c1"},
		{`{"type":"benefit_grant.cycled","data":{"id":"g1","customer_id":"c1"}}`, billing.KindGrant, "g1"},
		{`{"type":"refund.created","data":{"id":"r1","order_id":"o1"}}`, billing.KindOrder, "o1"},
		{`{"type":"subscription.levitated","data":{"id":"s1"}}`, billing.KindSubscription, "s1"},
		{`{"type":"checkout.updated","timestamp":12,"data":{"id":"k1"}}`, billing.KindCheckout, "k1"},
		{`{"type":"product.updated","data":{"id":"../x"}}`, "", ""},
		{`{"type":"member.created","data":{"id":"m1"}}`, "", ""},
		{`{"type":"order.paid","data":[1,2]}`, "", ""},
		{`{"type":"order.paid","data":{"id":7}}`, "", ""},
		{`{"type":"order.paid"}`, "", ""},
	}
	p := verifier(t, testSecret)
	for _, tt := range tests {
		d, err := p.Verify(headers("d1", signedTime, sign([]byte(testSecret), "d1", signedTime, tt.body)), []byte(tt.body), signedTime)
		want := billing.Ref{}
		if tt.id != "" {
			want = billing.Ref{Provider: "polar", Kind: tt.kind, ProviderID: tt.id}
		}
		if err != nil || d.Object != want || d.ID != "d1" || !d.SentAt.Equal(signedTime) || string(d.Body) != tt.body {
			t.Errorf("%s: %+v, %v", tt.body, d, err)
		}
	}
	for _, body := range []string{"", "null", "[]", `"order.paid"`, `{}`, `{"type":""}`, `{"type":7}`, `{"type":"order.paid"`,
		"{\"type\":\"a\xff\"}", strings.Repeat("[", 10_001)} {
		if d, err := p.Verify(headers("d1", signedTime, sign([]byte(testSecret), "d1", signedTime, body)), []byte(body), signedTime); kindsOf(err) != "invalid" {
			t.Errorf("%.20q: %+v, %v", body, d, err)
		}
	}
}

// FuzzVerify holds Verify against the official library. Whatever we accept it must
// accept; what it accepts and we do not must be one of our stricter rules.
func FuzzVerify(f *testing.F) {
	stamp := strconv.FormatInt(signedTime.Unix(), 10)
	good := sign([]byte(testSecret), "d1", signedTime, orderPaid)
	f.Add("d1", stamp, good, orderPaid)
	f.Add("d1", "+"+stamp, good, orderPaid)
	f.Add("d1", stamp, good+" v1,x", orderPaid)
	f.Add("d1", stamp, good+",x", orderPaid)
	f.Add("d1", stamp, "v1, "+good, "{}")
	f.Add("", "", "", "")
	p := verifier(f, testSecret)
	var official []*standardwebhooks.Webhook
	for _, key := range p.keys {
		w, err := standardwebhooks.NewWebhookRaw(key.key)
		if err != nil {
			f.Fatal(err)
		}
		official = append(official, w)
	}
	f.Fuzz(func(t *testing.T, id, stamp, signature, body string) {
		h := http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {signature}}
		seconds, err := strconv.ParseInt(stamp, 10, 64)
		if err != nil {
			seconds = signedTime.Unix()
		}
		_, err = p.Verify(h, []byte(body), time.Unix(seconds, 0))
		ours := err != errSignature
		theirs := slices.ContainsFunc(official, func(w *standardwebhooks.Webhook) bool {
			return w.VerifyIgnoringTimestamp([]byte(body), h) == nil
		})
		if ours && !theirs {
			t.Fatalf("accepted alone: %q %q %q %q", id, stamp, signature, body)
		}
		if theirs && !ours && !stricter(id, stamp, signature) {
			t.Fatalf("refused alone: %q %q %q %q", id, stamp, signature, body)
		}
	})
}

// stricter tells the requests that we refuse by rules that the library lacks.
func stricter(id, stamp, signature string) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	return err != nil || strconv.FormatInt(seconds, 10) != stamp || seconds <= 0 || len(stamp) > 11 || len(id) > maxDeliveryID ||
		len(signature) > maxHeader || strings.ContainsAny(signature, "\r\n") || strings.Count(signature, " ") >= maxSignatures || strings.Count(signature, ",") > 1
}

// BenchmarkVerify is the cost of a delivery of 3 kB before it is kept: the order that
// the twin sends for a first payment of a subscription.
func BenchmarkVerify(b *testing.B) {
	p := verifier(b, testSecret)
	raw, err := os.ReadFile("testdata/order_paid_delivery.json")
	if err != nil {
		b.Fatal(err)
	}
	body := string(raw)
	h := headers("d1", signedTime, sign([]byte(testSecret), "d1", signedTime, body))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Verify(h, raw, signedTime); err != nil {
			b.Fatal(err)
		}
	}
}
