//go:build linux

package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// secret signs the deliveries of the ring. It is a plain text as Polar once made them.
const secret = "the secret of the chaos ring"

// site is one installation: a folder, an address and settings that last over restarts.
type site struct {
	binary  string
	dir     string
	addr    string
	env     []string
	control string
}

func newSite(t *testing.T, binary string, p *provider, env ...string) *site {
	addr := hold(t)
	s := &site{binary: binary, dir: t.TempDir(), addr: addr}
	s.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "COUNTERFOIL_ADDR=" + addr, "COUNTERFOIL_DATA=" + s.dir,
		"POLAR_ACCESS_TOKEN=chaos", "POLAR_WEBHOOK_SECRET=" + secret, "POLAR_SERVER=" + p.URL,
		"SMTP_URL=smtp://127.0.0.1:1", // nobody signs in, but somebody could
	}, env...)
	return s
}

// hold keeps an address for a site until the test's end, also while none of its processes
// listens: by a socket that is bound and does not listen. The kernel gives such a port to
// nobody who asks for any, as every test server does, and to whoever asks for this one.
func hold(t *testing.T) (addr string) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) }) // nothing was written
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
}

// TestAHeldAddress: nobody answers there, whoever names it may listen, and may again.
func TestAHeldAddress(t *testing.T) {
	addr := hold(t)
	for range 2 {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Error("somebody answers")
		}
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(conn.Close(), listener.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *site) database() string { return filepath.Join(s.dir, "counterfoil.db") }

// process is one life of the binary.
type process struct {
	cmd    *exec.Cmd
	log    *os.File
	ended  chan struct{} // closed when it is dead
	status error
}

// start begins a life. failpoint is "name:3", or empty.
func (s *site) start(failpoint string, threads int) (*process, error) {
	log, err := os.Create(filepath.Join(s.dir, "log.txt")) // of the latest life
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(s.binary), log: log, ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = s.dir, log, log
	p.cmd.Env = append(s.env, "FAILPOINT="+failpoint, "CHAOS_CONTROL="+s.control, fmt.Sprintf("GOMAXPROCS=%d", threads))
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it must not outlive the test
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() {
		p.status = errors.Join(p.cmd.Wait(), log.Close())
		close(p.ended)
	}()
	return p, nil
}

// ready waits until the process answers, and returns how long that took.
func (s *site) ready(p *process) (time.Duration, error) {
	began := time.Now()
	for time.Since(began) < time.Minute {
		if p.dead() {
			return 0, errDied
		}
		if conn, err := net.Dial("tcp", s.addr); err == nil {
			conn.Close()
			res, err := http.Get("http://" + s.addr + "/readyz")
			if err == nil {
				res.Body.Close()
				if res.StatusCode == http.StatusOK {
					return time.Since(began), nil
				}
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, errors.New("not ready after a minute")
}

// bare is how long the program takes to start and to do nothing: how fast the machine is
// at the moment.
func (s *site) bare() (time.Duration, error) {
	began := time.Now()
	cmd := exec.Command(s.binary, "help")
	cmd.Dir, cmd.Env = s.dir, s.env
	err := cmd.Run()
	return time.Since(began), err
}

var errDied = errors.New("the process died")

func (p *process) dead() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// kill ends the life as a power switch would, and waits for the end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be dead already
	<-p.ended
}

// stop ends the life politely.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	select {
	case <-p.ended:
		return p.status
	case <-ctx.Done():
		p.kill()
		return errors.New("still running a minute after SIGTERM")
	}
}

// reached reports whether the life ended at that failpoint.
func (s *site) reached(name string) bool {
	return bytes.Contains(s.tail(), []byte("\nfailpoint reached: "+name+"\n"))
}

// tail is the end of what the latest life wrote.
func (s *site) tail() []byte {
	text, err := os.ReadFile(filepath.Join(s.dir, "log.txt"))
	if err != nil {
		return []byte(err.Error())
	}
	return text[max(0, len(text)-4000):]
}

// troubles are the lines of the latest life's log that tell of errors.
func (s *site) troubles() string {
	var lines []string
	for line := range strings.Lines(string(s.tail())) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "counterfoil:") || strings.Contains(line, "panic") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
