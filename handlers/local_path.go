package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPath is the longest path that a reader is led back to, in bytes.
const maxPath = 2048

// localPath rebuilds a path of our own from one that a reader brought along, or
// answers fallback. It never returns what it was given: whatever browsers, proxies
// and parsers make of backslashes, double slashes, dot segments or schemes, what
// leaves is a slash and clean segments.
func localPath(raw, fallback string) string {
	if len(raw) > maxPath || !strings.HasPrefix(raw, "/") || !utf8.ValidString(raw) || strings.ContainsFunc(raw, unicode.IsControl) {
		return fallback
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Opaque != "" || u.Host != "" || u.User != nil {
		return fallback
	}
	disguised := strings.Contains(u.Path, `\`) || strings.Contains(strings.ToLower(u.RawPath), "%2f")
	if disguised || !strings.HasPrefix(u.Path, "/") || strings.ContainsFunc(u.Path, unicode.IsControl) || !utf8.ValidString(u.Path) {
		return fallback
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fallback
	}
	segments := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	for i, segment := range segments {
		if segment == "." || segment == ".." || segment == "" && len(segments) > 1 {
			return fallback
		}
		segments[i] = url.PathEscape(segment)
	}
	local := "/" + strings.Join(segments, "/")
	if len(query) > 0 {
		local += "?" + query.Encode()
	}
	return local
}

// redirect sends the browser to a path of our own after a form was dealt with. It
// sets Location itself: http.Redirect cleans paths after they were checked.
func redirect(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}
