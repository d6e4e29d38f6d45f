package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// asProgram is the environment variable with which this test binary is the program itself.
const asProgram = "TEST_RUNS_COUNTERFOIL"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// documented are the commands of a section of docs/operations.md, in its order.
func documented(t *testing.T, section string) [][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+section+"\n")
	part, _, _ := strings.Cut(rest, "\n## ")
	var list [][]string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(part, -1) {
		for line := range strings.Lines(block[1]) {
			words := strings.Fields(line)
			if words[0] != "counterfoil" {
				t.Fatalf("docs/operations.md runs %q", line)
			}
			list = append(list, words[1:])
		}
	}
	if !ok || len(list) == 0 {
		t.Fatalf("docs/operations.md has no commands in %q", section)
	}
	return list
}

// operator is a person at a shell: a folder, and an environment with nothing set but the ports.
type operator struct {
	t      *testing.T
	folder string
	env    []string
}

func newOperator(t *testing.T, settings ...string) *operator {
	t.Helper()
	o := &operator{t: t, folder: t.TempDir(), env: []string{
		asProgram + "=1", "COUNTERFOIL_ADDR=" + freeAddr(t), "COUNTERFOIL_TWIN_ADDR=" + freeAddr(t), "HOME=" + t.TempDir(),
	}}
	o.env = append(o.env, settings...)
	return o
}

func (o *operator) command(args ...string) *exec.Cmd {
	command := exec.CommandContext(o.t.Context(), os.Args[0], args...)
	command.Dir, command.Env = o.folder, o.env
	command.WaitDelay = patience
	return command
}

// run is one command and what it said.
func (o *operator) run(args ...string) (string, error) {
	said, err := o.command(args...).CombinedOutput()
	return string(said), err
}

func (o *operator) database() string { return filepath.Join(o.folder, "data", "demo.db") }

// start runs the portal until it is stopped.
func (o *operator) start() (stop func()) {
	o.t.Helper()
	command := o.command()
	command.Stdout, command.Stderr = o.t.Output(), o.t.Output()
	if err := command.Start(); err != nil {
		o.t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = command.Process.Signal(os.Interrupt)
		if err := command.Wait(); err != nil {
			o.t.Errorf("the portal ended with %v", err)
		}
	})
	o.t.Cleanup(stop)
	ready := "http://" + strings.TrimPrefix(o.env[1], "COUNTERFOIL_ADDR=") + "/readyz"
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if answer, err := http.Get(ready); err == nil { //nolint:noctx // a test on loopback
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return stop
			}
		}
		if time.Now().After(deadline) {
			o.t.Fatal("the portal is not ready")
		}
	}
}

