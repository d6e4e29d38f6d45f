package v1

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What one key may send: so many at once, refilled by so many in a second. A request can
// carry maxEvents events, so this is no bound on usage.
const (
	burst     = 200
	perSecond = 100
)

// pace limits the requests of each key. Its memory is bounded by the number of keys,
// since only keys that count get here.
type pace struct {
	mu    sync.Mutex
	byKey map[string]*rate.Limiter
}

// wait is how long a key has to wait; zero lets the request through.
func (p *pace) wait(key string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiter, known := p.byKey[key]
	if !known {
		if p.byKey == nil {
			p.byKey = map[string]*rate.Limiter{}
		}
		limiter = rate.NewLimiter(perSecond, burst)
		p.byKey[key] = limiter
	}
	turn := limiter.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait > 0 {
		turn.CancelAt(now)
	}
	return wait
}
