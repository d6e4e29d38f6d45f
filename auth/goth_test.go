package auth

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// consent is what happens on a provider's page: where the browser was sent to is looked
// at, and the answer of the callback returned.
func (far *farSide) consent(t *testing.T, target string) url.Values {
	t.Helper()
	q, code := queryOf(t, target), rand.Text()
	if !strings.HasPrefix(target, "https://") {
		t.Errorf("the browser is sent to %s", target)
	}
	far.mu.Lock()
	defer far.mu.Unlock()
	far.challenges[code] = q.Get("code_challenge")
	if far.kind == "steam" {
		back := q.Get("openid.return_to")
		return url.Values{
			"state": {queryOf(t, back).Get("state")}, "openid.ns": {"http://specs.openid.net/auth/2.0"}, "openid.mode": {"id_res"},
			"openid.op_endpoint": {"https://steamcommunity.com/openid/login"}, "openid.return_to": {back}, "openid.assoc_handle": {"1"},
			"openid.claimed_id": {"https://steamcommunity.com/openid/id/" + far.subject}, "openid.identity": {"https://steamcommunity.com/openid/id/" + far.subject},
			"openid.response_nonce": {"2026-08-03T09:00:00Z1"}, "openid.sig": {code},
			"openid.signed": {"signed,op_endpoint,claimed_id,identity,return_to,response_nonce,assoc_handle"},
		}
	}
	if !isToken(q.Get("state")) || far.pkce != (len(q.Get("code_challenge")) == 43 && q.Get("code_challenge_method") == "S256") {
		t.Errorf("sent on with %v; PKCE %v", q, far.pkce)
	}
	return url.Values{"state": {q.Get("state")}, "code": {code}}
}

// SEC-09: every kind that goth drives, and every other of plain OAuth, goes the whole way,
// from the button to a user. State is bound to the browser and counts once, what the
// callback says beside code and state is not passed on, calls go through our client alone,
// and an address that nobody vouches for links nothing.
func TestSEC09EveryPlainKindGoesTheWholeWay(t *testing.T) {
	whole := http.DefaultTransport
	http.DefaultTransport = deadEnd{}
	t.Cleanup(func() { http.DefaultTransport = whole })
	w := newWorld(t)
	victim := w.browser().signIn("ada@example.com")
	kinds := slices.DeleteFunc(slices.Concat(oauthKinds, gothKinds), func(k Kind) bool { return k.Vouches != "" })
	for i, kind := range kinds {
		at := slices.IndexFunc(profiles, func(p profile) bool { return p.kind == kind.ID })
		if at < 0 {
			t.Errorf("%s has no profile to be tested with", kind.ID)
			continue
		}
		t.Run(kind.ID, func(t *testing.T) {
			w.t = t
			walk(t, w, newFarSide(t, profiles[at]), "203.0."+strconv.Itoa(100+i)+".7:5000", victim)
		})
	}
	if len(profiles) != len(kinds) {
		t.Errorf("%d profiles for %d kinds", len(profiles), len(kinds))
	}
}

func walk(t *testing.T, w *world, far *farSide, address string, victim Visitor) {
	kind := far.offer(t, w)
	b, thief := w.browser(), w.browser()
	b.address, thief.address = address, address
	target, err := b.begin(kind.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := thief.begin(kind.ID); err != nil {
		t.Fatal(err)
	}
	answer := far.consent(t, target)
	_, err = thief.back(kind.ID, answer)
	wantReason(t, err, ForeignBrowser)

	chosen := url.Values{"redirect_uri": {"https://evil.example"}, "code_verifier": {"chosen"}, "provider": {"evil"}}
	for name, values := range answer {
		chosen[name] = values
	}
	_, err = b.back(kind.ID, chosen)
	wantReason(t, err, UnverifiedEmail)
	if b.who().SignedIn() || w.count(`SELECT COUNT(*) FROM identities WHERE provider = ?`, w.auth.providers[kind.ID].authority) != 0 {
		t.Fatal("an address that nobody vouches for linked an identity or signed in")
	}
	far.checkExchange(t, kind)
	_, err = b.back(kind.ID, answer)
	wantReason(t, err, ForeignBrowser) // a state counts once

	waits, err := w.auth.Proving(b.request("GET", "/login/prove"))
	if err != nil || waits.Email != far.email {
		t.Fatalf("what waits: %+v, %v, want the address %q", waits, err, far.email)
	}
	mine := kind.ID + "@example.org"
	if err := b.askProof(mine); err != nil {
		t.Fatal(err)
	}
	if _, err := b.enter("", w.mailed(mine)); err != nil || b.who().Email != mine || b.who().UserID == victim.UserID {
		t.Fatalf("after the proof: %+v, %v", b.who(), err)
	}
	if n := w.count(`SELECT COUNT(*) FROM identities WHERE provider = ? AND subject = ?`, w.auth.providers[kind.ID].authority, far.subject); n != 1 {
		t.Errorf("%d identities of subject %s, want 1", n, far.subject)
	}
	again := w.browser()
	again.address = address
	if target, err = again.begin(kind.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := again.back(kind.ID, far.consent(t, target)); err != nil || again.who().UserID != b.who().UserID {
		t.Errorf("the second time: %+v, %v", again.who(), err)
	}
}

// checkExchange looks at what a provider was asked to exchange.
func (far *farSide) checkExchange(t *testing.T, kind Kind) {
	t.Helper()
	far.mu.Lock()
	defer far.mu.Unlock()
	if len(far.exchanged) != 1 {
		t.Fatalf("%d exchanges, want 1", len(far.exchanged))
	}
	sent := far.exchanged[0]
	if sent.Get("code_verifier") == "chosen" || sent.Has("redirect_uri") && sent.Get("redirect_uri") != base+"/login/"+kind.ID+"/callback" {
		t.Errorf("the exchange sent %v", sent)
	}
	if slices.Contains(far.schemes, "http") {
		t.Error("a call would have gone over plain HTTP")
	}
}

// What WeChat says is an error, or about another person, signs nobody in.
func TestWeChatIsDistrusted(t *testing.T) {
	const good, person = `{"access_token":"` + farToken + `","expires_in":7200,"openid":"o1"}`, `{"openid":"o1","nickname":"Ada"}`
	for name, said := range map[string][2]string{
		"an error for the code":   {`{"errcode":40029,"errmsg":"invalid code"}`, person},
		"no person in the token":  {`{"access_token":"` + farToken + `"}`, person},
		"another person":          {good, `{"openid":"victim","nickname":"Ada"}`},
		"an error for the person": {good, `{"errcode":40003,"openid":"o1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			w, far := newWorld(t), newFarSide(t, profile{kind: "wechat", token: said[0], answer: said[1]})
			far.offer(t, w)
			b := w.browser()
			target, err := b.begin("wechat")
			if err != nil {
				t.Fatal(err)
			}
			_, err = b.back("wechat", far.consent(t, target))
			wantReason(t, err, ProviderRefused)
			if n := w.count(`SELECT COUNT(*) FROM pending_identities`); n != 0 {
				t.Errorf("%d identities wait", n)
			}
		})
	}
}
