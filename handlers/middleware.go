package handlers

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"

	"counterfoil/auth"
	"counterfoil/billing"
)

type contextKey int

const keyRequestID contextKey = iota

// requestID is the id under which the log knows this request.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

// observed gives each request an id, logs it once (at a level of its own if it went
// well), and turns a panic into a 500. Nothing secret is logged: no query, no header,
// no body, no cookie.
func (s *Server) observed(well slog.Level, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, id := s.Now(), rand.Text()[:16]
		r = r.WithContext(context.WithValue(r.Context(), keyRequestID, id))
		w.Header().Set("X-Request-Id", id)
		seen := &witness{ResponseWriter: w}
		defer func() {
			if cause := recover(); cause != nil {
				if cause == http.ErrAbortHandler {
					panic(cause)
				}
				s.Log.ErrorContext(r.Context(), "panic", "cause", cause, "stack", string(debug.Stack()))
				if seen.status != 0 {
					panic(http.ErrAbortHandler) // half an answer must not look like a whole one
				}
				s.fail(seen, r, auth.Visitor{}, fmt.Errorf("panic: %v", cause))
			}
			level := well
			if seen.status >= http.StatusBadRequest {
				level = max(well, slog.LevelInfo)
			}
			if s.Log.Enabled(r.Context(), level) {
				s.Log.Log(r.Context(), level, "request", "method", r.Method, "path", loggedPath(r.URL.Path), "address", s.Auth.Address(r),
					"status", seen.status, "bytes", seen.bytes, "took", s.Now().Sub(start).Round(time.Microsecond))
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// secretLength is the least length of what may be a token in a path: ids are shorter.
const secretLength = 40

// loggedPath is a path as it is logged: without a segment that may be a token, such as
// that of a link in a mail.
func loggedPath(path string) string {
	if len(path) < secretLength {
		return path
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if len(segment) >= secretLength {
			segments[i] = "(secret)"
		}
	}
	return strings.Join(segments, "/")
}

// witness remembers what was answered.
type witness struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *witness) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *witness) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Flush is for the compression, which flushes only through a writer that is itself an
// http.Flusher: without it the events of a stream wait for its end.
func (w *witness) Flush() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	// What cannot be flushed now is sent later; a reader who left cannot be told.
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *witness) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// contentSecurityPolicy allows our own files and nothing inline. Chromium applies
// form-action to redirects too, so the providers' pages, where a checkout form
// leads, are named.
func contentSecurityPolicy(hosts []string) string {
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
		"connect-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'",
		strings.TrimSpace("form-action 'self' " + strings.Join(hosts, " ")),
	}, "; ")
}

// guarded sets the headers that protect the reader on every answer, and a limit on
// what a form may send (webhooks and streams set their own).
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", s.csp)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // no-referrer would make old browsers send forms with Origin: null
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		if s.cookieSecure {
			h.Set("Strict-Transport-Security", hsts)
		}
		if r.Method == http.MethodTrace || r.Method == http.MethodConnect {
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// hsts keeps browsers on https for a year.
const hsts = "max-age=31536000; includeSubDomains"

// maxBody is the most that any request may send, in bytes.
const maxBody = 1 << 20

// compressed packs answers of a kilobyte and more. The random jitter hides the exact
// length, which could otherwise tell secrets beside reflected input apart (BREACH). The
// fastest level costs a page some hundred bytes and saves a third of a millisecond.
func compressed(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.RandomJitter(32, 0, false))
	if err != nil {
		return nil, fmt.Errorf("compression: %w", err)
	}
	return wrap(next), nil
}

func (s *Server) refuseCrossOrigin(http.ResponseWriter, *http.Request, auth.Visitor) error {
	return say(billing.ErrDenied, "failure.cross_origin")
}

func (s *Server) showMissing(http.ResponseWriter, *http.Request, auth.Visitor) error {
	return say(billing.ErrNotFound, "failure.missing_page")
}
