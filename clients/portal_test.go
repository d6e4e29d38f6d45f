package clients_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterfoil/twin/server"
)

// TestPortal runs the stories about the portal as a Better Auth server: the program as
// its users start it, with the offline twin, and the unmodified clients.
func TestPortal(t *testing.T) {
	needNode(t)
	files, err := filepath.Glob(portalStories)
	if err != nil || len(files) == 0 {
		t.Fatalf("stories: %v %v", files, err)
	}
	program := filepath.Join(t.TempDir(), "counterfoil")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "counterfoil/cmd/counterfoil").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".test.mjs"), func(t *testing.T) {
			portal, twin := startPortal(t, program, settings[file]...)
			playWith(t, file, "PORTAL_URL="+portal, "TWIN_URL="+twin, "TWIN_TOKEN="+server.OrganizationToken, "WEBHOOK_SECRET="+server.WebhookSecret)
		})
	}
}

// portalStories are about the portal; all others are about the twin.
const portalStories = "counterfoil*.test.mjs"

// settings are what the portal of a file is told besides.
var settings = map[string][]string{"counterfoil-guests.test.mjs": {"COUNTERFOIL_CHECKOUT_SIGNED_IN_ONLY=true"}}

// startPortal runs the program until the end of the test.
func startPortal(t *testing.T, program string, more ...string) (portal, twin string) {
	t.Helper()
	addr, twinAddr := freeAddr(t), freeAddr(t)
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir = t.TempDir() // no .env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	cmd.Env = append(more,
		"PATH="+os.Getenv("PATH"), "HOME="+cmd.Dir, "COUNTERFOIL_ADDR="+addr, "COUNTERFOIL_TWIN_ADDR="+twinAddr,
		"COUNTERFOIL_TRUSTED_PROXIES=127.0.0.0/8", "COUNTERFOIL_TRUSTED_ORIGINS=https://app.example.com,https://*.shop.example.com",
	)
	log, err := os.Create(filepath.Join(cmd.Dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the portal's log:\n%s", text)
		}
	})
	portal, twin = "http://"+addr, "http://"+twinAddr
	for deadline := time.Now().Add(patience); !sells(portal); time.Sleep(25 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the portal has no plans")
		}
	}
	return portal, twin
}

// sells reports whether the portal is there and has copied what can be bought.
func sells(portal string) bool {
	answer, err := http.Get(portal + "/plans") //nolint:noctx // a test on loopback
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	return err == nil && strings.Contains(string(page), `data-plan="pro"`)
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
