// Package clients_test proves the twin of Polar with clients that we did not write: Polar's own SDK for Node,
// its Better Auth plugin inside a real Better Auth server, and the Standard Webhooks library. The stories are
// in the *.test.mjs files beside this one; here is only what starts them, each on a twin of its own.
package clients_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"counterfoil/twin/server"
)

// patience bounds what must come; storyLimit ends a file of stories that hangs. Each takes a
// few seconds, and a multiple of that on a machine that is slow or has other work.
const (
	patience   = 2 * time.Minute
	storyLimit = 10 * time.Minute
)

// TestClients runs every file of stories against a twin of its own.
func TestClients(t *testing.T) {
	needNode(t)
	files, err := filepath.Glob("*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("stories: %v %v", files, err)
	}
	for _, file := range files {
		if about, _ := filepath.Match(portalStories, file); about {
			continue // see portal_test.go
		}
		t.Run(strings.TrimSuffix(file, ".test.mjs"), func(t *testing.T) {
			twin, err := server.Start(t.Context(), server.Config{
				Addr: "127.0.0.1:0", Seed: true, Log: slog.New(slog.DiscardHandler), RetryUnit: time.Millisecond, Patience: patience,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := twin.Close(); err != nil {
					t.Error(err)
				}
			}()
			play(t, file, twin)
		})
	}
}

// outcome is one line of reporter.mjs: a test that ended.
type outcome struct {
	Name   string `json:"name"`
	Result string `json:"result"` // pass, fail or skip
	Detail string `json:"detail"`
}

// play runs one file on Node and makes each of its tests one of ours.
func play(t *testing.T, file string, twin *server.Server) {
	t.Helper()
	playWith(t, file, "TWIN_URL="+twin.BaseURL, "TWIN_TOKEN="+server.OrganizationToken)
}

// playWith runs one file with what it is told by its environment.
func playWith(t *testing.T, file string, told ...string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), storyLimit)
	defer stop()
	cmd := exec.CommandContext(ctx, "node", "--test-reporter=./reporter.mjs", "--test-reporter-destination=stdout", file)
	cmd.Env = append(append(os.Environ(), told...), "NO_COLOR=1")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	lines, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	failed, ended := 0, 0
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 4<<20)
	for scanner.Scan() {
		var o outcome
		if json.Unmarshal(scanner.Bytes(), &o) != nil || o.Name == "" {
			t.Log(scanner.Text()) // what a test printed, or a diagnostic
			continue
		}
		ended++
		t.Run(o.Name, func(t *testing.T) {
			switch o.Result {
			case "fail":
				failed++
				t.Error(o.Detail)
			case "skip":
				t.Skip(o.Detail)
			}
		})
	}
	if err := cmd.Wait(); err != nil && failed == 0 || scanner.Err() != nil || ended == 0 {
		t.Fatalf("node %s: %v %v, %d tests\n%s", file, err, scanner.Err(), ended, complaints.Bytes())
	}
	if failed > 0 && complaints.Len() > 0 {
		t.Logf("standard error:\n%s", complaints.Bytes())
	}
}

// oldestNode is the first major version of Node that the stories run on.
const oldestNode = 20

// needNode skips the test in the quick run, and where Node or the clients are missing; for want of those, CI
// allows no skipping.
func needNode(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("the clients on Node are left out of the quick run")
	}
	why := ""
	if version, err := exec.Command("node", "-p", "process.versions.node.split('.')[0]").Output(); err != nil {
		why = "Node 20 or newer is missing (https://nodejs.org)"
	} else if major, err := strconv.Atoi(strings.TrimSpace(string(version))); err != nil || major < oldestNode {
		why = "Node is older than version 20: " + strings.TrimSpace(string(version))
	} else if _, err := os.Stat(filepath.Join("node_modules", "@polar-sh", "sdk")); err != nil {
		why = "the clients are not installed: run npm ci --ignore-scripts in clients/"
	}
	switch {
	case why != "" && os.Getenv("CI") == "true":
		t.Fatal(why + "; CI=true allows no skipping")
	case why != "":
		t.Skip(why)
	}
}
