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

	"github.com/go-webauthn/webauthn/webauthn"

	"counterfoil/db"
)

// Config is what a Service needs. Store, BaseURL, Now, Log and CodeMail are required.
type Config struct {
	Store   *db.Store
	BaseURL string // public origin, without a slash at the end; https makes the cookie Secure and __Host-
	Brand   string // the seller's name, which no password may be made of; may be empty
	Now     func() time.Time
	Log     *slog.Logger
	// CodeMail chooses the words of the mail that carries a code. It fills in
	// everything but the reader.
	CodeMail func(CodeMail) (db.Mail, error)
	// ChangeMail does the same for the mails of a change of address, which needs it.
	ChangeMail func(ChangeMail) (db.Mail, error)
	// NoticeMail does the same for a mail about the safety of an account; nil sends none.
	NoticeMail func(NoticeMail) (db.Mail, error)
	// InvitationMail words an invitation to an organisation; without it nobody is invited.
	InvitationMail func(InvitationMail) (db.Mail, error)
	// FoundingMail words the code for an organisation's address; without it nobody makes one.
	FoundingMail func(FoundingMail) (db.Mail, error)
	// LinkMail does the same for mails that carry a link, which passwords need.
	LinkMail func(LinkMail) (db.Mail, error)
	// Ways are the ways in that are on, of WayCode, WayLink, WayPassword and WayPasskey;
	// nil for all. Providers are on when they are configured.
	Ways         []Way
	Operators    []string         // addresses of those who run this installation, lower case; without any, the first one comes by a start-up token
	SignUpClosed bool             // nobody becomes a new user but who was invited to an organisation
	Providers    []ProviderConfig // in the order in which they are offered; may be empty
	Proxies      []netip.Prefix   // peers whose X-Forwarded-For counts; may be empty
	Limits       Limits           // zero fields take the values of DefaultLimits
	// Secrets of the installation, 32 bytes or more each, the one in use first: keys are
	// derived from them. Without any, what they protect lasts as long as the process.
	Secrets [][]byte
	// CrossSite lets the cookie of the Better Auth API go along from pages of other sites
	// (SameSite=None); it needs an https BaseURL.
	CrossSite bool
	// SkipCreateCustomer leaves new users unknown to the billing provider until
	// they need it. Unset, a job to create the customer is written at sign-up.
	SkipCreateCustomer bool
	// Poke tells the worker that there is a job; may be nil.
	Poke func()
}

// CodeMail is what a mail with a sign-in code must say.
type CodeMail struct {
	ID       string    // by which a link names the code; empty when links are off
	Back     *LinkBack // it was asked for over the Better Auth API, where its link leads first; nil for the pages
	Code     string    // as shown, four characters, a hyphen and four; it is in the link too
	Typed    bool      // it is to be typed
	Minutes  int       // how long it counts
	Language string    // the Accept-Language header of the browser that asked
}

// Service signs people in and tells who they are. It is safe for concurrent use.
type Service struct {
	Config
	cookies    *cookies
	providers  map[string]*provider
	offered    []ProviderInfo
	limits     *gate
	hasher     *hasher
	ownWords   []string // of this installation, which count for nothing in a password
	seen       *sightings[db.Session]
	renewed    *sightings[db.Session] // whose cookie of the Better Auth API was set again
	usedKeys   *sightings[db.APIKey]
	wireKeys   [][]byte           // sign the cookie of the Better Auth API; the first is in use
	webauthn   *webauthn.WebAuthn // nil where the address has no name
	factorKeys [][]byte           // seal the secrets of authenticators; the first is in use
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
	if config.CrossSite && base.Scheme != "https" {
		return nil, errors.New("auth: cookies for pages of other sites need an https base URL")
	}
	if config.Poke == nil {
		config.Poke = func() {}
	}
	config.Limits = config.Limits.orDefault()
	s := &Service{Config: config, limits: newGate(config.Limits), seen: newSightings[db.Session](), renewed: newSightings[db.Session](), usedKeys: newSightings[db.APIKey](), hasher: newHasher(), ownWords: ownWords(config.Brand, base)}
	s.cookies = newCookies(s, base.Scheme == "https")
	if s.webauthn, err = openPasskeys(base); err != nil {
		return nil, fmt.Errorf("auth: passkeys: %w", err)
	}
	if s.factorKeys, err = keysFor(config.Secrets, "authenticators"); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if s.wireKeys, err = keysFor(config.Secrets, "better-auth cookie"); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	s.providers, s.offered, err = openProviders(config)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if err := s.checkWays(); err != nil {
		return nil, err
	}
	return s, nil
}

// Providers lists the ways in besides the e-mailed code, in their order.
func (s *Service) Providers() []ProviderInfo { return s.offered }

// FormHosts lists the origins that a form to POST /login/{provider} may lead straight to,
// for the Content-Security-Policy: those of providers that are Direct.
func (s *Service) FormHosts() []string {
	var hosts []string
	for _, info := range s.offered {
		if info.Direct {
			hosts = append(hosts, s.providers[info.ID].origin)
		}
	}
	return hosts
}

// Address is where a request came from, as text, by the rules of ClientAddress; empty
// when that can't be told.
func (s *Service) Address(r *http.Request) string { return s.address(r) }

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

// FlushSeen writes down which sessions and API keys were seen since it was last called.
func (s *Service) FlushSeen(ctx context.Context) error {
	var err error
	if seen := append(s.seen.take(), s.renewed.take()...); len(seen) > 0 {
		err = s.Store.TouchSessions(ctx, seen)
	}
	if used := s.usedKeys.take(); len(used) > 0 {
		err = errors.Join(err, s.Store.TouchAPIKeys(ctx, used))
	}
	return err
}

// Sweep removes sessions, codes and sign-ins that have ended.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.Now()
	swept, err := s.Store.SweepSignIns(ctx, now, now.Add(-codeWindow))
	if err != nil {
		return err
	}
	if _, err := s.Store.SweepInvitations(ctx, now.Add(-invitationsKept)); err != nil {
		return err
	}
	s.Log.DebugContext(ctx, "swept sign-ins", "sessions", swept.Sessions, "codes", swept.Codes, "states", swept.States)
	return nil
}
