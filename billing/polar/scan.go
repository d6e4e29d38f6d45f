package polar

import (
	"bytes"
	"encoding/json"
)

// maxDepth is how deep values may be nested; Polar's are not a tenth of it.
const maxDepth = 512

// scanner goes over JSON text once and copies none of it: it checks that the text is
// one value of RFC 8259 in valid UTF-8, and notes where the fields are that were asked
// for. Where encoding/json takes the last of several fields of one name, and letters of
// either case for the same, the scanner wants exactly one: a text with two readings is
// none.
type scanner struct {
	text  []byte
	at    int
	depth int
}

// field is a field that is looked for, and its value once it was found.
type field struct {
	name  string
	value []byte  // part of the text
	inner []field // to be looked for within the value, if that is an object
}

// scanObject checks text and finds fields of the object that it is.
func scanObject(text []byte, fields []field) bool {
	s := scanner{text: text}
	s.space()
	if s.peek() != '{' || !s.object(fields) {
		return false
	}
	s.space()
	return s.at == len(text)
}

// peek is the next byte; 0, which no JSON has, at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// take goes over one expected byte.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// value goes over any value.
func (s *scanner) value(inner []field) bool {
	switch c := s.peek(); c {
	case '{':
		return s.object(inner)
	case '[':
		return s.array()
	case '"':
		return s.str()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

func (s *scanner) object(fields []field) bool {
	s.at++ // the brace
	if s.depth++; s.depth > maxDepth {
		return false
	}
	defer func() { s.depth-- }()
	s.space()
	if s.take('}') {
		return true
	}
	for {
		s.space()
		from := s.at
		if s.peek() != '"' || !s.str() {
			return false
		}
		f := find(fields, s.text[from:s.at])
		s.space()
		if !s.take(':') {
			return false
		}
		s.space()
		if !s.member(f) {
			return false
		}
		s.space()
		if s.take('}') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// member goes over the value of a field, and notes it if it is one that is looked for.
func (s *scanner) member(f *field) bool {
	if f == nil {
		return s.value(nil)
	}
	from := s.at
	if f.value != nil || !s.value(f.inner) {
		return false
	}
	f.value = s.text[from:s.at]
	return true
}

// find is the field of a quoted name.
func find(fields []field, quoted []byte) *field {
	if len(fields) == 0 {
		return nil
	}
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		text, _ := unquote(quoted)
		name = []byte(text)
	}
	for i := range fields {
		if fields[i].name == string(name) {
			return &fields[i]
		}
	}
	return nil
}

// unquote is the text of a string that the scanner went over; false for another value.
func unquote(value []byte) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1]), true
	}
	var text string
	err := json.Unmarshal(value, &text)
	return text, err == nil
}

func (s *scanner) array() bool {
	s.at++ // the bracket
	if s.depth++; s.depth > maxDepth {
		return false
	}
	defer func() { s.depth-- }()
	s.space()
	if s.take(']') {
		return true
	}
	for {
		s.space()
		if !s.value(nil) {
			return false
		}
		s.space()
		if s.take(']') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}
