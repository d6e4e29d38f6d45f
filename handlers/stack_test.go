package handlers_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/db/dbtest"
	"counterfoil/handlers"
	"counterfoil/twin/server"
	"counterfoil/views"
	"counterfoil/worker"
)

// stack is the whole portal on real parts: its database, its worker, the twin on a
// port of its own, mail over SMTP, webhooks over HTTP. Nothing is mocked.
type stack struct {
	t        testing.TB
	url      string
	handler  http.Handler
	rest     func() // ends the worker's loops
	store    *db.Store
	auth     *auth.Service
	database string // its URL
	worker   *worker.Worker
	twin     *server.Server

	stopping chan struct{} // closed by a test to end streams
	tls      bool          // it is served over https, as in production
	factor   bool          // operators need a passkey or an authenticator
	nobody   bool          // the settings name no operator
	log      *diary        // what the portal logs; nil for the test's own output
	line     *line         // between the portal and the twin's API; nil for none
	ahead    atomic.Int64  // how far the clock of all of it is ahead, in nanoseconds
	still    atomic.Pointer[time.Time]
}

// start runs a stack until the end of the test.
func start(t testing.TB) *stack {
	t.Helper()
	return startWith(t, true)
}

// startWith runs a stack that receives webhooks, or none at all.
func startWith(t testing.TB, webhooks bool) *stack {
	t.Helper()
	return startOn(t, dbtest.URL(t), webhooks)
}

// startOn is startWith on a database of the test's choice.
func startOn(t testing.TB, database string, webhooks bool) *stack {
	t.Helper()
	return (&stack{t: t, database: database}).open(webhooks)
}

