package clients_test

import (
	"context"
	"fmt"
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
	cmd.WaitDelay = 20 * time.Second
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
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(25 * time.Millisecond) {
		if answer, err := http.Get(portal + "/readyz"); err == nil { //nolint:noctx // a test on loopback
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return portal, twin
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the portal was not ready within a minute")
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port)
}
