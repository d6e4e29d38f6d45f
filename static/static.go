// Package static serves the files that pages refer to: the stylesheet, the
// scripts, the fonts and the marks. All are embedded.
//
// It knows names, types and caching. It must not know pages or requests beyond
// their path. A file's URL holds a hash of its content, so a browser may keep
// it for ever; fonts, which the stylesheet names itself, live in a folder that
// is renamed when one of them changes.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed app.css app.js passkey.js htmx.min.js favicon.svg fonts
var files embed.FS

// Prefix is where Handler must be mounted.
const Prefix = "/static/"

// types are the files that we serve; the system's MIME table is not asked, for
// it differs between machines.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

// asset is one file, ready to be sent.
type asset struct {
	kind  string // Content-Type
	etag  string
	plain []byte
	gzip  []byte // nil where it would not be smaller by a tenth
}

// shelf holds all assets by the path below Prefix.
type shelf struct {
	byPath map[string]asset
	hashed map[string]string // from a file's name to its path
}

// open reads, hashes and compresses the embedded files once, at first use.
var open = sync.OnceValue(func() shelf {
	s := shelf{byPath: map[string]asset{}, hashed: map[string]string{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		return s.add(name, content)
	})
	if err != nil {
		panic("static: embedded files: " + err.Error()) // only a broken build gets here
	}
	return s
})

func (s *shelf) add(name string, content []byte) error {
	kind, ok := types[path.Ext(name)]
	if !ok {
		return fmt.Errorf("%s: no content type for it", name)
	}
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:6])
	small, err := compress(content)
	if err != nil {
		return fmt.Errorf("compress %s: %w", name, err)
	}
	at := name
	if !strings.HasPrefix(name, "fonts/") {
		at = strings.TrimSuffix(name, path.Ext(name)) + "." + hash + path.Ext(name)
	}
	s.byPath[at] = asset{kind: kind, etag: `"` + hash + `"`, plain: content, gzip: small}
	s.hashed[name] = at
	return nil
}

// compress returns content in gzip, or nil when that saves less than a tenth.
func compress(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if b.Len() > len(content)-len(content)/10 {
		return nil, nil
	}
	return b.Bytes(), nil
}

// URL is where the file of that name is served: URL("app.css"). It panics on a
// name that is not embedded: no page may refer to a file that is not there.
func URL(name string) string {
	at, ok := open().hashed[name]
	if !ok {
		panic("static: no file named " + strconv.Quote(name))
	}
	return Prefix + at
}

// Handler serves the files below Prefix, for ever cacheable. Anything else,
// an outdated hash included, is a 404.
func Handler() http.Handler {
	s := open()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := s.byPath[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		a.send(w, r)
	})
}

func (a asset) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	body, etag := a.plain, a.etag
	if a.gzip != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body, etag = a.gzip, strings.TrimSuffix(a.etag, `"`)+`-gz"`
		}
	}
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), a.etag, etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // a reader who left cannot be told
}

// acceptsGzip reads an Accept-Encoding header; "gzip;q=0" is a refusal.
func acceptsGzip(header string) bool {
	for entry := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(entry), ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		q, weighted := strings.CutPrefix(strings.TrimSpace(params), "q=")
		return !weighted || strings.Trim(q, "0.") != ""
	}
	return false
}

// matches reads an If-None-Match header, comparing weakly.
func matches(header string, tags ...string) bool {
	for entry := range strings.SplitSeq(header, ",") {
		entry = strings.TrimPrefix(strings.TrimSpace(entry), "W/")
		for _, tag := range tags {
			if entry == tag {
				return true
			}
		}
	}
	return strings.TrimSpace(header) == "*"
}
