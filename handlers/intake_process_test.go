package handlers_test

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"testing"
	"time"

	"counterfoil/auth"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/handlers"
	"counterfoil/views"
)

// intakeRole is how BenchmarkIntake starts this test binary a second time as a process
// of its own: "webhooks" is the portal without its worker, "bare" is the database alone.
const intakeRole = "COUNTERFOIL_INTAKE_ROLE"

func TestMain(m *testing.M) {
	var err error
	switch role := os.Getenv(intakeRole); role {
	case "":
		os.Exit(m.Run())
	case "webhooks":
		err = serveIntake(os.Getenv("COUNTERFOIL_INTAKE_FILE"))
	case "bare":
		err = fillBare(os.Getenv("COUNTERFOIL_INTAKE_FILE"), os.Getenv("COUNTERFOIL_INTAKE_ROWS"))
	default:
		err = fmt.Errorf("no role %s", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// intakeSecret signs what the generator sends. Both keys that Polar may derive from it
// are tried, as in production.
const intakeSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// serveIntake is the chain of handlers that production has, on a loopback port, until
// standard input ends. Nobody applies what arrives, and the log goes where it always
// goes: a line for each request to standard error.
func serveIntake(path string) error {
	store, err := db.Open(context.Background(), "file:"+path)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	handler, err := intakeHandler(store, log, time.Now, intakeSecret)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(listener) }()
	if profile := os.Getenv("COUNTERFOIL_INTAKE_PROFILE"); profile != "" {
		file, err := os.Create(profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println(listener.Addr())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	if err := web.Close(); err != nil {
		return err
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return store.Close()
}

// intakeHandler wires the portal without a worker and without a provider to call.
func intakeHandler(store *db.Store, log *slog.Logger, now func() time.Time, secrets ...string) (http.Handler, error) {
	const nobody = "http://127.0.0.1:9" // receiving calls nobody
	provider, err := polar.New(polar.Config{Token: "unused", WebhookSecrets: secrets, Server: nobody, Log: log})
	if err != nil {
		return nil, err
	}
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		return nil, err
	}
	authority, err := auth.New(auth.Config{
		Store: store, BaseURL: "http://localhost", Now: now, Log: log, Poke: func() {},
		CodeMail: func(auth.CodeMail) (db.Mail, error) { return db.Mail{}, nil },
	})
	if err != nil {
		return nil, err
	}
	portal, err := handlers.New(handlers.Config{
		Store: store, Auth: authority, Provider: provider, Catalogue: catalogue, BaseURL: "http://localhost",
		Poke: func() {}, Now: now, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return portal.Handler()
}

// bareRow is a row of a connection of fillBare's, which waits until it is on disk.
type bareRow struct {
	body []byte
	kept chan error
}

// fillBare writes rows as large as the generator's into the inbox of a new file, as the
// database does in group commit when it has nothing else to do: intakeConnections callers,
// each with its next row when the last one is on disk; one connection, the pragmas of the
// store, one prepared statement, a commit for all that wait. It prints how many
// nanoseconds that took.
func fillBare(path, count string) error {
	rows, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	conn, insert, err := openBare(path)
	if err != nil {
		return err
	}
	bodies := intakeBodies()
	waiting := make(chan bareRow, intakeConnections)
	runtime.GC()
	start := time.Now()
	go func() {
		var callers sync.WaitGroup
		for i := range intakeConnections {
			callers.Go(func() {
				kept := make(chan error, 1)
				for n := i; n < rows; n += intakeConnections {
					waiting <- bareRow{bodies[n%len(bodies)], kept}
					if <-kept != nil {
						return
					}
				}
			})
		}
		callers.Wait()
		close(waiting)
	}()
	for first := range waiting {
		runtime.Gosched() // everybody who can hands his row over
		batch := []bareRow{first}
		for range len(waiting) {
			batch = append(batch, <-waiting)
		}
		err := commitBare(conn, insert, batch)
		for _, row := range batch {
			row.kept <- err
		}
		if err != nil {
			return err
		}
	}
	fmt.Println(time.Since(start).Nanoseconds())
	return conn.Close()
}

func openBare(path string) (*sql.DB, *sql.Stmt, error) {
	store, err := db.Open(context.Background(), "file:"+path) // makes the tables
	if err != nil {
		return nil, nil, err
	}
	if err := store.Close(); err != nil {
		return nil, nil, err
	}
	conn, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"+
		"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-16000)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return nil, nil, err
	}
	conn.SetMaxOpenConns(1)
	insert, err := conn.Prepare(`INSERT INTO inbox (id, provider, endpoint, delivery_id, type, object_kind, object_id, body,
		sent_at, received_at, next_try_at) VALUES (?, 'polar', '/webhooks/polar', ?, 'subscription.updated', 'subscription', ?, ?, ?, ?, ?)
		ON CONFLICT (provider, endpoint, delivery_id) DO NOTHING`)
	return conn, insert, err
}

func commitBare(conn *sql.DB, insert *sql.Stmt, batch []bareRow) error {
	tx, err := conn.Begin()
	if err != nil {
		return err
	}
	own := tx.Stmt(insert)
	for _, row := range batch {
		now := time.Now().UnixMilli()
		if _, err := own.Exec(db.NewID(), db.NewID(), intakeObject, row.body, now, now, now); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// intakeObject is the subscription that every delivery of the generator is about.
const intakeObject = "9f2b4a1e-6d1c-4f0e-8a51-5f4d1f2b7c10"

//go:embed testdata/subscription.updated.json
var intakeBody []byte

// intakeBodies are deliveries of the size and shape of Polar's own, 2.5 kB, of many
// different contents.
func intakeBodies() [][]byte {
	bodies := make([][]byte, 100)
	for i := range bodies {
		bodies[i] = bytes.Replace(intakeBody, []byte("@NUMBER@"), fmt.Appendf(nil, "%08d", i), 1)
	}
	return bodies
}
