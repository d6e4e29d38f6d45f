// Package look is the twin's own dress: one stylesheet, one typeface, the frame
// around every page, and the headers that each answer carries. It knows nothing
// of the engine, so that the OpenID provider can wear it too, and nothing of the
// product, whose look it must not be mistaken for.
package look

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// Page is what the frame needs to know. Title stands in the browser's tab.
type Page struct {
	Title  string
	Wide   bool   // the operator's pages use the full width
	Seller string // shown in the header when the page speaks for a merchant
	Back   string // where the seller's name leads; empty for nowhere
	Nav    string // path of the current operator's page; empty hides the navigation
}

// Prefix is where the stylesheet and the typeface are served.
const Prefix = "/_twin/look/"

var (
	//go:embed style.css
	style []byte
	//go:embed plex.woff2
	plex []byte // IBM Plex Sans, latin, variable weight; licence in plex.LICENSE

	styleHref = Prefix + "style.css?v=" + fingerprint(style)
)

// Files serves the stylesheet and the typeface under Prefix.
func Files() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Prefix+"style.css", file("text/css; charset=utf-8", style))
	mux.HandleFunc("GET "+Prefix+"plex.woff2", file("font/woff2", plex))
	return mux
}

func file(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		Guard(w)
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Header().Set("Cache-Control", "public, max-age=86400")
		_, _ = w.Write(body) // the reader went away; nobody is left to tell
	}
}

// Guard sets the security headers of a page. formTargets are the origins, besides
// our own, that a form may end at: Chromium holds form-action against every
// redirect that follows the submission.
func Guard(w http.ResponseWriter, formTargets ...string) {
	targets := strings.Join(append([]string{"'self'"}, formTargets...), " ")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; font-src 'self'; "+
		"img-src 'self' data:; frame-src 'self'; form-action "+targets+"; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
}

// Render answers with the component. It renders into a buffer first, so that a
// page that fails to render is still a clean 500.
func Render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var body bytes.Buffer
	if err := page.Render(r.Context(), &body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, err := body.WriteTo(w)
	return err
}

func fingerprint(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}
