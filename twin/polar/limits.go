package polar

import (
	"net"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// A window lets n calls through in each span of time.
type window struct {
	n    int
	span time.Duration
}

// Narrower limits of some routes, per caller or checkout (Polar docs, API, 2026-08).
var (
	licenseWindows = []window{{3, time.Second}}
	loginWindows   = []window{{6, time.Minute}, {12, time.Hour}}
	confirmWindows = []window{{6, time.Minute}, {20, time.Hour}}
)

// limiter counts calls while rate limits are switched on. The zero value is ready.
type limiter struct {
	mu    sync.Mutex
	spans map[spanKey]*spanCount
}

// spanKey is whose calls are counted, on which kind of route and for how long.
type spanKey struct {
	who, what string
	span      time.Duration
}

type spanCount struct {
	began time.Time
	calls int
}

// admit counts a call at now and lets it through, or says how many seconds to wait. A limit of 0 a minute
// admits everything and forgets what was counted.
func (l *limiter) admit(r *http.Request, perMinute int, now time.Time) (int, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if perMinute == 0 {
		l.spans = nil
		return 0, true
	}
	if l.spans == nil {
		l.spans = map[spanKey]*spanCount{}
	}
	who, what, windows := limitsOf(r, perMinute)
	for _, w := range windows {
		key := spanKey{who, what, w.span}
		count := l.spans[key]
		if count == nil || now.Sub(count.began) >= w.span {
			count = &spanCount{began: now}
			l.spans[key] = count
		}
		if count.calls++; count.calls > w.n {
			left := count.began.Add(w.span).Sub(now)
			return int((left + time.Second - 1) / time.Second), false
		}
	}
	return 0, true
}

// limitsOf says who calls, and which windows hold for the route.
func limitsOf(r *http.Request, perMinute int) (who, what string, windows []window) {
	token := r.Header.Get("Authorization")
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	last := path.Base(r.URL.Path)
	switch {
	case token == "" && strings.Contains(r.URL.Path, "/license-keys/"):
		return host, "license key", licenseWindows
	case strings.Contains(r.URL.Path, "/customer-session/") && (last == "request" || last == "authenticate"):
		return host, "login", loginWindows
	case strings.HasPrefix(r.URL.Path, "/v1/checkouts/client/") && last == "confirm":
		return r.URL.Path, "confirm", confirmWindows
	case token == "":
		token = host
	}
	return token, "all", []window{{perMinute, time.Minute}}
}
