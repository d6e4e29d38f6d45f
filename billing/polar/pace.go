package polar

import (
	"fmt"
	"sync"
	"time"

	"counterfoil/billing"
)

// Limits per minute and organization (Polar docs, Rate limits, 2026-08). The twin, and
// whatever else is spoken to by its URL, is taken for a production server.
const (
	productionPerMinute = 500
	sandboxPerMinute    = 100
)

// longestStop bounds what an answer can make us wait: as long as Polar ever blocks
// anybody (Polar docs, Rate limits, 2026-08).
const longestStop = 15 * time.Minute

// pace keeps background requests within what the provider allows. A person before a
// page never waits for it, but what he uses is missing to the background: whenever a
// background request goes out, it and all requests of the minute before it are at most
// 80 % of the limit.
//
// It is the generic cell rate algorithm (ITU-T I.371): next is when the budget would be
// whole again, and every request moves it on by one step.
type pace struct {
	step  time.Duration // between two requests in the long run
	slack time.Duration // how far next may be ahead of now: the burst after a rest

	mu    sync.Mutex
	next  time.Time
	until time.Time // nothing is sent before: the provider said so
}

// newPace paces for a limit of requests per minute. In any minute there are at most one
// burst and what is refilled meanwhile, which together make the 80 %.
func newPace(perMinute int) *pace {
	budget := max(2, perMinute*8/10)
	burst := max(1, budget/10)
	step := (time.Minute + time.Duration(budget-burst) - 1) / time.Duration(budget-burst)
	return &pace{step: step, slack: time.Duration(burst-1) * step}
}

// enter counts a request at now, or answers how long it has to wait and try again. A
// request that is not of the background waits for nothing: while the provider wants to
// be left alone it is errStopped.
func (p *pace) enter(now time.Time, background bool) (time.Duration, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if stopped := min(p.until.Sub(now), longestStop); stopped > 0 {
		if background {
			return stopped, nil
		}
		return 0, errStopped{stopped}
	}
	p.settle(now)
	if wait := p.next.Sub(now) - p.slack; background && wait > 0 {
		return wait, nil
	}
	p.next = p.next.Add(p.step)
	p.settle(now)
	return 0, nil
}

// settle keeps next near now: budget is not saved up, and what was used more than a
// minute ago is forgotten, however much it was and wherever the clock was then.
func (p *pace) settle(now time.Time) {
	if most := now.Add(time.Minute + p.slack); p.next.After(most) {
		p.next = most
	}
	if p.next.Before(now) {
		p.next = now
	}
}

// stop sends nothing for a while, since the provider asked for that.
func (p *pace) stop(now time.Time, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := now.Add(min(d, longestStop)); until.After(p.until) {
		p.until = until
	}
}

// errStopped is an answer without a request.
type errStopped struct{ wait time.Duration }

func (e errStopped) Error() string {
	return fmt.Sprintf("%v: not asked for another %s, to keep within its limits", billing.ErrProvider, e.wait.Round(time.Second))
}
func (e errStopped) Unwrap() []error { return []error{billing.ErrProvider, billing.ErrPaced} }

// RetryAfter is when asking makes sense again.
func (e errStopped) RetryAfter() time.Duration { return e.wait }
