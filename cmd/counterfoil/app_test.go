package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience is how long a test waits for what must come, at most. A machine that has other
// work, or is slow, needs a multiple of what one of its own does.
const patience = 3 * time.Minute

// app is the whole program as the first README command starts it, on free ports.
type app struct {
	t        *testing.T
	url      string
	twin     string
	starting time.Duration   // from the start to the first answer
	told     map[string]bool // links of mails that were read
}

// startApp runs serve until the end of the test, with a configuration that the test may
// change.
func startApp(t *testing.T, change ...func(*config)) *app {
	t.Helper()
	addr, twinAddr := freeAddr(t), freeAddr(t)
	t.Chdir(t.TempDir()) // no .env
	t.Setenv("COUNTERFOIL_ADDR", addr)
	t.Setenv("COUNTERFOIL_TWIN_ADDR", twinAddr)
	t.Setenv("COUNTERFOIL_DATA", t.TempDir())
	for _, name := range []string{"POLAR_ACCESS_TOKEN", "POLAR_WEBHOOK_SECRET", "SMTP_URL", "COUNTERFOIL_BASE_URL", "DATABASE_URL"} {
		t.Setenv(name, "")
	}
	a := &app{t: t, url: "http://" + addr, twin: "http://" + twinAddr}
	a.serve(slog.New(slog.DiscardHandler), change...)
	a.until("the plans are there", func() bool {
		page, err := a.read(a.url + "/plans")
		return err == nil && strings.Contains(page, `data-plan="pro"`)
	})
	return a
}

// serve starts the program with the settings of the environment, and waits until it answers.
func (a *app) serve(log *slog.Logger, change ...func(*config)) {
	t := a.t
	t.Helper()
	c, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(&c)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- serve(ctx, c, log, io.Discard) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("serve: %v", err)
			}
		case <-time.After(patience):
			t.Error("the portal did not stop")
		}
	})
	a.until("the portal is ready", func() bool { return a.status("/readyz") == http.StatusOK })
	a.starting = time.Since(began)
}

// freeAddr is an address on a port that nobody has, for a program that will listen there.
// Ports of this range are given to nobody who does not name one, so that no connection of
// another test takes it in between.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprintf("localhost:%d", 10_000+rand.N(6_000))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no free port")
	return ""
}

func (a *app) status(path string) int {
	answer, err := http.Get(a.url + path) //nolint:noctx // a test on loopback
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func (a *app) read(url string) (string, error) {
	answer, err := http.Get(url) //nolint:noctx // a test on loopback
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

// until waits for a condition that other goroutines bring about.
func (a *app) until(what string, holds func() bool) {
	a.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			a.t.Fatalf("waited %s in vain: %s", patience, what)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// code waits for a mail with a code to an address, and returns the code of the latest.
func (a *app) code(email string) string {
	a.t.Helper()
	var code string
	a.until("the code is mailed to "+email, func() bool {
		raw, err := a.read(a.twin + "/_twin/mail.json?to=" + email)
		if err != nil {
			return false
		}
		var box struct {
			Items []struct {
				Subject string `json:"subject"`
				Text    string `json:"text"`
			} `json:"items"`
		}
		if err := json.Unmarshal([]byte(raw), &box); err != nil || len(box.Items) == 0 {
			return false
		}
		for _, item := range box.Items {
			for _, word := range strings.Fields(item.Text) {
				if len(word) == 9 && word[4] == '-' {
					code = word
					return true
				}
			}
		}
		return false
	})
	return code
}
