package auth

import (
	"strings"
	"testing"
)

func TestPasswordsAreJudged(t *testing.T) {
	tests := []struct {
		name, password string
		want           Reason // empty: accepted
	}{
		{"seven characters", "ab3$xyz", ShortPassword},
		{"empty", "", ShortPassword},
		{"eight characters", "ab3$xyzk", ""},
		{"eight characters of two bytes", "éàüöñçßø", ""},
		{"128 characters", strings.Repeat("ab3$xyzk", 16), ""},
		{"129 characters", strings.Repeat("ab3$xyzk", 16) + "x", LongPassword},
		{"no text", "abc\xffdefghijk", LongPassword},
		{"common", "Password123", CommonPassword},
		{"common with signs around it", "!!Superman99", CommonPassword},
		{"common beside as much again", "superman 5820-3948", ""},
		{"a plain word", "Parliament", CommonPassword},
		{"the product", "Counterfoil2026!", CommonPassword},
		{"the seller", "acme&acme&12", CommonPassword},
		{"the seller and a common one", "acme superman", CommonPassword},
		{"the host", "login-shop-2026", CommonPassword},
		{"what the product is for", "Billing.Admin.1", CommonPassword},
		{"the own name", "Byron99Byron", CommonPassword},
		{"a part of the address", "xx-lovelace-xx", CommonPassword},
		{"context beside a good one", "lovelace ab3$xyzk", ""},
		{"one character", "zzzzzzzzzz", CommonPassword},
		{"a row", "23456789", CommonPassword},
		{"a row backwards", "hgfedcba", CommonPassword},
		{"the address", "Ada.Lovelace@example.com", CommonPassword},
		{"its local part", "ada.lovelace", CommonPassword},
		{"its local part with digits", "Ada.Lovelace1!", CommonPassword},
		{"spaces", "four words make it", ""},
	}
	w := newWorld(t, func(c *Config) { c.Brand, c.BaseURL = "Acme Ltd.", "https://login.shop.test" })
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.auth.newPassword(test.password, "ada.lovelace@example.com", "Ada Byron King")
			if test.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if test.want != "" {
				wantReason(t, err, test.want)
			}
		})
	}
}

// The 3,000 most common passwords that are long enough (ASVS 5.0 V6.2.4), and more that
// leaked, are refused however they are written; each line is found, and nothing else is.
func TestCommonPasswordsAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, list := range map[string]string{"common": commonPasswords, "leaked": leakedPasswords} {
		n := 0
		for line := range strings.Lines(list) {
			word := strings.TrimSpace(line)
			if !lists(list, word) || lists(list, word+"\x00") || lists(list, word[:len(word)-1]+"\x01") {
				t.Fatalf("%s: the line %q is not found alone", name, word)
			}
			if _, err := w.auth.newPassword(strings.ToUpper(word), "bo@example.com", ""); err == nil && len(word) >= MinPassword {
				t.Fatalf("%s: %q is accepted", name, word)
			}
			n++
		}
		t.Logf("%s: %d", name, n)
		if name == "leaked" && n < 3000 {
			t.Errorf("%d passwords, want 3,000", n)
		}
	}
	if lists("", "x") || lists(leakedPasswords, "") || lists(leakedPasswords, "\x00") || lists(leakedPasswords, "\xff") {
		t.Error("what is on no list is found")
	}
}

// BenchmarkNewPassword tells what judging a password adds to the 50 ms of its hash.
func BenchmarkNewPassword(b *testing.B) {
	w := newWorld(b)
	for b.Loop() {
		if _, err := w.auth.newPassword("four words make it", "ada.lovelace@example.com", "Ada Byron King"); err != nil {
			b.Fatal(err)
		}
	}
}
