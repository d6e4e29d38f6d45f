package handlers_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"counterfoil/auth"
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
	database string // its URL
	worker   *worker.Worker
	twin     *server.Server

	stopping chan struct{} // closed by a test to end streams
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, url: "http://" + listener.Addr().String(), database: database, stopping: make(chan struct{})}
	s.store = dbtest.OpenAt(t, s.database)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	config := server.Config{Addr: "127.0.0.1:0", Path: filepath.Join(t.TempDir(), "twin.db"), Seed: true, Log: log, Now: time.Now}
	if webhooks {
		config.WebhookURL = s.url + "/webhooks/polar"
	}
	s.twin, err = server.Start(t.Context(), config)
	if err != nil {
		t.Fatalf("start the twin: %v", err)
	}
	t.Cleanup(func() { _ = s.twin.Close() }) // closed twice where a test stops it
	provider, err := polar.New(polar.Config{
		RequestsPerMinute: 1_000_000, // the pace is tested elsewhere
		Token:             server.OrganizationToken, WebhookSecrets: []string{server.WebhookSecret}, Server: s.twin.BaseURL, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	mailer, err := worker.NewMailer(s.twin.SMTPURL, "no-reply@portal.example")
	if err != nil {
		t.Fatal(err)
	}
	s.worker = worker.New(worker.Config{Store: s.store, Provider: provider, Mailer: mailer, Now: time.Now, Log: log})
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	authority := s.authority(catalogue, log)
	portal, err := handlers.New(handlers.Config{
		Store: s.store, Auth: authority, Provider: provider, Catalogue: catalogue, BaseURL: s.url,
		Operators: []string{"olive@example.com"}, Rehearse: s.worker.Rehearse, ProviderFailing: s.worker.ProviderFailing,
		BrowserEvents: []string{"ai_usage", "file_uploaded"}, Poke: s.worker.Poke, Await: s.worker.Await,
		Styles: true, Stopping: s.stopping, Now: time.Now, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.handler, err = portal.Handler()
	if err != nil {
		t.Fatal(err)
	}
	s.serve(listener, s.handler, authority)
	s.until("the catalog is copied", func() bool {
		products, err := s.store.Products(t.Context())
		return err == nil && len(products) > 0
	})
	return s
}

func (s *stack) authority(catalogue *views.Catalogue, log *slog.Logger) *auth.Service {
	s.t.Helper()
	service, err := auth.New(auth.Config{
		Store: s.store, BaseURL: s.url, Now: time.Now, Log: log, Poke: s.worker.Poke,
		Providers: []auth.ProviderConfig{{
			ID: "oidc", Kind: "openid-connect", Name: "Lumen", Issuer: s.twin.Issuer, ClientID: server.ClientID, ClientSecret: server.ClientSecret,
		}},
		CodeMail: func(m auth.CodeMail) (db.Mail, error) {
			mail, err := views.SignInMail(context.Background(), catalogue.Translator("en", time.UTC), views.Brand{}, m.Code, m.Minutes)
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
	web.Start()
	s.t.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		s.rest()
	})
}

// until waits for a condition that other goroutines bring about.
func (s *stack) until(what string, holds func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited 15 s in vain: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *stack) now() time.Time { return time.Now() }
