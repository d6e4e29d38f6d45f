package auth

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// get calls an address with the client that is used for identity providers.
func get(t *testing.T, client *http.Client, address string) ([]byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return io.ReadAll(answer.Body)
}

// SEC-11: whoever redirects a call would choose whom we call next, with our secrets.
func TestSEC11NoRedirectIsFollowed(t *testing.T) {
	var reached atomic.Int32
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(target.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(target.URL, status))
		t.Cleanup(server.Close)
		if _, err := get(t, newClient(true), server.URL); err == nil {
			t.Errorf("a redirect of %d was followed", status)
		}
	}
	w, is := openIDWorld(t)
	is.Config.Handler = http.RedirectHandler(target.URL+"/.well-known/openid-configuration", http.StatusFound)
	_, err := w.browser().begin("oidc")
	wantReason(t, err, ProviderDown)
	if reached.Load() != 0 {
		t.Errorf("%d calls went where they were not sent", reached.Load())
	}
}

// SEC-11: a certificate that nobody vouches for, or one of another name, ends the call.
func TestSEC11CertificatesAreChecked(t *testing.T) {
	var reached atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	if _, err := get(t, newClient(true), server.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody's: %v", err)
	}
	w := newWorld(t, func(c *Config) {
		c.Providers = []ProviderConfig{{ID: "oidc", Kind: "oidc", Name: "Example", ClientID: "id", ClientSecret: "secret", Issuer: server.URL}}
	})
	_, err := w.browser().begin("oidc")
	wantReason(t, err, ProviderDown)
	if reached.Load() != 0 {
		t.Error("a request went to somebody who could not show who he is")
	}
}

// SEC-11: an answer has an end, in its headers too.
func TestSEC11AnswersAreBounded(t *testing.T) {
	endless := map[string]http.HandlerFunc{
		"body": func(w http.ResponseWriter, r *http.Request) {
			block := []byte(strings.Repeat("x", 64<<10))
			for r.Context().Err() == nil {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
		"header": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Padding", strings.Repeat("x", 128<<10))
		},
	}
	for name, handler := range endless {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		body, err := get(t, newClient(true), server.URL)
		if err == nil || len(body) > maxAnswer {
			t.Errorf("an endless %s: read %d bytes, %v", name, len(body), err)
		}
	}
}

// SEC-11: somebody who answers nothing, or a byte now and then, is given up.
func TestSEC11CallsEnd(t *testing.T) {
	if client := newClient(false); client.Timeout != providerTimeout || providerTimeout > 10*time.Second {
		t.Errorf("a call may take %v", client.Timeout)
	}
	slow := map[string]http.HandlerFunc{
		"never":        func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"then stalled": func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() },
	}
	for name, handler := range slow {
		server := httptest.NewServer(handler)
		client := newClient(true)
		client.Timeout = 100 * time.Millisecond // the limit, made short
		_, err := get(t, client, server.URL)
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("answered %s: %v", name, err)
		}
		server.CloseClientConnections()
		server.Close()
	}
}

// SEC-11: a host that is named by plain HTTP is called by TLS, or not at all.
func TestSEC11PlainHTTPIsNotSpoken(t *testing.T) {
	var scheme string
	client := newClient(false)
	client.Transport = bounded{roundTrip(func(r *http.Request) (*http.Response, error) {
		scheme = r.URL.Scheme
		return nil, errors.New("enough")
	})}
	if _, err := get(t, client, "http://api.example.com/profile"); err == nil || scheme != "https" {
		t.Errorf("called by %q, %v", scheme, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
