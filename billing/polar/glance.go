package polar

import "encoding/json"

// glance takes from a delivery what the intake needs: its type and what can be told
// about its data. It is false for a body that is no JSON object. It reads the body
// once and keeps nothing of it, for the provider waits meanwhile; encoding/json, which
// reads it four times for the same, is what the tests hold it against. Of a member
// that is there twice the last one counts; names are compared exactly.
func glance(body []byte) (eventType string, about subject, ok bool) {
	s := scanner{text: body}
	ok = s.object(0, func(name string) bool {
		switch name {
		case "type":
			eventType, _ = s.maybeString(1)
			return !s.broken
		case "data":
			about = s.subject()
			return !s.broken
		}
		return s.value(1)
	})
	s.space()
	return eventType, about, ok && s.at == len(body)
}

// subject reads data. Data of another shape has none.
func (s *scanner) subject() (about subject) {
	if s.space(); s.at >= len(s.text) || s.text[s.at] != '{' {
		s.broken = !s.value(1)
		return subject{}
	}
	odd := false
	s.broken = !s.object(1, func(name string) bool {
		var into *string
		switch name {
		case "id":
			into = &about.ID
		case "customer_id":
			into = &about.CustomerID
		case "order_id":
			into = &about.OrderID
		default:
			return s.value(2)
		}
		var is bool
		*into, is = s.maybeString(2)
		odd = odd || !is
		return !s.broken
	})
	if odd {
		return subject{}
	}
	return about
}

// scanner walks over JSON and checks its grammar (RFC 8259).
type scanner struct {
	text   []byte
	at     int
	broken bool // the text is no JSON
}

// maxDepth is how deep encoding/json follows.
const maxDepth = 10_000

func (s *scanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\n' || s.text[s.at] == '\r' || s.text[s.at] == '\t') {
		s.at++
	}
}

// next skips space and takes the byte, if it is the one that follows.
func (s *scanner) next(want byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == want {
		s.at++
		return true
	}
	return false
}

// value skips one value.
func (s *scanner) value(depth int) bool {
	s.space()
	if s.at >= len(s.text) {
		return false
	}
	switch s.text[s.at] {
	case '{':
		return s.object(depth, nil)
	case '[':
		return s.array(depth)
	case '"':
		_, ok := s.quoted()
		return ok
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	return s.number()
}

// object walks over an object. member, if there is one, must skip the value of each.
func (s *scanner) object(depth int, member func(name string) bool) bool {
	if depth >= maxDepth || !s.next('{') {
		return false
	}
	if s.next('}') {
		return true
	}
	for {
		s.space()
		name, ok := s.quoted()
		if !ok || !s.next(':') {
			return false
		}
		if member == nil {
			ok = s.value(depth + 1)
		} else {
			ok = member(unquote(name))
		}
		if !ok {
			return false
		}
		if !s.next(',') {
			return s.next('}')
		}
	}
}

func (s *scanner) array(depth int) bool {
	if depth >= maxDepth || !s.next('[') {
		return false
	}
	if s.next(']') {
		return true
	}
	for {
		if !s.value(depth + 1) {
			return false
		}
		if !s.next(',') {
			return s.next(']')
		}
	}
}

func (s *scanner) literal(word string) bool {
	if len(s.text)-s.at < len(word) || string(s.text[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// maybeString is a value that should be a string: "" for null, and false for anything else.
func (s *scanner) maybeString(depth int) (string, bool) {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == '"' {
		raw, ok := s.quoted()
		s.broken = !ok
		return unquote(raw), ok
	}
	isNull := s.at < len(s.text) && s.text[s.at] == 'n'
	s.broken = !s.value(depth)
	return "", isNull
}

// quoted takes a string, with its quotes.
func (s *scanner) quoted() ([]byte, bool) {
	start := s.at
	if s.at >= len(s.text) || s.text[s.at] != '"' {
		return nil, false
	}
	for i := start + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			return s.text[start:s.at], true
		case c < ' ':
			return nil, false
		case c == '\\':
			n := escape(s.text[i+1:])
			if n == 0 {
				return nil, false
			}
			i += n
		}
	}
	return nil, false
}

// escape is how many bytes follow a backslash; 0 for ones that must not.
func escape(rest []byte) int {
	if len(rest) == 0 {
		return 0
	}
	switch rest[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		for i := 1; i <= 4; i++ {
			if i >= len(rest) || !isHex(rest[i]) {
				return 0
			}
		}
		return 5
	}
	return 0
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// number skips -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() bool {
	s.skip('-', '-')
	if !s.skip('0', '0') && !s.digits() {
		return false
	}
	if s.skip('.', '.') && !s.digits() {
		return false
	}
	if s.skip('e', 'E') {
		s.skip('+', '-')
		return s.digits()
	}
	return true
}

// skip takes a byte that is a or b.
func (s *scanner) skip(a, b byte) bool {
	if s.at < len(s.text) && (s.text[s.at] == a || s.text[s.at] == b) {
		s.at++
		return true
	}
	return false
}

// digits takes one or more.
func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return s.at > start
}

// unquote is the content of a string that quoted took.
func unquote(raw []byte) string {
	if len(raw) < 2 {
		return ""
	}
	for _, c := range raw {
		if c == '\\' {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				return ""
			}
			return text
		}
	}
	return string(raw[1 : len(raw)-1])
}
