package auth

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestNormalEmail(t *testing.T) {
	tests := []struct{ typed, want string }{ // an empty want is a refusal
		{"ada@example.com", "ada@example.com"},
		{"  ADA@Example.Com\n", "ada@example.com"},
		{"ada+tag@mail.example.co.uk", "ada+tag@mail.example.co.uk"},
		{"o'brien@example.com", "o'brien@example.com"},
		{"zoe\u0308@example.com", "zo\u00eb@example.com"},
		{"ada@ex\u00e4mple.com", "ada@ex\u00e4mple.com"},
		{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
		{"", ""},
		{"ada", ""},
		{"@example.com", ""},
		{"ada@", ""},
		{"ada@localhost", ""},
		{"ada@[127.0.0.1]", ""},
		{"ada@example..com", ""},
		{"ada@.example.com", ""},
		{"ada@example.com.", ""},
		{"ada@-example.com", ""},
		{"ada@exa_mple.com", ""},
		{"Ada <ada@example.com>", ""},
		{"<ada@example.com>", ""},
		{"ada@example.com (Ada)", ""},
		{`"ada"@example.com`, ""},
		{"ada@example.com,eve@example.com", ""},
		{"group: ada@example.com;", ""},
		{"ada@example.com\r\nBcc: eve@example.com", ""},
		{"ada@example.com\x00", ""},
		{"ada\u200b@example.com", ""},
		{"ada\u202e@example.com", ""},
		{"a da@example.com", ""},
		{"ada@exam ple.com", ""},
		{"ada@@example.com", ""},
		{"ada@example.com@evil.example", ""},
		{"ada\xff@example.com", ""},
		{strings.Repeat("a", 65) + "@example.com", ""},
		{"ada@" + strings.Repeat("a", 64) + ".com", ""},
		{"ada@" + strings.Repeat("abcdefg.", 40) + "com", ""},
		{strings.Repeat("a", 1<<20), ""},
	}
	for _, test := range tests {
		got, err := normalEmail(test.typed)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("normalEmail(%.60q) = %q, %v; want %q", test.typed, got, err, test.want)
		}
	}
}

// A normal form stays as it is, and holds nothing that could leave a header line.
func FuzzNormalEmail(f *testing.F) {
	for _, seed := range []string{"Ada@Example.com", "zoe\u0308@example.com", "\u0130@example.com", "a@b.c\r\nTo: x@y.z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		once, err := normalEmail(typed)
		if err != nil {
			return
		}
		twice, err := normalEmail(once)
		if err != nil || twice != once {
			t.Errorf("normalEmail(%q) = %q, and again %q, %v", typed, once, twice, err)
		}
		if strings.ContainsAny(once, "\r\n\x00 <>,;\"") || strings.Count(once, "@") != 1 || len(once) > maxEmail {
			t.Errorf("normalEmail(%q) = %q", typed, once)
		}
	})
}

func TestPlainCode(t *testing.T) {
	tests := []struct{ typed, want string }{
		{"7KQM-2XWP", "7KQM2XWP"},
		{" 7kqm 2xwp\n", "7KQM2XWP"},
		{"7kqm\u20132xwp", "7KQM2XWP"},
		{"7k-q m\u00a02\u2212xwp", "7KQM2XWP"},
		{"o1il-0OUV", "01110" + "0VV"},
		{"\u200b7KQM2XWP", "7KQM2XWP"},
		{"", ""},
		{"7KQM2XW", ""},
		{"7KQM2XWPP", ""},
		{"7KQM2XW!", ""},
		{"7KQM2XWé", ""},
		{"７KQM2XWP", ""},
		{strings.Repeat("-", 101), ""},
	}
	for _, test := range tests {
		got, err := plainCode(test.typed)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("plainCode(%q) = %q, %v; want %q", test.typed, got, err, test.want)
		}
	}
}

func FuzzPlainCode(f *testing.F) {
	f.Add("7KQM-2XWP")
	f.Add("\u0131\u017f")
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := plainCode(typed)
		if err == nil && (len(code) != codeLength || strings.Trim(code, codeAlphabet) != "") {
			t.Errorf("plainCode(%q) = %q", typed, code)
		}
	})
}

func TestCodesAreReadBackAsMade(t *testing.T) {
	if len(codeAlphabet) != 32 {
		t.Fatalf("the alphabet has %d characters, want 32 so that bytes map evenly", len(codeAlphabet))
	}
	seen := map[string]bool{}
	for range 1000 {
		code := newCode()
		read, err := plainCode(strings.ToLower(shownCode(code)))
		if err != nil || read != code || seen[code] {
			t.Fatalf("code %s is read back as %s, %v", code, read, err)
		}
		seen[code] = true
	}
}

func TestCodeHashes(t *testing.T) {
	one, err := hashCode("7KQM2XWP")
	if err != nil {
		t.Fatal(err)
	}
	two, err := hashCode("7KQM2XWP")
	if err != nil || one == two {
		t.Errorf("two hashes of one code are the same: no salt; %v", err)
	}
	for code, want := range map[string]bool{"7KQM2XWP": true, "7KQM2XWQ": false, "": false} {
		if got, err := codeMatches(code, one); got != want || err != nil {
			t.Errorf("codeMatches(%q) = %v, %v", code, got, err)
		}
	}
	for _, broken := range []string{"", "a$b$c", "10000$!$!", "1$AA"} {
		if got, err := codeMatches("7KQM2XWP", broken); got || err == nil {
			t.Errorf("codeMatches with the hash %q: %v, %v", broken, got, err)
		}
	}
}

