package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// What a call to an identity provider may cost.
const (
	providerTimeout = 10 * time.Second
	maxAnswer       = 1 << 20 // bytes
)

// newClient makes the client for all calls to one identity provider: it gives up, reads
// no endless answer, goes nowhere it was not told to, and, unless within says so, to no
// address inside our own network (SEC-11). Proxies of the environment are not used: what
// they reach could not be checked.
func newClient(within bool) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	if !within {
		// After names are resolved, for every address tried: an answer of DNS that
		// changes between check and use changes nothing.
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return outside(address) }
	}
	transport := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 10, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Timeout:   providerTimeout,
		Transport: bounded{transport},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("identity providers answer without redirects")
		},
	}
}

var errInside = errors.New("the address is inside our own network")

// shared are ranges that are neither private by name nor public (IANA special-purpose
// address registries): 0.0.0.0/8, carriers' NAT, protocol assignments, benchmarks, and the
// IPv6 prefixes that carry an IPv4 address, in which any of these could hide.
var shared = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("fec0::/10"),
}

// outside refuses to dial what is not on the public internet.
func outside(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	ip := plain(at.Addr())
	if ip.IsPrivate() || !ip.IsGlobalUnicast() || within(shared, ip) {
		return fmt.Errorf("dial %s: %w", ip, errInside)
	}
	return nil
}

type bounded struct{ next http.RoundTripper }

// RoundTrip speaks TLS with everybody but this machine, even where goth names an API by
// plain HTTP (Steam's), and bounds the answer.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" && !isLoopback(r.URL.Hostname()) {
		secure := *r.URL
		secure.Scheme = "https"
		r = r.Clone(r.Context())
		r.URL = &secure
	}
	answer, err := b.next.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, maxAnswer)
	}
	return answer, err
}

// secureURL checks an address that secrets are sent to, and returns its origin.
func secureURL(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("%q is not an absolute URL without query", raw)
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return "", fmt.Errorf("%q must be https", raw)
	}
	return u.Scheme + "://" + u.Host, nil
}

// isLoopback tells whether a host can only be this machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// onLoopback tells whether the operator configured an address on this machine.
func onLoopback(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && isLoopback(u.Hostname())
}

// readJSON asks an API of a provider about the owner of an access token; authorization is
// the header that shows it, or empty.
func readJSON(ctx context.Context, client *http.Client, address, authorization, accept string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	request.Header.Set("Accept", accept)
	answer, err := client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // its address may hold what is secret
		}
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return fmt.Errorf("its answer: %.200s", strings.ToValidUTF8(err.Error(), ""))
	}
	return nil
}
