package polar

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// clock estimates how far our clock is from the provider's, from the Date headers of
// its answers. They are whole seconds, so that each one gives a range: the provider
// wrote it between our sending and our receiving, and its true time was at most a
// second later. Of the latest ranges the part counts that most of them agree on
// (Marzullo 1984): it is narrower than any of them, and an odd one has no say.
type clock struct {
	mu     sync.Mutex
	ranges []offsets // the latest, oldest first
}

// offsets are the values that ours minus the provider's may have.
type offsets struct{ least, most time.Duration }

const clockRanges = 16 // kept

// saw notes an answer that was asked for at sent and was there at received.
func (c *clock) saw(header http.Header, sent, received time.Time) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ranges) == clockRanges {
		c.ranges = slices.Delete(c.ranges, 0, 1)
	}
	c.ranges = append(c.ranges, offsets{sent.Sub(date) - time.Second, received.Sub(date)})
}

// offset is the middle of what most of the latest answers agree on; of several such
// parts the one that the latest answer tells.
func (c *clock) offset() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var best offsets
	agreed := 0
	for _, start := range slices.Backward(c.ranges) { // an agreed part begins where a range does
		part, voices := offsets{start.least, start.most}, 0
		for _, r := range c.ranges {
			if r.least <= start.least && start.least <= r.most {
				part.most = min(part.most, r.most)
				voices++
			}
		}
		if voices > agreed {
			best, agreed = part, voices
		}
	}
	return (best.least + best.most) / 2, agreed > 0
}

// ClockOffset implements billing.Provider.
func (p *Provider) ClockOffset() (time.Duration, bool) { return p.client.clock.offset() }
