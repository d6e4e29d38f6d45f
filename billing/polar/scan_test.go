package polar

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// reference reads an envelope with encoding/json, token by token.
func reference(body []byte) (envelope, bool) {
	if !json.Valid(body) || !utf8.Valid(body) || depth(body) > maxDepth {
		return envelope{}, false
	}
	whole, ok := members(body)
	if !ok {
		return envelope{}, false
	}
	data, _ := members(whole.last("data")) // another value has none
	for _, twice := range []struct {
		in   table
		name string
	}{{whole, "type"}, {whole, "timestamp"}, {whole, "data"}, {data, "id"}, {data, "customer_id"}, {data, "order_id"}} {
		if len(twice.in[twice.name]) > 1 {
			return envelope{}, false
		}
	}
	e := envelope{kind: whole.text("type"), timestamp: whole.last("timestamp"), data: whole.last("data"),
		id: data.text("id"), customerID: data.text("customer_id"), orderID: data.text("order_id")}
	return e, e.kind != ""
}

// table is an object with all its values of every name.
type table map[string][]json.RawMessage

func (t table) last(name string) json.RawMessage {
	if len(t[name]) == 0 {
		return nil
	}
	return t[name][len(t[name])-1]
}

func (t table) text(name string) string {
	var text *string
	if json.Unmarshal(t.last(name), &text) != nil || text == nil {
		return ""
	}
	return *text
}

func members(raw []byte) (table, bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	found := table{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, false
		}
		found[name.(string)] = append(found[name.(string)], value)
	}
	_, err := dec.Token()
	return found, err == nil
}

// depth is how deep valid JSON is nested.
func depth(body []byte) int {
	dec := json.NewDecoder(bytes.NewReader(body))
	now, most := 0, 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) || err != nil {
			return most
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			now++
			most = max(most, now)
		case json.Delim('}'), json.Delim(']'):
			now--
		}
	}
}

func same(t interface{ Fatalf(string, ...any) }, body []byte) {
	got, err := readEnvelope(body)
	want, ok := reference(body)
	if ok != (err == nil) {
		t.Fatalf("%q: %v, encoding/json: %t", body, err, ok)
	}
	if ok && (got.kind != want.kind || got.id != want.id || got.customerID != want.customerID || got.orderID != want.orderID ||
		!bytes.Equal(got.data, want.data) || !bytes.Equal(got.timestamp, want.timestamp)) {
		t.Fatalf("%q:\ngot  %+v\nwant %+v", body, got, want)
	}
}

// FuzzEnvelope holds the scanner against encoding/json: it takes the same texts, but
// for nesting beyond its limit and fields that are there twice, and reads the same.
func FuzzEnvelope(f *testing.F) {
	delivery, err := os.ReadFile("testdata/order_paid_delivery.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(delivery))
	for _, body := range []string{
		"", "{}", " { } ", "[]", "null", `{"type":"a"}`, `{"type":7}`, `{"type":null,"data":null}`, `{"type":"\ud800","data":{"id":"\u0000"}}`,
		`{"type":"a","data":{"id":"x","customer_id":7,"order_id":null}}`, `{"type":"a","data":[{"id":"x"}]}`, `{"type":"a","type":"b"}`,
		`{"\u0074ype":"a","data":{"i\u0064":"x","id":"y"}}`, `{"type":"a","x":[1,-0,0.5,1e9,1E+9,-1.0e-1,true,false,null,"é\n"]}`,
		`{"type":"a","x":01}`, `{"type":"a","x":-}`, `{"type":"a","x":1.}`, `{"type":"a","x":1e}`, "{\"type\":\"\xff\"}", "\ufeff{}",
		`{"type":"a",}`, `{"type":"a"}}`, `{"type" "a"}`, `{"type":"a" "x":1}`, `{"type":"\x"}`, `{"type":"\u12"}`, `{type:"a"}`, `{"type":"a"`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) { same(t, []byte(body)) })
}

// TestScanIsEncodingJSON is the same with bodies that are made of the pieces of JSON,
// which comes deeper into it than any bytes do.
func TestScanIsEncodingJSON(t *testing.T) {
	pieces := []string{
		"{", "}", "[", "]", ":", ",", `"type"`, `"data"`, `"id"`, `"timestamp"`, `"a"`, `"\u0074ype"`, `"`, `\`, "0", "1", "-", ".", "e", "E5",
		"true", "null", "fals", " ", "\n", "é", "\xff", "\x01", `{"type":"a",`, `"data":{"id":"x"`, `"customer_id":"c"`, `"order_id":"o"`, `{"type":"a","data":`,
	}
	rapid.Check(t, func(t *rapid.T) {
		var body []byte
		for _, piece := range rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 14).Draw(t, "body") {
			body = append(body, piece...)
		}
		same(t, body)
	})
}

// TestEightAtOnce: eight bytes are plain exactly when each of them is, wherever the odd
// one stands and whatever stands beside it.
func TestEightAtOnce(t *testing.T) {
	for c := range 256 {
		for at := range 8 {
			for _, beside := range []byte{' ', '!', '#', 'a', '[', ']', 0x7f, 0} {
				eight := bytes.Repeat([]byte{beside}, 8)
				eight[at] = byte(c)
				if got, want := allPlain(binary.LittleEndian.Uint64(eight)), plain[c] && plain[beside]; got != want {
					t.Fatalf("%q: %v, want %v", eight, got, want)
				}
			}
		}
	}
}
