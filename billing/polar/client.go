package polar

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"

	"counterfoil/billing"
)

// apiVersion is the version of Polar's API that this package was written for. An
// unpinned client follows Polar's default, which moves.
const apiVersion = "2026-04"

const maxAnswer = 8 << 20 // bytes of an answer; a page of 100 orders has about 1 MiB

// errCaptured stops polar-go before it decodes: the answer is in the exchange.
var errCaptured = errors.New("the answer was captured")

// exchange is one operation as seen on the wire. It travels in the context, because
// polar-go has no other way to hand the bytes of an answer out.
type exchange struct {
	repeatable bool // sending it again has no second effect
	background bool // nobody waits for it

	asked  bool  // polar-go got as far as sending
	sent   bool  // a connection was there: the server may have seen the request
	err    error // no readable answer
	status int
	header http.Header
	body   []byte
	wait   time.Duration // that a 429 or 503 asked for
}

type exchangeKey struct{}

// client sends what polar-go built: versioned, bounded in time and size, paced, repeated
// only where that is harmless, never redirected.
type client struct {
	http    *http.Client
	timeout time.Duration
	pace    *pace
	clock   clock
	now     func() time.Time
	pause   func(context.Context, time.Duration) error
}

func newClient(base *http.Client, timeout time.Duration, perMinute int) *client {
	if base == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 8
		base = &http.Client{Transport: transport}
	}
	own := *base
	// A followed redirect would turn a POST into a GET and carry the token elsewhere.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{http: &own, timeout: timeout, pace: newPace(perMinute), now: time.Now, pause: pause}
}

// Do implements polar-go's HTTPClient. It always returns an error: what came back is
// in the exchange of the request's context.
func (c *client) Do(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("polar: request outside of an exchange")
	}
	x.asked, x.background = true, billing.InBackground(req.Context())
	req.Header.Set("Polar-Version", apiVersion)
	for attempt := 1; ; attempt++ {
		if err := c.admit(req.Context(), x.background); err != nil {
			if attempt == 1 {
				x.err = err
			}
			return nil, errCaptured // else x holds the outcome of the last attempt
		}
		c.attempt(req, x)
		wait, again := x.again(attempt)
		if !again || !lastsFor(req.Context(), wait) {
			return nil, errCaptured
		}
		if err := c.pause(req.Context(), wait); err != nil {
			return nil, errCaptured // x holds the outcome of the last attempt
		}
	}
}

// admit waits until the pace lets a request through.
func (c *client) admit(ctx context.Context, background bool) error {
	for {
		wait, err := c.pace.enter(c.now(), background)
		if wait == 0 || err != nil {
			return err
		}
		if billing.IfSpare(ctx) || !lastsFor(ctx, wait) {
			return errStopped{wait} // rather now than when nobody listens any more
		}
		if err := c.pause(ctx, wait); err != nil {
			return err
		}
	}
}

// lastsFor reports whether ctx goes on for longer than a wait.
func lastsFor(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > wait
}

// attempt sends the request once and keeps its outcome.
func (c *client) attempt(req *http.Request, x *exchange) {
	ctx, cancel := context.WithTimeout(req.Context(), c.timeout)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { x.sent = true },
	})
	x.err, x.status, x.header, x.body, x.wait = nil, 0, nil, nil, 0
	again := req.Clone(ctx)
	if req.GetBody != nil {
		if again.Body, x.err = req.GetBody(); x.err != nil {
			return
		}
	}
	sent := c.now()
	res, err := c.http.Do(again)
	if err != nil {
		x.err = err
		return
	}
	defer res.Body.Close()
	received := c.now()
	c.clock.saw(res.Header, sent, received)
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
		x.wait = retryAfter(res.Header, received)
		c.pace.stop(received, x.wait)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		x.err = fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		x.err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	default:
		x.status, x.header, x.body = res.StatusCode, res.Header, body
	}
}
