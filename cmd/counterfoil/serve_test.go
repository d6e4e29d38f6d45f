package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestW8TricklesAreCutOff: whoever sends a header or a body a byte at a time loses the
// connection within ten seconds, before he has sent it.
func TestW8TricklesAreCutOff(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reads := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, "the body ended too early", http.StatusBadRequest)
		}
	})
	server := bounded(reads, slog.New(slog.DiscardHandler))
	go server.Serve(listener)            //nolint:errcheck // ends with Close
	t.Cleanup(func() { server.Close() }) //nolint:errcheck // of a test
	for name, head := range map[string]string{
		"header": "POST /webhooks/polar HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"body":   "POST /webhooks/polar HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			start := time.Now()
			if _, err := io.WriteString(conn, head); err != nil {
				t.Fatal(err)
			}
			cut := make(chan struct{})
			go func() {
				defer close(cut)
				io.Copy(io.Discard, conn) //nolint:errcheck // ends when the server hangs up
			}()
			for tick := time.NewTicker(250 * time.Millisecond); ; {
				select {
				case <-cut:
					return
				case <-tick.C:
					_, _ = conn.Write([]byte("a")) // fails once the other side has gone
				}
				if took := time.Since(start); took > 30*time.Second {
					t.Fatalf("still connected after %s", took)
				}
			}
		})
	}
}
