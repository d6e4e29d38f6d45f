package dbtest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
)

// Server is a PostgreSQL server of one test's own, which may be killed.
type Server struct {
	t      testing.TB
	bin    string // folder of the programs
	folder string // socket and data
	data   string
}

// StartServer starts a server for the test, or skips the test where the programs are missing.
func StartServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, bin: programs()}
	if s.bin == "" {
		t.Skip("initdb and pg_ctl are missing; install postgresql")
	}
	var err error
	if s.folder, err = os.MkdirTemp("", "counterfoil-pg"); err != nil { // short, for the socket's path
		t.Fatal(err)
	}
	s.data = filepath.Join(s.folder, "data")
	t.Cleanup(func() {
		_ = s.command("pg_ctl", "-D", s.data, "-m", "immediate", "stop").Run() // it may be dead already
		if err := os.RemoveAll(s.folder); err != nil {
			t.Error(err)
		}
	})
	if os.Getuid() == 0 { // the server refuses to run as root
		postgres, err := user.Lookup("postgres")
		if err != nil {
			t.Skip("run by root, and there is no user postgres to run the server: " + err.Error())
		}
		uid, _ := strconv.Atoi(postgres.Uid)
		if err := os.Chown(s.folder, uid, -1); err != nil {
			t.Fatal(err)
		}
	}
	s.run("initdb", "-D", s.data, "-U", "counterfoil", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	s.Start()
	return s
}

// patience is how many seconds a server may take to start or to stop. It writes the whole
// of its folder to the disk after it was killed.
const patience = "300"

// programs is the folder of initdb and pg_ctl; empty when there is none.
func programs() string {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "pg_ctl")); err == nil {
			return folder
		}
	}
	return ""
}

// Start starts the server, and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.run("pg_ctl", "-D", s.data, "-l", filepath.Join(s.folder, "log"), "-w", "-t", patience, "-o", "-k "+s.folder+" -c listen_addresses=''", "start")
}

// Kill ends the server at once, without a word to anybody, as a crash does.
func (s *Server) Kill() {
	s.t.Helper()
	s.run("pg_ctl", "-D", s.data, "-m", "immediate", "-w", "-t", patience, "stop")
}

// Move makes a copy of a killed server's data, as a failover does, and goes on with that.
func (s *Server) Move() {
	s.t.Helper()
	moved := s.data + "-copy"
	s.runProgram("cp", "-a", s.data, moved)
	s.data = moved
}

// Standby kills the server and starts it as a standby, which nobody feeds.
func (s *Server) Standby() {
	s.t.Helper()
	s.Kill()
	if err := os.WriteFile(filepath.Join(s.data, "standby.signal"), nil, 0o644); err != nil {
		s.t.Fatal(err)
	}
	s.Start()
}

// Socket is where the server listens.
func (s *Server) Socket() string { return filepath.Join(s.folder, ".s.PGSQL.5432") }

// URL is the database of the server.
func (s *Server) URL() string {
	return fmt.Sprintf("postgres:///postgres?user=counterfoil&host=%s", s.folder)
}

func (s *Server) run(program string, args ...string) {
	s.t.Helper()
	s.runProgram(filepath.Join(s.bin, program), args...)
}

func (s *Server) runProgram(path string, args ...string) {
	s.t.Helper()
	// The output goes to a file: the server that pg_ctl leaves behind keeps it open.
	out, err := os.CreateTemp(s.t.TempDir(), "out")
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	command := asPostgres(path, args...)
	command.Stdout, command.Stderr = out, out
	if err := command.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		s.t.Fatalf("%s: %v\n%s", path, err, said)
	}
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	return asPostgres(filepath.Join(s.bin, program), args...)
}

// asPostgres runs a program as the server's user when the tests run as root.
func asPostgres(path string, args ...string) *exec.Cmd {
	command := exec.Command(path, args...)
	if os.Getuid() == 0 {
		command = exec.Command("runuser", append([]string{"-u", "postgres", "--", path}, args...)...)
	}
	command.Dir = "/"
	return command
}
