package db

import (
	"slices"
	"testing"
)

// TestNumbered: each placeholder keeps its argument, and nothing else is touched.
func TestNumbered(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"numbered", "SELECT a FROM t WHERE b = ?1 AND c > ?12 OR d = ?1", "SELECT a FROM t WHERE b = $1 AND c > $12 OR d = $1"},
		{"a list at the end, as sqlc writes it", "SELECT a FROM t WHERE b = ?1 AND id IN (/*SLICE:ids*/?,?)", "SELECT a FROM t WHERE b = $1 AND id IN (/*SLICE:ids*/$2,$3)"},
		{"bare ones alone", "INSERT INTO t VALUES (?, ?)", "INSERT INTO t VALUES ($1, $2)"},
		{"in a text", "SELECT '?1', 'it''s ?', ?1", "SELECT '?1', 'it''s ?', $1"},
		{"in a name", `SELECT "what?1" FROM t WHERE a = ?2`, `SELECT "what?1" FROM t WHERE a = $2`},
		{"in comments", "-- name: X? :many\nSELECT 1 /* ?2 */ - ?1 -- ?", "-- name: X? :many\nSELECT 1 /* ?2 */ - $1 -- ?"},
		{"a text that does not end", "SELECT 'a?1", "SELECT 'a?1"},
		{"other letters", "SELECT 'é' || ?1 || 'ß'", "SELECT 'é' || $1 || 'ß'"},
		{"none", "SELECT 1", "SELECT 1"},
	}
	var known texts
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 2 { // the second time from memory
				if got := known.numbered(tt.query); got != tt.want {
					t.Errorf("%s\nreads %s\nwant  %s", tt.query, got, tt.want)
				}
			}
		})
	}
}

// FuzzNumbered: rewriting twice changes nothing more, and no byte is lost.
func FuzzNumbered(f *testing.F) {
	f.Add("SELECT '?1' FROM t WHERE a = ?1 AND b IN (?,?) -- ?9")
	f.Fuzz(func(t *testing.T, query string) {
		once := numbered(query)
		if twice := numbered(once); twice != once {
			t.Errorf("%q\nreads first %q\nthen %q", query, once, twice)
		}
		if len(once) < len(query) && !slices.Contains([]byte(query), '?') {
			t.Errorf("%q lost something: %q", query, once)
		}
	})
}

func TestStorable(t *testing.T) {
	bad, null := "a\x00\xffb", (*string)(nil)
	args := []any{"fine", bad, &bad, null, int64(7), []byte("\x00"), true}
	got := storable(args)
	if got[0] != "fine" || got[1] != "a\uFFFD\uFFFDb" || got[2] != "a\uFFFD\uFFFDb" || got[3] != null || got[4] != int64(7) || got[5].([]byte)[0] != 0 {
		t.Errorf("made %#v", got)
	}
	if args[1] != bad {
		t.Error("the caller's arguments were changed")
	}
}

// TestCheckSQLite (D9): only libraries that cannot corrupt a database are taken.
func TestCheckSQLite(t *testing.T) {
	for version, fine := range map[string]bool{
		"3.51.2": false, "3.50.9": false, "2.99.99": false, "3.7.0": false, "3.8.11.1": false, "x": false, "": false,
		"3.51.3": true, "3.51.10": true, "3.53.4": true, "4.0.0": true,
	} {
		if err := checkSQLite(version); (err == nil) != fine {
			t.Errorf("%s: %v, want fine %v", version, err, fine)
		}
	}
}