// inbox hashes the first deliveries of a database in the order of their arrival, and
// counts all.
func inbox(t *testing.T, path string, first int) (sum string, all int) {
	t.Helper()
	conn, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rows, err := conn.QueryContext(t.Context(), "SELECT delivery_id, body FROM inbox ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	hash := sha256.New()
	for ; rows.Next(); all++ {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			t.Fatal(err)
		}
		if all < first {
			fmt.Fprintf(hash, "%s %x\n", id, sha256.Sum256(body))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), all
}

// TestB1BackupAndRestore does what docs/operations.md says, word for word, to a database of
// 56 MB that is written all the time: the copy is the state of one moment, and the portal
// starts on it.
func TestB1BackupAndRestore(t *testing.T) {
	at := newOperator(t)
	live, err := db.Open(t.Context(), "file:"+at.database())
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	body := make([]byte, 700<<10)
	receive := func(ctx context.Context, n int, body []byte) error {
		id := fmt.Sprintf("d-%06d", n)
		_, err := live.Receive(ctx, billing.Delivery{Provider: "polar", ID: id, Type: "x.y", SentAt: time.Now(), Body: body}, "/webhooks/polar", time.Now())
		return err
	}
	n := 0
	for ; n < 80; n++ {
		body[n] = byte(n)
		if err := receive(t.Context(), n, body); err != nil {
			t.Fatal(err)
		}
	}
	before := n
	writing, end := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		for ; writing.Err() == nil; n++ {
			if err := receive(context.WithoutCancel(writing), n, body[:2000]); err != nil {
				t.Error(err)
			}
		}
	})
	for _, command := range documented(t, "Backup") {
		said, err := at.run(command...)
		if err != nil || !strings.Contains(said, "MiB in") {
			t.Fatalf("%v: %v\n%s", command, err, said)
		}
		t.Log(said)
		if said, err := at.run(command...); err == nil || !strings.Contains(said, "never replaces") {
			t.Errorf("a second time: %v\n%s", err, said)
		}
	}
	end()
	writer.Wait()
	file := filepath.Join(at.folder, "counterfoil-backup.db")
	about, err := os.Stat(file)
	if err != nil || about.Size() < 50<<20 || about.Mode().Perm() != 0o600 {
		t.Fatalf("the backup is %v (%v)", about, err)
	}
	sum, copied := inbox(t, file, 1<<30)
	want, all := inbox(t, at.database(), copied)
	if sum != want || copied < before || all != n {
		t.Errorf("%d of %d deliveries in the copy (at least %d): the same: %v", copied, all, before, sum == want)
	}
	t.Logf("the copy has %d deliveries, the database had %d before and %d after", copied, before, all)

	restoring := documented(t, "Restore")
	if said, err := at.run(restoring[0]...); err == nil || !strings.Contains(said, "another process is using") {
		t.Errorf("restored under a running portal: %v\n%s", err, said)
	}
	fresh := newOperator(t)
	if err := os.Link(file, filepath.Join(fresh.folder, filepath.Base(file))); err != nil {
		t.Fatal(err)
	}
	if said, err := fresh.run(restoring[0]...); err != nil || !strings.Contains(said, "it is as of") || !strings.Contains(said, "revoked API keys") {
		t.Fatalf("restore: %v\n%s", err, said)
	}
	if restored, _ := inbox(t, fresh.database(), copied); restored != want {
		t.Error("what was restored is not the state of the copy")
	}
	if said, err := fresh.run(restoring[0]...); err == nil || !strings.Contains(said, "-replace") {
		t.Errorf("restored over a database: %v\n%s", err, said)
	}
	if len(restoring) != 2 || len(restoring[1]) != 0 {
		t.Fatalf("docs/operations.md starts the portal by %v", restoring[1:])
	}
	fresh.start()()
	if _, err := fresh.run("restore", "-replace", filepath.Base(file)); err != nil {
		t.Errorf("restore -replace: %v", err)
	}
	if kept, err := filepath.Glob(fresh.database() + ".before-*"); err != nil || len(kept) != 1 {
		t.Errorf("the old database is kept as %v (%v)", kept, err)
	}
}

// TestPostgresIsCopiedByItsOwn: the exact command is said, without the password.
func TestPostgresIsCopiedByItsOwn(t *testing.T) {
	at := newOperator(t, "DATABASE_URL=postgres://u:secret-word@127.0.0.1:1/x")
	for command, want := range map[string]string{"backup": "pg_dump --format=custom --file=b", "restore": "pg_restore --exit-on-error --single-transaction"} {
		said, err := at.run(command, "b")
		if err == nil || !strings.Contains(said, want) || strings.Contains(said, "secret-word") {
			t.Errorf("%s: %v\n%s", command, err, said)
		}
		// Over a database that has tables the copy has not, --clean drops some and keeps others.
		if strings.Contains(said, "--clean") {
			t.Errorf("%s mixes two databases:\n%s", command, said)
		}
	}
}

// TestCommandLine: what cannot be meant is refused with the usage.
func TestCommandLine(t *testing.T) {
	at := newOperator(t)
	for line, want := range map[string]string{
		"serve now": "takes no other arguments", "backup": "takes FILE", "backup a b": "takes FILE", "restore -force x": "not defined",
		"fly": "is not a command", "backup nothing.db": "there is no database to copy", "restore nothing.db": "no backup to restore",
		"restored": "takes TIME", "restored soon": "give the time of the copy", "restored 2026-01-01": "counterfoil restore tells it",
	} {
		if said, err := at.run(strings.Fields(line)...); err == nil || !strings.Contains(said, want) {
			t.Errorf("%s: %v\n%s", line, err, said)
		}
	}
	if said, err := at.run("help"); err != nil || !strings.Contains(said, "counterfoil backup FILE") {
		t.Errorf("help: %v\n%s", err, said)
	}
}
