package betterauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// pattern is one entry of the trusted origins (Better Auth 1.7, trustedOrigins): an
// origin, one with wildcards, a host with wildcards, or the scheme of an app.
type pattern struct {
	scheme, host string // scheme is empty for a host pattern; host for an app that names none
	path         string // of an app's scheme
	match        *regexp.Regexp
	ranged       bool // its host is digits, dots and wildcards: it means addresses
}

// glued finds a wildcard that reaches into a name: *example.com is evilexample.com too.
var glued = regexp.MustCompile(`(?i)\*[a-z0-9-]*[a-z]`)

// newPattern reads an entry. One that would trust everybody is an error.
func newPattern(entry string) (pattern, error) {
	entry = strings.TrimSpace(entry)
	scheme, rest, found := strings.Cut(entry, "://")
	if !found {
		scheme, rest = "", entry
	}
	scheme = strings.ToLower(scheme)
	host, tail, _ := strings.Cut(rest, "/")
	p := pattern{scheme: scheme, host: strings.ToLower(host), path: tail}
	web := scheme == "" || scheme == "http" || scheme == "https"
	switch {
	case strings.ContainsAny(scheme, "*?") || scheme == "" && !strings.ContainsAny(host, "*?"):
		return p, fmt.Errorf("%q is no origin such as https://app.example.com", entry)
	case web && (tail != "" || host == "" || strings.ContainsAny(host, "@ ")):
		return p, fmt.Errorf("%q is no origin such as https://app.example.com", entry)
	case web && !strings.Contains(strings.Trim(strings.Trim(host, "*?."), "."), ".") && strings.ContainsAny(host, "*?") && !strings.HasPrefix(host, "localhost"):
		return p, fmt.Errorf("%q would trust strangers: name a domain of your own", entry)
	case web && glued.MatchString(host):
		return p, fmt.Errorf("%q would trust strangers: put a dot behind the wildcard", entry)
	}
	if strings.ContainsAny(host, "*?") {
		text := regexp.QuoteMeta(p.host)
		text = strings.ReplaceAll(strings.ReplaceAll(text, `\*`, `[^/@]*`), `\?`, `[^/@]`)
		p.match = regexp.MustCompile("^" + text + "$")
		name, _, _ := strings.Cut(host, ":")
		p.ranged = strings.Trim(name, "0123456789.*?") == ""
	}
	return p, nil
}

// fits tells whether an absolute URL is on the origin of a pattern.
func (p pattern) fits(u *url.URL) bool {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	web := scheme == "http" || scheme == "https"
	switch {
	case u.User != nil || p.scheme == "" && !web || p.scheme != "" && p.scheme != scheme:
		return false
	case web && host == "":
		return false
	case p.ranged:
		if _, err := netip.ParseAddr(u.Hostname()); err != nil {
			return false
		}
	}
	if p.host != "" && (p.match != nil && !p.match.MatchString(host) || p.match == nil && p.host != host) {
		return false
	}
	if web || p.path == "" {
		return true
	}
	at := path.Clean("/" + u.Path)
	return at == "/"+p.path || strings.HasPrefix(at, "/"+p.path+"/")
}

// originOf is the origin of an absolute URL as browsers name it, or empty.
func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Scheme) + "://" + strings.ToLower(u.Host)
}

// trusts tells whether pages of an origin may call with their cookies, and whether an
// absolute URL may be led back to.
func (s *Server) trusts(raw string) bool {
	if strings.ContainsFunc(raw, unsafe) || strings.Contains(raw, `\`) {
		return false
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.Opaque != "" || u.User != nil {
		return false
	}
	if originOf(raw) == s.origin {
		return true
	}
	for _, p := range s.trusted {
		if p.fits(u) {
			return true
		}
	}
	return false
}

func unsafe(c rune) bool { return c < ' ' || c >= 0x7f && c <= 0x9f }

// leadsHome tells whether a browser may be sent somewhere: to a trusted origin, or to a
// local path that every reader takes for one.
func (s *Server) leadsHome(target string) bool {
	if !strings.HasPrefix(target, "/") {
		return s.trusts(target)
	}
	if strings.HasPrefix(target, "//") || strings.Contains(target, `\`) || strings.ContainsFunc(target, unsafe) {
		return false
	}
	local, _, _ := strings.Cut(strings.ToLower(target), "?")
	local, _, _ = strings.Cut(local, "#")
	if strings.Contains(local, "%2f") || strings.Contains(local, "%5c") {
		return false
	}
	u, err := url.Parse(target)
	return err == nil && u.Host == ""
}

// LeadsHome is leadsHome for the portal's pages, which lead back to callers of the API.
func (s *Server) LeadsHome(target string) bool { return s.leadsHome(target) }

// targets are the fields that lead a browser somewhere, wherever they are sent.
var targets = []struct{ field, code, label string }{
	{"callbackURL", "INVALID_CALLBACK_URL", "callbackURL"},
	{"redirectTo", "INVALID_REDIRECT_URL", "redirectURL"},
	{"errorCallbackURL", "INVALID_ERROR_CALLBACK_URL", "errorCallbackURL"},
	{"newUserCallbackURL", "INVALID_NEW_USER_CALLBACK_URL", "newUserCallbackURL"},
}

// checkTargets refuses a body that would lead a browser to a stranger.
func (s *Server) checkTargets(sent map[string]json.RawMessage) error {
	for _, t := range targets {
		raw, there := sent[t.field]
		if !there {
			continue
		}
		var target any
		if err := json.Unmarshal(raw, &target); err != nil {
			return refuse(http.StatusBadRequest, "BAD_REQUEST", "Invalid JSON in request body")
		}
		switch target := target.(type) {
		case nil, bool, float64, []any, map[string]any:
			if target == nil || target == false || target == float64(0) {
				continue
			}
			return refuse(http.StatusBadRequest, "", "Invalid "+t.label+": expected a string")
		case string:
			if target != "" && !s.leadsHome(target) {
				return refuse(http.StatusForbidden, t.code, "Invalid "+t.label)
			}
		}
	}
	return nil
}
