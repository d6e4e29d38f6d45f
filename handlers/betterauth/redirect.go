package betterauth

import (
	"net/http"
	"net/url"
	"strings"
)

// sendTo leads a browser to a target that was checked, with one value more in its query;
// an empty target is the API's own page of failures. Local paths are the portal's.
func (s *Server) sendTo(w http.ResponseWriter, target, name, value string) {
	if target == "" {
		target = s.BaseURL + root + "/error"
	}
	if strings.HasPrefix(target, "/") {
		target = s.BaseURL + target
	}
	if name != "" {
		target = withQuery(target, name, value)
	}
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusFound)
}

// withQuery adds a value to the query of an address and leaves the rest as it is.
func withQuery(target, name, value string) string {
	before, fragment, marked := strings.Cut(target, "#")
	join := "?"
	if strings.Contains(before, "?") {
		join = "&"
	}
	before += join + url.QueryEscape(name) + "=" + url.QueryEscape(value)
	if marked {
		before += "#" + fragment
	}
	return before
}

// local is a target if pages may lead to it too: a path of the portal.
func local(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	return ""
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
