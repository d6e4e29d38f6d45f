package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"syscall"
)

// checkAddresses holds the rules of where the portal listens and how it is reached. It
// writes the public origin as browsers do, because origins are compared as text.
func (c *config) checkAddresses() error {
	listen, err := hostOf("COUNTERFOIL_ADDR", c.Addr)
	if err != nil {
		return err
	}
	if c.BaseURL == "" {
		if !loopback(listen) && !c.demo() {
			return fmt.Errorf("COUNTERFOIL_BASE_URL is not set, and COUNTERFOIL_ADDR is %q, which others can reach: give the public origin, such as https://billing.example.com", c.Addr)
		}
		c.BaseURL = "http://" + c.Addr
		if listen == "" {
			c.BaseURL = "http://localhost" + c.Addr
		}
	}
	base, err := origin(c.BaseURL)
	if err != nil {
		return fmt.Errorf("COUNTERFOIL_BASE_URL is %q: %w", c.BaseURL, err)
	}
	c.BaseURL = base.String()
	public := !loopback(base.Hostname())
	switch {
	case public && base.Scheme != "https":
		return fmt.Errorf("COUNTERFOIL_BASE_URL is %q: a public portal needs https, or its sign-in cookies would be readable on the way", c.BaseURL)
	case c.demo() && !loopback(listen):
		return fmt.Errorf("COUNTERFOIL_ADDR is %q, which others can reach, and no billing provider is configured: the demo lets everybody in, so it listens on loopback addresses only. For a real portal set POLAR_ACCESS_TOKEN, POLAR_WEBHOOK_SECRET and COUNTERFOIL_BASE_URL", c.Addr)
	case c.demo() && public:
		return errors.New("no billing provider is configured: set POLAR_ACCESS_TOKEN and POLAR_WEBHOOK_SECRET (the offline twin serves loopback addresses only)")
	case (public || !loopback(listen)) && isTwinSecret(append(c.PolarSecrets, c.PolarToken)):
		return errors.New("POLAR_ACCESS_TOKEN or POLAR_WEBHOOK_SECRET is the offline twin's, which everybody knows: set your own")
	}
	if c.demo() {
		if twin, err := hostOf("COUNTERFOIL_TWIN_ADDR", c.TwinAddr); err != nil {
			return err
		} else if !loopback(twin) {
			return fmt.Errorf("COUNTERFOIL_TWIN_ADDR is %q, which others can reach: the demo's twin shows all mail and lets everybody in, so it listens on loopback addresses only", c.TwinAddr)
		}
	}
	if c.OperatorFactor == nil {
		c.OperatorFactor = &public
	}
	if c.MailFrom == "" {
		c.MailFrom = "no-reply@" + base.Hostname()
	}
	return nil
}

// https tells whether browsers reach the portal over TLS.
func (c config) https() bool { return strings.HasPrefix(c.BaseURL, "https:") }

// origin reads a public origin: scheme and host in small letters, the port only when it
// is not the scheme's own.
func origin(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.Path != "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errors.New("give the public origin alone, such as https://billing.example.com")
	}
	if port := u.Port(); port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(strings.TrimSuffix(u.Host, ":"))}, nil
}

// hostOf is the host of an address to listen on; it is empty for every interface.
func hostOf(name, addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" || strings.ContainsAny(host, "/ ") {
		return "", fmt.Errorf("%s is %q: give host:port, such as localhost:8080", name, addr)
	}
	return host, nil
}

// addressFault says what to do when an address cannot be listened on.
func addressFault(name string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: %w: stop the program that has it, or set %s to a free one", name, err, name)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: %w: ports below 1024 are for the administrator; set %s to a higher one", name, err, name)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: %w: this machine has no such address; set %s to one that it has", name, err, name)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// loopback reports whether a host name can only be this machine.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
