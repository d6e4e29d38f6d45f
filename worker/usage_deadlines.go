package worker

import (
	"context"
	"fmt"
	"time"

	"counterfoil/billing"
)

const (
	usageWatchRound = time.Minute
	// usagePerMinute is how many events can be reported in a minute, with 80 % of the
	// 500 requests that Polar allows (Polar docs, Rate limits, 2026-08).
	usagePerMinute = 500 * 8 / 10 * usageBatch
)

// watchUsage raises an alarm when there are more events than can be reported before a
// period ends: those that come later are billed in the next one.
func (w *Worker) watchUsage(ctx context.Context) (int, error) {
	deadlines, err := w.Store.UsageDeadlines(ctx, w.Provider.Name(), w.Now())
	if err != nil {
		return 0, err
	}
	events := 0
	for _, d := range deadlines {
		events += d.Events // whose period ends sooner goes first
		fit := int(d.Ends.Sub(w.Now()).Minutes() * usagePerMinute)
		if events <= fit {
			continue
		}
		_, err := w.Store.Raise(ctx, billing.Alarm{
			Kind: billing.AlarmUsageLate, Subject: w.Provider.Name(),
			Detail: fmt.Sprintf("%d events wait for the periods that end until %s, and %d can be reported by then",
				events, d.Ends.Format(time.RFC3339), fit),
		}, w.Now())
		return 0, err
	}
	_, err = w.Store.Clear(ctx, billing.AlarmUsageLate, w.Provider.Name(), w.Now())
	return 0, err
}
