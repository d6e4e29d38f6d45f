package main

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestNoRequestIsSmuggled (SEC-14): whatever a message says about where it ends, twice,
// contradictorily or in a disguise, what follows it is never taken for a request that
// somebody else may have sent.
func TestNoRequestIsSmuggled(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var smuggled, plain atomic.Int32
	server := bounded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/smuggled" {
			smuggled.Add(1)
		} else {
			plain.Add(1)
		}
		_, _ = io.Copy(io.Discard, r.Body) // a body that ends too early is not what is tested
	}), slog.New(slog.DiscardHandler))
	go server.Serve(listener)            //nolint:errcheck // ends with Close
	t.Cleanup(func() { server.Close() }) //nolint:errcheck // of a test
	const hidden = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, head := range map[string]string{
		"two lengths":                 "Content-Length: 0\r\nContent-Length: 38\r\n",
		"two lengths in one":          "Content-Length: 0, 38\r\n",
		"a negative length":           "Content-Length: -1\r\n",
		"a length with a sign":        "Content-Length: +0\r\n",
		"a length in another base":    "Content-Length: 0x0\r\n",
		"a length and a space":        "Content-Length : 0\r\n",
		"a length on a folded line":   "Content-Length:\r\n 38\r\n",
		"an unknown coding":           "Transfer-Encoding: xchunked\r\n",
		"two codings":                 "Transfer-Encoding: chunked, identity\r\n",
		"two coding headers":          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
		"a coding in a disguise":      "Transfer-Encoding: \vchunked\r\n",
		"a coding with a space":       "Transfer-Encoding : chunked\r\n",
		"a name with a control":       "Content-\x00Length: 0\r\n",
		"a value with a line end":     "X-A: b\rContent-Length: 38\r\n",
		"two hosts":                   "Host: y\r\n",
		"a length that takes all":     "Content-Length: 38\r\n",
		"chunks that take all":        "Transfer-Encoding: chunked\r\n\r\n26\r\n" + hidden + "\r\n0\r\n\r\n",
		"a length and chunks, longer": "Content-Length: 500\r\nTransfer-Encoding: chunked\r\n\r\n26\r\n" + hidden + "\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			before := smuggled.Load()
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			message := "POST / HTTP/1.1\r\nHost: x\r\n" + head
			if !strings.Contains(head, "\r\n\r\n") {
				message += "\r\n" + hidden
			}
			if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, message); err != nil {
				t.Fatal(err)
			}
			if half, ok := conn.(*net.TCPConn); ok {
				_ = half.CloseWrite() // the server may have hung up
			}
			answer, _ := io.ReadAll(conn) // hanging up is a fine answer
			if smuggled.Load() != before {
				t.Errorf("the rest was taken for a request; answered %.200q", answer)
			}
		})
	}
	if plain.Load() == 0 {
		t.Error("no message was taken at all: the handler was never reached")
	}
}
