// Package server puts a whole twin on the loopback interface: engine, Polar's API and webhooks, hosted pages,
// an OpenID provider and a mail sink. It knows how they fit together and nothing of what they do.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"counterfoil/twin"
	"counterfoil/twin/mail"
	"counterfoil/twin/polar"
)

// Config says how to run a twin.
type Config struct {
	Addr       string           // host:port of pages and API, such as localhost:8081; port 0 picks one
	MailAddr   string           // host:port of the mail sink; default 127.0.0.1:0
	PublicURL  string           // how others reach Addr, if not as http://Addr
	Path       string           // SQLite file; "" is a temporary one that Close removes
	WebhookURL string           // where the fixed endpoint points; "" is none
	Seed       bool             // give a new file the demo's shop and history
	Log        *slog.Logger     // nil: slog.Default
	Now        func() time.Time // real time under the movable clock; nil: time.Now
	RetryUnit  time.Duration    // see twin.Config
	// Patience is how long the checkout page waits for its webhook to arrive; 0 is the provider's own.
	Patience time.Duration
}

// Server is a running twin.
type Server struct {
	BaseURL string // scheme and host, no trailing slash: the base URL for polar-go as well
	SMTPURL string // where mail for everybody can be sent, smtp://127.0.0.1:port
	Issuer  string // of the OpenID provider
	Engine  *twin.Engine

	http   *http.Server
	sink   *mail.Sink
	stop   context.CancelFunc
	done   sync.WaitGroup
	remove string // folder of a temporary file
}

// heartbeat is how often the twin looks for due work while nobody calls it.
const heartbeat = 250 * time.Millisecond

// Start runs a twin until Close. ctx only covers the start.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.MailAddr == "" {
		cfg.MailAddr = "127.0.0.1:0"
	}
	s := &Server{}
	if err := s.start(ctx, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("start twin: %w", err), s.Close())
	}
	return s, nil
}

// start fills in s; on an error Close undoes what was done. It listens first: playing the history takes
// seconds, and an address that cannot be had should be known before a file is touched.
func (s *Server) start(ctx context.Context, cfg Config) (err error) {
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, listener.Close())
		}
	}()
	if err := s.open(ctx, &cfg); err != nil {
		return err
	}
	s.BaseURL = baseURL(cfg, listener.Addr())
	s.Issuer = s.BaseURL + "/_twin/oidc"
	if s.sink, err = mail.Start(cfg.MailAddr, s.Engine.SaveMail, cfg.Log); err != nil {
		return err
	}
	s.SMTPURL = "smtp://" + s.sink.Addr()
	api := polar.New(s.Engine, polar.Config{BaseURL: s.BaseURL, Log: cfg.Log})
	if err := s.credentials(ctx, cfg); err != nil {
		return err
	}
	s.http = &http.Server{
		Handler: s.handler(cfg, api), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn),
	}
	run, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.done.Go(func() { s.Engine.Run(run, heartbeat) })
	s.done.Go(func() { api.Deliver(run) })
	s.done.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			cfg.Log.Error("twin stopped", "err", err)
		}
	})
	return nil
}

// open opens the engine's file, which a new file with cfg.Seed gets its history in first.
func (s *Server) open(ctx context.Context, cfg *Config) error {
	if cfg.Path == "" {
		folder, err := os.MkdirTemp("", "twin-")
		if err != nil {
			return err
		}
		s.remove, cfg.Path = folder, filepath.Join(folder, "twin.db")
	}
	engine := twin.Config{Path: cfg.Path, Log: cfg.Log, Now: cfg.Now, RetryUnit: cfg.RetryUnit}
	if _, err := os.Stat(cfg.Path); errors.Is(err, os.ErrNotExist) && cfg.Seed {
		if err := seed(ctx, engine); err != nil {
			return err
		}
	}
	var err error
	s.Engine, err = twin.Open(ctx, engine)
	return err
}

// seed plays the demo's history into a file beside the wanted one and moves it there when it is complete, so
// that a start cut short leaves nothing half done.
func seed(ctx context.Context, cfg twin.Config) error {
	path := cfg.Path
	cfg.Path += ".seeding"
	for _, leftover := range []string{cfg.Path, cfg.Path + "-wal", cfg.Path + "-shm"} {
		if err := os.Remove(leftover); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	engine, err := twin.Open(ctx, cfg)
	if err != nil {
		return err
	}
	if err := errors.Join(engine.Seed(ctx), engine.Close()); err != nil {
		return err
	}
	return os.Rename(cfg.Path, path)
}

// baseURL is how others reach the twin.
func baseURL(cfg Config, addr net.Addr) string {
	if cfg.PublicURL != "" {
		return strings.TrimSuffix(cfg.PublicURL, "/")
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if name, _, err := net.SplitHostPort(cfg.Addr); err == nil && name != "" {
		host = name
	}
	return "http://" + net.JoinHostPort(host, port)
}

// credentials makes the fixed token and, when asked, the fixed webhook endpoint.
func (s *Server) credentials(ctx context.Context, cfg Config) error {
	if err := s.Engine.EnsureToken(ctx, OrganizationToken); err != nil {
		return err
	}
	if cfg.WebhookURL == "" {
		return nil
	}
	return s.Engine.EnsureEndpoint(ctx, cfg.WebhookURL, WebhookSecret)
}

// Close stops everything and waits for it. What was under way is finished or will be at the next start.
func (s *Server) Close() error {
	var errs []error
	if s.stop != nil {
		s.stop()
	}
	if s.http != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if err := s.http.Shutdown(ctx); err != nil {
			errs = append(errs, s.http.Close())
		}
	}
	if s.sink != nil {
		errs = append(errs, s.sink.Close())
	}
	s.done.Wait()
	if s.Engine != nil {
		errs = append(errs, s.Engine.Close())
	}
	if s.remove != "" {
		errs = append(errs, os.RemoveAll(s.remove))
	}
	return errors.Join(errs...)
}
