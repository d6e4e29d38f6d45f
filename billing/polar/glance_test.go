package polar

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// slowGlance is glance by encoding/json.
func slowGlance(body []byte) (eventType string, about subject, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return "", subject{}, false
	}
	if json.Unmarshal(members["type"], &eventType) != nil {
		eventType = ""
	}
	var data map[string]json.RawMessage
	if json.Unmarshal(members["data"], &data) != nil {
		return eventType, subject{}, true
	}
	for name, into := range map[string]*string{"id": &about.ID, "customer_id": &about.CustomerID, "order_id": &about.OrderID} {
		if value, there := data[name]; there && json.Unmarshal(value, into) != nil {
			return eventType, subject{}, true
		}
	}
	return eventType, about, true
}

var glances = []string{
	orderPaid, `{}`, ` { } `, `[]`, `null`, `"type"`, ``, `{`, `{"type"`, `{"type":`, `{"type":"a"`, `{"type":"a",}`, `{"type":"a"}}`, `{"type":"a"} x`,
	`{"type":"a","type":"b"}`, `{"type":"a","type":null}`, `{"type":7}`, `{"type":true,"data":[1,2]}`, `{"TYPE":"a","Data":{"id":"x"}}`,
	`{"\u0074ype":"order.\u0070aid","data":{"i\u0064":"\ud83d\ude00","order_id":"\ud800"}}`,
	`{"type":"a","data":{"id":7,"customer_id":"c"}}`, `{"type":"a","data":{"id":null,"customer_id":"c"}}`,
	`{"type":"a","data":{"id":"1","id":"2"},"data":{"customer_id":"c"}}`, `{"type":"a","data":null}`, `{"type":"a","data":{"id":{"id":"x"}}}`,
	`{"a":[-0,-0.0e-0,1E+9,123456789012345678901234567890,1e999]}`, `{"a":01}`, `{"a":1.}`, `{"a":.1}`, `{"a":+1}`, `{"a":1e}`, `{"a":-}`,
	`{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\u12"}`, "{\"a\":\"\x01\"}", "{\"a\":\"\\", `{"a":tru}`, `{"a":nulls}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{a:1}`, `{"a" 1}`,
	"\ufeff{}", "{\"a\":\"\xff\"}", "{\t\"type\"\r\n:\n\"a\" }",
	strings.Repeat(`{"a":`, 9_999) + `{}` + strings.Repeat(`}`, 9_999), strings.Repeat(`{"a":`, 10_000) + `{}` + strings.Repeat(`}`, 10_000),
	`{"a":` + strings.Repeat(`[`, 9_999) + strings.Repeat(`]`, 9_999) + `}`, `{"a":` + strings.Repeat(`[`, 10_000) + strings.Repeat(`]`, 10_000) + `}`,
	strings.Repeat(`[`, 1<<20),
}

func TestGlanceSeesWhatTheDecoderSees(t *testing.T) {
	for _, body := range glances {
		sameGlance(t, body)
	}
}

// FuzzGlance holds glance against encoding/json.
func FuzzGlance(f *testing.F) {
	for _, body := range glances {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if utf8.ValidString(body) { // Verify refuses the rest before
			sameGlance(t, body)
		}
	})
}

func sameGlance(t *testing.T, body string) {
	t.Helper()
	haveType, have, ok := glance([]byte(body))
	wantType, want, wantOK := slowGlance([]byte(body))
	if ok != wantOK || ok && (haveType != wantType || have != want) {
		t.Errorf("%.80q: got %q, %+v, %v; want %q, %+v, %v", body, haveType, have, ok, wantType, want, wantOK)
	}
}

func BenchmarkGlance(b *testing.B) {
	body := []byte(strings.Replace(orderPaid, `"data":{`, `"data":{"pad":"`+strings.Repeat("a", 2000)+`",`, 1))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		glance(body)
	}
}
