package handlers_test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"counterfoil/db"
)

const (
	intakeConnections = 64
	intakeRows        = 20_000 // of one side of one round
)

// BenchmarkIntake measures how many webhooks a second are acknowledged, each on disk
// before its answer, over 64 connections on one core; and how many rows a second the
// bare database takes from 64 callers in group commit in the same run. One operation is a
// round of both. It fails when the median intake is slower than half of the database; on
// two virtual cores a round varies by a fifth either way, so fewer than five
// say nothing, and it takes many.
//
//	go test ./handlers -run '^$' -bench Intake -benchtime 15x
//
// Both sides are processes of their own with GOMAXPROCS=1. The generator beside them
// signs everything beforehand and writes prepared bytes, on the other core.
// COUNTERFOIL_INTAKE_PROFILE names a file for a processor profile of the intake.
func BenchmarkIntake(b *testing.B) {
	var ratios, hooks, bares []float64
	for range b.N {
		bare, bareUsed := runBare(b)
		hook, hookUsed := runIntake(b)
		b.Logf("webhooks %.0f/s, %.1f us of processor each; bare database %.0f/s, %.1f us each; ratio %.2f",
			hook, micros(hookUsed), bare, micros(bareUsed), hook/bare)
		ratios, hooks, bares = append(ratios, hook/bare), append(hooks, hook), append(bares, bare)
	}
	b.ReportMetric(median(hooks), "webhooks/s")
	b.ReportMetric(median(bares), "bare-rows/s")
	b.ReportMetric(median(ratios), "ratio")
	const enough = 5 // rounds; the testing package tries one beforehand
	if r := median(ratios); len(ratios) >= enough && r < 0.5 {
		b.Errorf("the intake reaches %.2f of the bare database, want half at least", r)
	}
}

func median(figures []float64) float64 {
	slices.Sort(figures)
	return figures[len(figures)/2]
}

// process starts this binary in a role, on one core.
func process(b *testing.B, role string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "GOMAXPROCS=1", intakeRole+"="+role,
		"COUNTERFOIL_INTAKE_FILE="+filepath.Join(b.TempDir(), role+".db"), "COUNTERFOIL_INTAKE_ROWS="+strconv.Itoa(intakeRows))
	return c
}

// used is the processor time of a whole process for each row.
func used(c *exec.Cmd) time.Duration {
	usage := c.ProcessState.SysUsage().(*syscall.Rusage)
	return time.Duration(usage.Utime.Nano()+usage.Stime.Nano()) / intakeRows
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// runBare is rows a second, and the processor time of each.
func runBare(b *testing.B) (perSecond float64, each time.Duration) {
	b.Helper()
	c := process(b, "bare")
	out, err := c.Output()
	if err != nil {
		b.Fatalf("bare database: %v", err)
	}
	took, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return intakeRows / time.Duration(took).Seconds(), used(c)
}

// runIntake is acknowledged webhooks a second, and the processor time of each.
func runIntake(b *testing.B) (perSecond float64, each time.Duration) {
	b.Helper()
	c := process(b, "webhooks")
	stdin, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	defer c.Process.Kill() // of no effect after Wait
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatalf("the intake did not start: %v", err)
	}
	load := prepareLoad(intakeRows)
	took, err := load.run(strings.TrimSpace(address))
	if err != nil {
		b.Fatal(err)
	}
	if err := stdin.Close(); err != nil {
		b.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		b.Fatal(err)
	}
	return intakeRows / took.Seconds(), used(c)
}

// load is requests as bytes: a head of its own for each, and one of the bodies.
type load struct {
	heads  [][]byte
	bodies [][]byte
}

func prepareLoad(n int) load {
	l := load{bodies: intakeBodies()}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimPrefix(intakeSecret, "whsec_"))
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, key)
	for i := range n {
		body, id := l.bodies[i%len(l.bodies)], db.NewID()
		mac.Reset()
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		l.heads = append(l.heads, fmt.Appendf(nil, "POST /webhooks/polar HTTP/1.1\r\nHost: localhost\r\nUser-Agent: polar.sh webhooks\r\n"+
			"Accept: */*\r\nAccept-Encoding: gzip, deflate, zstd\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n"+
			"Webhook-Id: %s\r\nWebhook-Timestamp: %s\r\nWebhook-Signature: v1,%s\r\nContent-Length: %d\r\n\r\n",
			id, stamp, base64.StdEncoding.EncodeToString(mac.Sum(nil)), len(body)))
	}
	return l
}

// run sends everything over the connections, one request at a time on each. It takes one
// core, so that the other one is the intake's.
func (l load) run(address string) (time.Duration, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var senders sync.WaitGroup
	var next atomic.Int64
	failures := make(chan error, intakeConnections)
	start := time.Now()
	for range intakeConnections {
		senders.Go(func() {
			if err := l.send(address, &next); err != nil {
				failures <- err
			}
		})
	}
	senders.Wait()
	close(failures)
	return time.Since(start), <-failures
}

func (l load) send(address string, next *atomic.Int64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for i := next.Add(1) - 1; i < int64(len(l.heads)); i = next.Add(1) - 1 {
		request := net.Buffers{l.heads[i], l.bodies[i%int64(len(l.bodies))]}
		if _, err := request.WriteTo(conn); err != nil {
			return err
		}
		if err := accepted(answers); err != nil {
			return err
		}
	}
	return nil
}

// accepted reads one answer, which must be a 202 without a body.
func accepted(r *bufio.Reader) error {
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case first && !bytes.HasPrefix(line, []byte("HTTP/1.1 202 ")):
			rest, _ := io.ReadAll(io.LimitReader(r, 500)) // for the message alone
			return fmt.Errorf("answered %s%s", line, rest)
		case bytes.HasPrefix(line, []byte("Content-Length: ")) && !bytes.Equal(line, []byte("Content-Length: 0\r\n")):
			return fmt.Errorf("an answer with a body: %s", line)
		case len(line) == 2:
			return nil
		}
	}
}
