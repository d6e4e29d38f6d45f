// Package auth knows who is calling: it proves addresses by e-mailed codes and
// identities by OpenID Connect or OAuth, makes users, and keeps their sessions. It
// must not know pages or words: it answers with values and typed refusals, and
// handlers choose what to say. It calls identity providers, never a billing
// provider: what must happen there is a job written with the sign-in.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"counterfoil/db"
)

// Config is what a Service needs. Store, BaseURL, Now, Log and CodeMail are required.
type Config struct {
	Store   *db.Store
	BaseURL string // public origin, without a slash at the end; https makes the cookie Secure and __Host-
	Now     func() time.Time
	Log     *slog.Logger
	// CodeMail chooses the words of the mail that carries a code. It fills in
	// everything but the reader.
	CodeMail  func(CodeMail) (db.Mail, error)
	Providers []ProviderConfig // in the order in which they are offered; may be empty
	Proxies   []netip.Prefix   // peers whose X-Forwarded-For counts; may be empty
	Limits    Limits           // zero fields take the values of DefaultLimits
	// SkipCreateCustomer leaves new users unknown to the billing provider until
	// they need it. Unset, a job to create the customer is written at sign-up.
	SkipCreateCustomer bool
	// Poke tells the worker that there is a job; may be nil.
	Poke func()
}

// CodeMail is what a mail with a sign-in code must say.
type CodeMail struct {
	Code     string // as shown, XXXX-XXXX
	Minutes  int    // how long it counts
	Language string // the Accept-Language header of the browser that asked
}

// Service signs people in and tells who they are. It is safe for concurrent use.
type Service struct {
	Config
	cookies   *cookies
	providers map[string]*provider
	offered   []ProviderInfo
	limits    *gate
	seen      *sightings
}

// New checks the configuration. It calls nobody: a provider that is down is
// noticed at the first sign-in through it.
func New(config Config) (*Service, error) {
	if config.Store == nil || config.Now == nil || config.Log == nil || config.CodeMail == nil {
		return nil, errors.New("auth: Store, Now, Log and CodeMail must be set")
	}
	base, err := url.Parse(config.BaseURL)
	if err != nil || base.Host == "" || base.Path != "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("auth: base URL %q: want an origin such as https://billing.example.com", config.BaseURL)
	}
	if config.Poke == nil {
		config.Poke = func() {}
	}
	config.Limits = config.Limits.orDefault()
	s := &Service{Config: config, limits: newGate(config.Limits), seen: newSightings()}
	s.cookies = newCookies(s, base.Scheme == "https")
	s.providers, s.offered, err = openProviders(config)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return s, nil
}

// Providers lists the ways in besides the e-mailed code, in their order.
func (s *Service) Providers() []ProviderInfo { return s.offered }

// FormHosts lists the origins that a form to POST /login/{provider} may lead to,
// for the Content-Security-Policy: Chromium applies form-action to redirects too.
func (s *Service) FormHosts() []string {
	var hosts []string
	for _, info := range s.offered {
		hosts = append(hosts, s.providers[info.ID].origin)
	}
	return hosts
}

// address is where a request came from, as text; empty when that can't be told.
func (s *Service) address(r *http.Request) string {
	if a := ClientAddress(r, s.Proxies); a.IsValid() {
		return a.String()
	}
	return ""
}

// How often Run writes down who was seen, and how often it sweeps.
const (
	flushEvery = 10 * time.Second
	sweepEvery = 10 * time.Minute
)

// Run keeps house until ctx ends: it writes down which sessions were seen, so that
// reading a page never waits for the writer, and removes what has ended.
func (s *Service) Run(ctx context.Context) {
	flush, sweep := time.NewTicker(flushEvery), time.NewTicker(sweepEvery)
	defer flush.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			s.report(last, "write down sessions seen", s.FlushSeen(last))
			return
		case <-flush.C:
			s.report(ctx, "write down sessions seen", s.FlushSeen(ctx))
		case <-sweep.C:
			s.report(ctx, "sweep sign-ins", s.Sweep(ctx))
		}
	}
}

func (s *Service) report(ctx context.Context, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, doing, "err", err)
	}
}

// FlushSeen writes down which sessions were seen since it was last called.
func (s *Service) FlushSeen(ctx context.Context) error {
	seen := s.seen.take()
	if len(seen) == 0 {
		return nil
	}
	return s.Store.TouchSessions(ctx, seen)
}

// Sweep removes sessions, codes and sign-ins that have ended.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.Now()
	swept, err := s.Store.SweepSignIns(ctx, now, now.Add(-codeWindow))
	if err != nil {
		return err
	}
	s.Log.DebugContext(ctx, "swept sign-ins", "sessions", swept.Sessions, "codes", swept.Codes, "states", swept.States)
	return nil
}
