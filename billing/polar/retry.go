package polar

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	maxAttempts  = 4
	firstPause   = 250 * time.Millisecond
	longestPause = 3 * time.Second // a Retry-After beyond this is the caller's to wait
)

// again decides whether to repeat after an attempt, and how long to wait before.
func (x *exchange) again(attempt int) (time.Duration, bool) {
	failing := x.err != nil || x.status == http.StatusTooManyRequests || x.status >= 500
	if !x.repeatable || !failing || attempt >= maxAttempts {
		return 0, false
	}
	wait := firstPause << (attempt - 1)
	wait += rand.N(wait / 2) // so that many clients do not come back together
	if x.wait > 0 {
		wait = x.wait
	}
	return wait, x.background || wait <= longestPause
}

// retryAfter reads how long a server asks to wait: seconds, or until a date. It is 0 if
// it does not.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, longestStop)
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), longestStop)
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
