package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, path string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestHandler(t *testing.T) {
	css, font := URL("app.css"), Prefix+"fonts/v1/inter-latin.woff2"
	etag := get(t, "GET", css, nil).Header.Get("ETag")
	tests := []struct {
		name, method, path string
		header             map[string]string
		status             int
		kind, encoding     string
	}{
		{"plain", "GET", css, nil, 200, "text/css; charset=utf-8", ""},
		{"gzip", "GET", css, map[string]string{"Accept-Encoding": "br, gzip"}, 200, "text/css; charset=utf-8", "gzip"},
		{"gzip weighted", "GET", css, map[string]string{"Accept-Encoding": "gzip;q=0.5"}, 200, "text/css; charset=utf-8", "gzip"},
		{"gzip refused", "GET", css, map[string]string{"Accept-Encoding": "gzip;q=0"}, 200, "text/css; charset=utf-8", ""},
		{"gzip refused at length", "GET", css, map[string]string{"Accept-Encoding": "gzip; q=0.000"}, 200, "text/css; charset=utf-8", ""},
		{"font is not compressed again", "GET", font, map[string]string{"Accept-Encoding": "gzip"}, 200, "font/woff2", ""},
		{"script", "GET", URL("app.js"), nil, 200, "text/javascript; charset=utf-8", ""},
		{"image", "GET", URL("favicon.svg"), nil, 200, "image/svg+xml", ""},
		{"head", "HEAD", css, nil, 200, "text/css; charset=utf-8", ""},
		{"fresh copy", "GET", css, map[string]string{"If-None-Match": `"x", W/` + etag}, 304, "text/css; charset=utf-8", ""},
		{"stale copy", "GET", css, map[string]string{"If-None-Match": `"x"`}, 200, "text/css; charset=utf-8", ""},
		{"no hash", "GET", Prefix + "app.css", nil, 404, "text/plain; charset=utf-8", ""},
		{"wrong hash", "GET", Prefix + "app.000000000000.css", nil, 404, "text/plain; charset=utf-8", ""},
		{"folder", "GET", Prefix + "fonts/", nil, 404, "text/plain; charset=utf-8", ""},
		{"outside", "GET", Prefix + "../static.go", nil, 404, "text/plain; charset=utf-8", ""},
		{"post", "POST", css, nil, 405, "text/plain; charset=utf-8", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer := get(t, test.method, test.path, test.header)
			defer answer.Body.Close()
			if answer.StatusCode != test.status {
				t.Fatalf("status %d, want %d", answer.StatusCode, test.status)
			}
			if kind := answer.Header.Get("Content-Type"); kind != test.kind {
				t.Errorf("type %q, want %q", kind, test.kind)
			}
			if encoding := answer.Header.Get("Content-Encoding"); encoding != test.encoding {
				t.Errorf("encoding %q, want %q", encoding, test.encoding)
			}
			forever := strings.Contains(answer.Header.Get("Cache-Control"), "immutable")
			if forever != (test.status < 400) {
				t.Errorf("cache control %q", answer.Header.Get("Cache-Control"))
			}
		})
	}
}

func TestGzipIsTheSameFile(t *testing.T) {
	plain, err := io.ReadAll(get(t, "GET", URL("app.css"), nil).Body)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewReader(get(t, "GET", URL("app.css"), map[string]string{"Accept-Encoding": "gzip"}).Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(packed)
	if err != nil || !bytes.Equal(plain, unpacked) {
		t.Errorf("unpacked file differs (%v)", err)
	}
	if head := get(t, "HEAD", URL("app.css"), nil); head.Header.Get("Content-Length") == "0" || head.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("head of a file: %v", head.Header)
	}
}

// TestStylesheetNamesOnlyWhatIsThere: a font's URL is written in the stylesheet by hand.
func TestStylesheetNamesOnlyWhatIsThere(t *testing.T) {
	css, err := files.ReadFile("app.css")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`url\(([^)]+)\)`).FindAllSubmatch(css, -1)
	fonts := 0
	for _, name := range names {
		path := strings.Trim(string(name[1]), `"'`)
		if strings.HasPrefix(path, "data:") {
			continue
		}
		fonts++
		if answer := get(t, "GET", Prefix+path, nil); answer.StatusCode != 200 {
			t.Errorf("%s: status %d", path, answer.StatusCode)
		}
	}
	if fonts != 2 {
		t.Errorf("%d files named, want the two fonts", fonts)
	}
}

// TestFirstLoad keeps what every first page brings along within its budget of
// 60 KB, of which the page itself may be 10.
func TestFirstLoad(t *testing.T) {
	total := 0
	for _, path := range []string{URL("app.css"), URL("app.js"), URL("favicon.svg"), Prefix + "fonts/v1/inter-latin.woff2"} {
		body, err := io.ReadAll(get(t, "GET", path, map[string]string{"Accept-Encoding": "gzip"}).Body)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%6d bytes %s", len(body), path)
		total += len(body)
	}
	if total > 50_000 {
		t.Errorf("%d bytes beside the page, want 50000 at most", total)
	}
}

func TestURLPanicsOnAnUnknownName(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	URL("missing.css")
}
