package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/markbates/goth"

	"counterfoil/db"
)

// ProviderConfig is one identity provider that people may sign in with.
type ProviderConfig struct {
	ID           string // in the path of its routes: lower case, digits, dashes
	Kind         string // "openid-connect", "google" or "github"
	Name         string // on the button
	ClientID     string
	ClientSecret string
	// Issuer is the OpenID issuer's URL; for github the address of a GitHub
	// Enterprise server, empty for github.com. https, or http on loopback.
	Issuer string
}

// ProviderInfo is a provider as the sign-in page shows it.
type ProviderInfo struct {
	ID   string
	Name string
}

// provider is one way in. A kind differs from another in how it is reached (open)
// and in what its answer proves (identify); the flow around is the same.
type provider struct {
	id        string
	authority string // whose subjects these are: kept with every identity
	origin    string // where its pages are
	// open makes goth's half ready. It may call the provider, and is called again
	// at the next sign-in when it fails.
	open func(ctx context.Context) (goth.Provider, error)
	// pkce: goth's session passes a code_verifier on, so a challenge may be sent.
	pkce bool
	// identify turns an answer into an identity, after checking it. Its errors are
	// Refusals of ProviderRefused, ProviderDown or UnverifiedEmail.
	identify func(ctx context.Context, session goth.Session, state db.State) (db.Identity, error)
	// foreign looks at the iss values of a callback (RFC 9207): is it another's?
	foreign func(iss []string) bool
}

// catalogue makes a provider of each kind.
var catalogue = map[string]func(ProviderConfig, surroundings) (*provider, error){
	"openid-connect": newOpenID,
	"google": func(c ProviderConfig, s surroundings) (*provider, error) {
		c.Issuer = "https://accounts.google.com" // Google Identity, OpenID Connect, discovery document
		return newOpenID(c, s)
	},
	"github": newGitHub,
}

// surroundings is what a provider needs of us.
type surroundings struct {
	callback string // absolute URL
	client   *http.Client
	now      func() time.Time
}

var providerID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func openProviders(config Config) (map[string]*provider, []ProviderInfo, error) {
	byID, offered := map[string]*provider{}, []ProviderInfo{}
	client := newClient()
	for _, c := range config.Providers {
		make, known := catalogue[c.Kind]
		switch {
		case !providerID.MatchString(c.ID) || c.ID == "code":
			return nil, nil, fmt.Errorf("provider %q: an id is lower-case letters, digits and dashes, and not code", c.ID)
		case byID[c.ID] != nil:
			return nil, nil, fmt.Errorf("provider %q is there twice", c.ID)
		case !known:
			return nil, nil, fmt.Errorf("provider %q: no kind %q", c.ID, c.Kind)
		case c.ClientID == "" || c.ClientSecret == "" || c.Name == "":
			return nil, nil, fmt.Errorf("provider %q: name, client id and client secret must be set", c.ID)
		}
		p, err := make(c, surroundings{callback: config.BaseURL + "/login/" + c.ID + "/callback", client: client, now: config.Now})
		if err != nil {
			return nil, nil, fmt.Errorf("provider %q: %w", c.ID, err)
		}
		byID[c.ID] = p
		offered = append(offered, ProviderInfo{ID: c.ID, Name: c.Name})
	}
	return byID, offered, nil
}

// secureURL checks an address that secrets are sent to, and returns its origin.
func secureURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not an absolute URL without query", raw)
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return "", fmt.Errorf("%q must be https", raw)
	}
	return u.Scheme + "://" + u.Host, nil
}

// What a call to an identity provider may cost.
const (
	providerTimeout = 10 * time.Second
	maxAnswer       = 1 << 20 // bytes
)

// newClient makes the client for all calls to identity providers: it gives up,
// reads no endless answer, and goes nowhere it was not told to.
func newClient() *http.Client {
	return &http.Client{
		Timeout:   providerTimeout,
		Transport: bounded{http.DefaultTransport},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("identity providers answer without redirects")
		},
	}
}

type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, maxAnswer)
	}
	return answer, err
}