// TestClientAddressAndNetwork (SEC-14): what a client writes of where it comes from counts
// for nothing; a proxy that the operator trusts is believed, and only its own entry.
func TestClientAddressAndNetwork(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	tests := []struct {
		name, peer string
		forwarded  []string
		address    string
		network    string
	}{
		{"no proxy", "203.0.113.7:1", nil, "203.0.113.7", "203.0.113.0/24"},
		{"a stranger's header", "203.0.113.7:1", []string{"1.2.3.4"}, "203.0.113.7", "203.0.113.0/24"},
		{"through the proxy", "10.0.0.1:1", []string{"203.0.113.7"}, "203.0.113.7", "203.0.113.0/24"},
		{"the client wrote the left part", "10.0.0.1:1", []string{"1.2.3.4, 203.0.113.7"}, "203.0.113.7", "203.0.113.0/24"},
		{"two headers", "10.0.0.1:1", []string{"1.2.3.4", "203.0.113.7"}, "203.0.113.7", "203.0.113.0/24"},
		{"two proxies", "10.0.0.1:1", []string{"1.2.3.4, 203.0.113.7, 10.0.0.9"}, "203.0.113.7", "203.0.113.0/24"},
		{"proxy alone", "10.0.0.1:1", nil, "10.0.0.1", "10.0.0.0/24"},
		{"rubbish", "10.0.0.1:1", []string{"203.0.113.7, unknown"}, "10.0.0.1", "10.0.0.0/24"},
		{"IPv6", "[2001:db8:1:2:3:4:5:6]:1", nil, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"IPv4 in IPv6", "[::ffff:203.0.113.7]:1", nil, "203.0.113.7", "203.0.113.0/24"},
		{"with a zone", "[fe80::1%eth0]:1", nil, "fe80::1", "fe80::/64"},
		{"no address", "@", nil, "invalid IP", "invalid Prefix"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = test.peer
			for _, value := range test.forwarded {
				r.Header.Add("X-Forwarded-For", value)
			}
			if got := ClientAddress(r, proxies).String(); got != test.address {
				t.Errorf("address %s, want %s", got, test.address)
			}
			if got := ClientNetwork(r, proxies).String(); got != test.network {
				t.Errorf("network %s, want %s", got, test.network)
			}
		})
	}
}

func TestTurnstile(t *testing.T) {
	now := time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)
	net := func(i int) netip.Prefix { return netip.MustParsePrefix(fmt.Sprintf("10.%d.%d.0/24", i/256%256, i%256)) }
	gate := newTurnstile[netip.Prefix](4, 10)
	for range 4 {
		if err := gate.pass(net(1), now); err != nil {
			t.Fatal(err)
		}
	}
	refusal := wantReason(t, gate.pass(net(1), now), TooMany)
	if refusal.RetryAfter != 15*time.Minute {
		t.Errorf("retry after %v, want 15m: a quarter of an hour's four", refusal.RetryAfter)
	}
	if err := gate.pass(net(1), now.Add(15*time.Minute)); err != nil {
		t.Errorf("after that: %v", err)
	}
	passed := 0
	for i := range 20 {
		if gate.pass(net(i+2), now) == nil {
			passed++
		}
	}
	if passed > 10 {
		t.Errorf("%d of all networks passed, want at most 10", passed)
	}
}

func TestTurnstileForgetsTheLeastRecent(t *testing.T) {
	now := time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)
	gate := newTurnstile[netip.Prefix](1, 10*maxVisits)
	net := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
	}
	for i := range maxVisits {
		gate.pass(net(i), now)
	}
	gate.pass(net(0), now) // seen again, so network 1 is the oldest
	for i := range 100 {
		gate.pass(net(maxVisits+i), now)
	}
	if len(gate.byKey) != maxVisits || gate.recent.Len() != maxVisits {
		t.Errorf("%d networks are kept, want %d", len(gate.byKey), maxVisits)
	}
	if gate.byKey[net(0)] == nil || gate.byKey[net(1)] != nil {
		t.Error("the wrong network was forgotten")
	}
}

func TestAsksPerNetworkAreLimited(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.AsksPerNetwork = 3 })
	ask := func(address string, i int) error {
		b := w.browser()
		b.address = address
		return b.ask(fmt.Sprintf("user%d@example.com", i))
	}
	for i := range 3 {
		if err := ask(fmt.Sprintf("203.0.113.%d:1", i), i); err != nil {
			t.Fatal(err)
		}
	}
	wantReason(t, ask("203.0.113.200:1", 3), TooMany)
	if n := w.count(`SELECT COUNT(*) FROM sessions`); n != 3 {
		t.Errorf("%d sessions: a refused request must leave nothing", n)
	}
	if err := ask("203.0.114.1:1", 4); err != nil {
		t.Errorf("the next network: %v", err)
	}
}