// open starts the parts of a stack.
func (s *stack) open(webhooks bool) *stack {
	t := s.t
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url, s.stopping = "http://"+listener.Addr().String(), make(chan struct{})
	if s.tls {
		s.url = "https://" + listener.Addr().String()
	}
	s.store = dbtest.OpenAt(t, s.database)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	if s.log != nil {
		log = slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	config := server.Config{Addr: "127.0.0.1:0", Path: filepath.Join(t.TempDir(), "twin.db"), Seed: true, Log: log, Now: s.now}
	if webhooks {
		config.WebhookURL = s.url + "/webhooks/polar"
	}
	s.twin, err = server.Start(t.Context(), config)
	if err != nil {
		t.Fatalf("start the twin: %v", err)
	}
	t.Cleanup(func() { _ = s.twin.Close() }) // closed twice where a test stops it
	way := polar.Config{
		RequestsPerMinute: 1_000_000, // the pace is tested elsewhere
		Token:             server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: s.twin.BaseURL, Now: s.now, Log: log,
	}
	if s.line != nil {
		s.line.now, way.HTTP = s.now, &http.Client{Transport: s.line}
	}
	provider, err := polar.New(way)
	if err != nil {
		t.Fatal(err)
	}
	mailer, err := worker.NewMailer(s.twin.SMTPURL, "no-reply@portal.example")
	if err != nil {
		t.Fatal(err)
	}
	s.worker = worker.New(worker.Config{Store: s.store, Provider: provider, Mailer: mailer, Now: s.now, Log: log})
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	s.auth = s.authority(catalogue, log)
	portal, err := handlers.New(handlers.Config{
		Store: s.store, Auth: s.auth, Provider: provider, Catalogue: catalogue, BaseURL: s.url,
		OperatorFactor: s.factor, Rehearse: s.worker.Rehearse, ProviderFailing: s.worker.ProviderFailing,
		BrowserEvents: []string{"ai_usage", "file_uploaded"}, Poke: s.worker.Poke, Await: s.worker.Await,
		Styles: true, Stopping: s.stopping, Now: s.now, Log: log,
		Patience: patience, // a page says what became of a wish, on the slowest machine
	})
	if err != nil {
		t.Fatal(err)
	}
	s.handler, err = portal.Handler()
	if err != nil {
		t.Fatal(err)
	}
	s.serve(listener, s.handler, s.auth)
	s.until("the catalog is copied", func() bool {
		products, err := s.store.Products(t.Context())
		return err == nil && len(products) > 0
	})
	return s
}

func (s *stack) authority(catalogue *views.Catalogue, log *slog.Logger) *auth.Service {
	s.t.Helper()
	var operators []string
	if !s.nobody {
		operators = []string{"olive@example.com"}
	}
	service, err := auth.New(auth.Config{
		Operators: operators,
		Store:     s.store, BaseURL: s.url, Now: s.now, Log: handlers.NumberedLog(log), Poke: s.worker.Poke,
		Providers: []auth.ProviderConfig{{
			ID: "oidc", Kind: "oidc", Name: "Lumen", Issuer: s.twin.Issuer, ClientID: server.ClientID, ClientSecret: server.ClientSecret,
		}},
		CodeMail: func(m auth.CodeMail) (db.Mail, error) {
			mail, err := views.SignInMail(context.Background(), catalogue.Translator("en", time.UTC), views.Brand{}, views.SignInCode{Code: m.Code, Minutes: m.Minutes})
			return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
		},
		LinkMail: func(m auth.LinkMail) (db.Mail, error) {
			return db.Mail{Subject: string(m.Kind), Text: s.url + "/login/" + string(m.Kind) + "?token=" + m.Token}, nil
		},
		ChangeMail: func(m auth.ChangeMail) (db.Mail, error) {
			mail, err := views.ChangeMail(context.Background(), catalogue.Translator("en", time.UTC), views.Brand{}, views.EmailChangeMail{
				Kind: string(m.Kind), New: m.New, Code: m.Code, StopURL: s.url + m.StopPath, At: m.At, Hours: "24", SignIn: s.url + "/login",
			})
			return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
		},
		FoundingMail: func(m auth.FoundingMail) (db.Mail, error) {
			mail, err := views.FoundingMail(context.Background(), catalogue.Translator("en", time.UTC), views.Brand{}, m.Organization, m.Founder, m.Code, m.Hours)
			return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
		},
		InvitationMail: func(m auth.InvitationMail) (db.Mail, error) {
			mail, err := views.InvitationMail(context.Background(), catalogue.Translator("en", time.UTC), views.Brand{}, m.Organization, m.Inviter, m.URL, m.Days)
			return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
		},
		NoticeMail: func(n auth.NoticeMail) (db.Mail, error) {
			mail, err := views.SecurityMail(context.Background(), catalogue.Translator("en", time.UTC), views.Brand{}, views.SecurityNotice{
				Event: string(n.Event), Detail: n.Detail, At: n.At, UserAgent: n.UserAgent, Address: n.Address, URL: s.url + "/account",
			})
			return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return service
}

// serve answers on the listener and runs the loops until the test ends.
func (s *stack) serve(listener net.Listener, handler http.Handler, authority *auth.Service) {
	running, stop := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	s.rest = func() {
		stop()
		loops.Wait()
	}
	loops.Go(func() { s.worker.Run(running) })
	loops.Go(func() { authority.Run(running) })
	web := httptest.NewUnstartedServer(handler)
	_ = web.Listener.Close()
	web.Listener = listener
	if s.tls {
		web.StartTLS()
	} else {
		web.Start()
	}
	s.t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		s.rest()
	})
}

// patience is how long something is waited for that takes a moment, even while the machine
// has many other things to do.
const patience = 3 * time.Minute

// until waits for a condition that other goroutines bring about.
func (s *stack) until(what string, holds func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited %s in vain: %s", patience, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// known waits until the provider knows somebody. To try his forms until one works would use
// up how many he may send in a minute.
func (s *stack) known(email string) (there billing.Customer) {
	s.t.Helper()
	user, err := s.store.UserByEmail(s.t.Context(), email)
	if err != nil {
		s.t.Fatal(err)
	}
	s.until("the provider knows "+email, func() bool {
		there, err = s.store.ProviderCustomer(s.t.Context(), "polar", user.ID)
		return err == nil
	})
	return there
}

// delivered reports whether the provider has no webhook left to send.
func (s *stack) delivered() bool { return s.twin.Engine.Summary().Waiting == 0 }

// now is the clock of the portal and of the twin.
func (s *stack) now() time.Time {
	now := time.Now()
	if at := s.still.Load(); at != nil {
		now = *at
	}
	return now.Add(time.Duration(s.ahead.Load()))
}

// later moves that clock.
func (s *stack) later(d time.Duration) { s.ahead.Add(int64(d)) }

// stand stops that clock where it is: what is counted by time does not depend on how fast
// the machine is, and what failed is not tried again.
func (s *stack) stand() {
	now := time.Now()
	s.still.Store(&now)
}

// diary is a log that many write to, line by line.
type diary struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (d *diary) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(line)
}

// String is all that was written so far.
func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}
