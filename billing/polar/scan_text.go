package polar

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// plain are the bytes that stand for themselves in a string.
var plain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// allPlain reports whether eight bytes are all plain, in one go: a byte that is a quote
// or a backslash is zero after the exclusive or with it, and a zero lends a bit when one
// is taken away, as one below a space does. Bytes from 128 on have that bit themselves.
func allPlain(eight uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, backslash := eight^ones*'"', eight^ones*'\\'
	return (eight|(eight-ones*' ')|(quote-ones)|(backslash-ones))&tops == 0
}

// str goes over a string.
func (s *scanner) str() bool {
	s.at++ // the quote
	for {
		rest := s.text[s.at:]
		n := 0
		for n+8 <= len(rest) && allPlain(binary.LittleEndian.Uint64(rest[n:])) {
			n += 8
		}
		for n < len(rest) && plain[rest[n]] {
			n++
		}
		s.at += n
		switch c := s.peek(); {
		case c == '"':
			s.at++
			return true
		case c == '\\':
			if !s.escape() {
				return false
			}
		case c < ' ': // or the end
			return false
		default:
			r, size := utf8.DecodeRune(rest[n:])
			if r == utf8.RuneError && size == 1 {
				return false
			}
			s.at += size
		}
	}
}

func (s *scanner) escape() bool {
	s.at++ // the backslash
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return true
	case 'u':
		s.at++
	default:
		return false
	}
	for range 4 {
		switch c := s.peek(); {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'f', 'A' <= c && c <= 'F':
			s.at++
		default:
			return false
		}
	}
	return true
}

func (s *scanner) word(word string) bool {
	if !bytes.HasPrefix(s.text[s.at:], []byte(word)) {
		return false
	}
	s.at += len(word)
	return true
}

func (s *scanner) number() bool {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return false
	}
	if s.take('.') && !s.digits() {
		return false
	}
	if !s.take('e') && !s.take('E') {
		return true
	}
	if !s.take('-') {
		s.take('+')
	}
	return s.digits()
}

func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}
