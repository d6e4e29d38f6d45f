package db

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestAGroupTakesWhatTheNetworkHas: on one processor, callers whose requests have arrived
// but were not looked at yet share the transaction of whoever was first. Without a look at
// the network nearly every round takes two or more. So does now and then one in which the machine
// takes the processor away, so rounds go on until enough took one.
func TestAGroupTakesWhatTheNetworkHas(t *testing.T) {
	const callers, enough, most = 32, 20, 100
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var g group[int]
	var batches atomic.Int64
	call := func() {
		_, err := g.do(context.Background(), 1, 2*callers, func([]*member[int]) { batches.Add(1) })
		if err != nil {
			t.Error(err)
		}
	}
	inner, outer := pipes(t, callers)
	shared, rounds := 0, 0
	for ; shared < enough && rounds < most; rounds++ {
		before := batches.Load()
		var all sync.WaitGroup
		for _, conn := range inner {
			all.Go(func() {
				if _, err := conn.Read(make([]byte, 1)); err != nil {
					t.Error(err)
				}
				call()
			})
		}
		lookAround() // all wait for their byte
		for _, conn := range outer {
			if _, err := conn.Write([]byte{1}); err != nil {
				t.Fatal(err)
			}
		}
		call()
		all.Wait()
		if batches.Load() == before+1 {
			shared++
		}
	}
	if shared < enough {
		t.Errorf("of %d rounds of %d callers %d took one transaction, want %d", rounds, callers+1, shared, enough)
	}
	t.Logf("%d of %d rounds took one transaction", shared, rounds)
}

// TestAGroupOutlivesAPanic: a transaction that panics is an error of those who are in it,
// and the next one runs.
func TestAGroupOutlivesAPanic(t *testing.T) {
	var g group[int]
	write := func(batch []*member[int]) {
		if batch[0].item == 1 {
			panic("a row of a strange shape")
		}
	}
	if _, err := g.do(t.Context(), 1, 9, write); err == nil {
		t.Error("the panic is no error")
	}
	if _, err := g.do(t.Context(), 2, 9, write); err != nil {
		t.Errorf("the one after it: %v", err)
	}
}

// TestAGroupDoesNotGatherForEver: when the processor is busy, so that one more caller comes
// whenever the writer looks around, the first does not wait until there are as many as fit.
func TestAGroupDoesNotGatherForEver(t *testing.T) {
	const most = 50
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var g group[int]
	first := make(chan int, most)
	call := func() {
		_, err := g.do(context.Background(), 1, most, func(batch []*member[int]) { first <- len(batch) })
		if err != nil {
			t.Error(err)
		}
	}
	var all sync.WaitGroup
	for range most {
		all.Go(call)
		for began := time.Now(); time.Since(began) < 2*gatherFor; {
			// others have the processor
		}
		runtime.Gosched()
	}
	if n := <-first; n > most/2 {
		t.Errorf("the first transaction began with %d callers of %d, each some milliseconds after the other", n, most)
	}
	all.Wait()
}

// pipes are both ends of n connections.
func pipes(t *testing.T, n int) (inner, outer []net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	for range n {
		to, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		from, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = to.Close(); _ = from.Close() })
		inner, outer = append(inner, from), append(outer, to)
	}
	return inner, outer
}

// BenchmarkLookAround is what it costs when nobody is there.
func BenchmarkLookAround(b *testing.B) {
	for b.Loop() {
		lookAround()
	}
}
