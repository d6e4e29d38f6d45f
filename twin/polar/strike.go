package polar

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"counterfoil/twin"
)

// strike serves the request, unless a fault was asked for.
func (s *Server) strike(w http.ResponseWriter, r *http.Request, next http.Handler) {
	fault, ok := s.engine.TakeFault(r.Method, r.URL.Path)
	if !ok {
		next.ServeHTTP(w, r)
		return
	}
	switch fault.Kind {
	case "latency":
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Duration(fault.DelayMS) * time.Millisecond):
		}
		next.ServeHTTP(w, r)
	case "status":
		if fault.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(fault.RetryAfter))
		}
		writeJSON(w, fault.Status, problem{"InjectedFault", http.StatusText(fault.Status)})
	case "html":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		w.Write([]byte("<html><body><h1>502 Bad Gateway</h1></body></html>"))
	case "lost": // the effect happens, the answer is lost
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case "truncated":
		spoil(w, r, next, func(body []byte) []byte { return body[:len(body)/2] })
	case "enum":
		spoil(w, r, next, func(body []byte) []byte { return unheardOf(body, fault) })
	default: // cut
		panic(http.ErrAbortHandler) // the server closes the connection without an answer
	}
}

// spoil serves the request and changes the body of the answer.
func spoil(w http.ResponseWriter, r *http.Request, next http.Handler, change func([]byte) []byte) {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	w.Write(change(answer.Body.Bytes())) // a caller who left needs no answer
}

// unheardOf gives every string under the fault's key a value that nobody knows. What is not JSON stays.
func unheardOf(body []byte, fault twin.Fault) []byte {
	key, value := fault.Key, fault.Value
	if key == "" {
		key = "status"
	}
	if value == "" {
		value = "unheard_of"
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var answer any
	if strings.TrimSpace(string(body)) == "" || dec.Decode(&answer) != nil {
		return body
	}
	replace(answer, key, value)
	if changed, err := json.Marshal(answer); err == nil {
		return changed
	}
	return body
}

// replace walks decoded JSON and sets the strings under key.
func replace(node any, key, value string) {
	switch node := node.(type) {
	case map[string]any:
		for name, inner := range node {
			if _, text := inner.(string); text && name == key {
				node[name] = value
			}
			replace(inner, key, value)
		}
	case []any:
		for _, inner := range node {
			replace(inner, key, value)
		}
	}
}
