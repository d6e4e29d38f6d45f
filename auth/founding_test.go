package auth

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTheCodeOfAnAddressSignsNobodyIn: what was mailed for the bills of an organisation is
// no way in, wherever it is typed, and a code of a sign-in makes no organisation.
func TestTheCodeOfAnAddressSignsNobodyIn(t *testing.T) {
	w := newWorld(t)
	eve := w.browser()
	eve.signIn("eve@example.com")
	if err := eve.askOrg("Evil", "victim@example.com"); err != nil {
		t.Fatal(err)
	}
	code := w.mailed("victim@example.com")
	other := w.browser()
	_, err := other.enter("victim@example.com", code) // in a browser that asked for nothing
	wantReason(t, err, ForeignBrowser)
	if err := other.ask("victim@example.com"); err != nil {
		t.Fatal(err)
	}
	_, err = other.enter("victim@example.com", code) // in the place of a code of a sign-in
	wantReason(t, err, WrongCode)
	_, err = eve.proveOrg(w.mailed("victim@example.com")) // by the code of a sign-in
	wantReason(t, err, WrongCode)
	if _, err := eve.proveOrg(code); err != nil { // nobody has that address here
		t.Errorf("its own code: %v", err)
	}
}

// TestACodeOfAnAddressIsHisWhoAsked: another one who names the same address neither ends
// the code nor can use it.
func TestACodeOfAnAddressIsHisWhoAsked(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.browser(), w.browser()
	ada.signIn("ada@example.com")
	eve.signIn("eve@example.com")
	if err := ada.askOrg("Acme", "billing@example.com"); err != nil {
		t.Fatal(err)
	}
	code := w.mailed("billing@example.com")
	w.clock.pass(time.Second)
	if err := eve.askOrg("Evil", "billing@example.com"); err != nil {
		t.Fatal(err)
	}
	_, err := eve.proveOrg(code) // another's code
	wantReason(t, err, WrongCode)
	if o, err := ada.proveOrg(code); err != nil || o.Name != "Acme" {
		t.Errorf("her own: %+v (%v)", o, err)
	}
}

// TestOneCodeMakesOneOrganization: of any number of requests at once with the right code.
func TestOneCodeMakesOneOrganization(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("ada@example.com")
	if err := b.askOrg("Acme", "billing@example.com"); err != nil {
		t.Fatal(err)
	}
	who, code := b.who(), w.mailed("billing@example.com")
	var all sync.WaitGroup
	made := make(chan error, 4)
	for range cap(made) {
		r := b.request("POST", "/orgs/code")
		all.Go(func() {
			_, err := w.auth.CreateOrganization(httptest.NewRecorder(), r, who, code)
			made <- err
		})
	}
	all.Wait()
	close(made)
	done := 0
	for err := range made {
		if err == nil {
			done++
		}
	}
	list, err := w.store.Organizations(t.Context(), who.UserID)
	if err != nil || len(list) != 1 || done != 1 {
		t.Errorf("%d requests made %d organisations (%v)", done, len(list), err)
	}
}

// TestACodeOfAnAddressEnds: after five wrong tries, after a day, and when another is sent.
func TestACodeOfAnAddressEnds(t *testing.T) {
	tests := []struct {
		name string
		do   func(w *world, b *browser)
		want Reason
	}{
		{"five wrong tries", func(_ *world, b *browser) {
			for range codeTries {
				_, _ = b.proveOrg("2222-2222")
			}
		}, CodeDead},
		{"a day", func(w *world, _ *browser) { w.clock.pass(FoundingLife + time.Second) }, CodeExpired},
		{"another one", func(w *world, b *browser) {
			w.clock.pass(time.Second)
			if err := b.askOrg("Acme", "billing@example.com"); err != nil {
				w.t.Error(err)
			}
		}, WrongCode},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.signIn("ada@example.com")
			if err := b.askOrg("Acme", "Billing@Example.com "); err != nil {
				t.Fatal(err)
			}
			code := w.mailed("billing@example.com")
			test.do(w, b)
			_, err := b.proveOrg(code)
			wantReason(t, err, test.want)
		})
	}
}

// TestAnAddressIsNotFloodedWithCodes: as many as of sign-ins, together with them.
func TestAnAddressIsNotFloodedWithCodes(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("ada@example.com")
	for n := range w.auth.Limits.CodesPerAddress {
		if err := b.askOrg("Acme", "billing@example.com"); err != nil {
			t.Fatalf("code %d: %v", n+1, err)
		}
	}
	err := b.askOrg("Acme", "billing@example.com") // one more
	wantReason(t, err, TooMany)
	err = w.browser().ask("billing@example.com") // one for a sign-in
	wantReason(t, err, TooMany)
	if text := w.mailed("billing@example.com"); strings.Count(text, "-") != 1 {
		t.Errorf("the mail holds %q", text)
	}
}
