package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// BenchmarkAcknowledgement (W14) sends 200 webhooks a second for ten seconds, whether
// the earlier ones were answered or not, with nobody applying them: behind an empty
// inbox, and behind 100,000 deliveries that wait. It fails when the slowest of a hundred
// takes more than 100 ms, or any one more than the two seconds that Polar advises.
func BenchmarkAcknowledgement(b *testing.B) {
	const perSecond, seconds = 200, 10
	for _, waiting := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("%d waiting", waiting), func(b *testing.B) {
			in := newIntake(b, "first secret")
			in.crowd(waiting)
			var requests []*http.Request
			for range perSecond * seconds {
				c := in.good(db.NewID())
				c.body = string(intakeBody)
				requests = append(requests, c.request(b, in.url))
			}
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: perSecond}}
			defer client.CloseIdleConnections()
			took := make([]time.Duration, len(requests))
			var senders sync.WaitGroup
			b.ResetTimer()
			start := time.Now()
			for i, r := range requests {
				due := start.Add(time.Duration(i) * time.Second / perSecond)
				time.Sleep(time.Until(due))
				senders.Go(func() {
					res, err := client.Do(r)
					if err != nil || res.StatusCode != http.StatusAccepted {
						b.Errorf("delivery %d: %v, %v", i, res, err)
						return
					}
					_ = res.Body.Close() // empty
					took[i] = time.Since(due)
				})
			}
			senders.Wait()
			slices.Sort(took)
			p99, longest := took[len(took)*99/100], took[len(took)-1]
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us")
			b.ReportMetric(float64(p99.Microseconds()), "p99-us")
			b.ReportMetric(float64(longest.Microseconds()), "max-us")
			if p99 > 100*time.Millisecond || longest > 2*time.Second {
				b.Errorf("p99 %s, longest %s: want 100 ms and 2 s at most", p99, longest)
			}
		})
	}
}

// crowd puts deliveries into the inbox that nobody applies.
func (in *intake) crowd(n int) {
	in.t.Helper()
	next := make(chan int)
	var writers sync.WaitGroup
	for range 256 {
		writers.Go(func() {
			for range next {
				d := billing.Delivery{Provider: "polar", ID: db.NewID(), Type: "subscription.updated", SentAt: in.now(), Body: intakeBody,
					Object: billing.Ref{Provider: "polar", Kind: billing.KindSubscription, ProviderID: intakeObject}}
				if _, err := in.store.Receive(context.Background(), d, polarPath, in.now()); err != nil {
					in.t.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	writers.Wait()
}
