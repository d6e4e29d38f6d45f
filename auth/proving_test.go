package auth

import (
	"errors"
	"net/http"
	"testing"

	"counterfoil/billing"
)

func (b *browser) askProof(email string) error {
	return b.do(b.request("POST", "/login/prove"), func(w http.ResponseWriter, r *http.Request) error {
		return b.w.auth.AskProof(w, r, email)
	})
}

// waiting is a browser that came back from a provider which vouches for nothing.
func waiting(t *testing.T) (*world, *issuer, *browser) {
	t.Helper()
	w, is := openIDWorld(t)
	is.claims = func(c map[string]any) { c["email_verified"] = false }
	b := w.browser()
	_, err := b.through(is)
	wantReason(t, err, UnverifiedEmail)
	return w, is, b
}

func TestProvingAnAddressLinksTheIdentity(t *testing.T) {
	w, is, b := waiting(t)
	waits, err := w.auth.Proving(b.request("GET", "/login/prove"))
	if err != nil || waits != (Proving{Provider: "Example", Email: "ada@example.com", Next: "/usage"}) {
		t.Fatalf("what waits: %+v, %v", waits, err)
	}
	if err := b.askProof("mine@example.com"); err != nil {
		t.Fatal(err)
	}
	arrival, err := b.enter("", w.mailed("mine@example.com"))
	if err != nil || !arrival.New || arrival.Next != "/usage" || b.who().Email != "mine@example.com" || b.who().Name != "Ada Lovelace" {
		t.Fatalf("arrival %+v of %+v, %v", arrival, b.who(), err)
	}
	again := w.browser()
	if _, err := again.through(is); err != nil || again.who().UserID != b.who().UserID {
		t.Errorf("the identity does not sign in by itself: %+v, %v", again.who(), err)
	}
	if _, err := w.auth.Proving(b.request("GET", "/login/prove")); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("it still waits: %v", err)
	}
}

// What waits is linked by the code that was mailed for it, in its browser, in time, and by
// nothing else.
func TestWhatWaitsIsBound(t *testing.T) {
	tests := []struct {
		name  string
		enter func(w *world, b *browser) error
	}{
		{"a code that was asked for to sign in", func(w *world, b *browser) error {
			b.signIn("eve@example.com")
			return nil
		}},
		{"a code of another address, asked for afterwards", func(w *world, b *browser) error {
			if err := b.askProof("ada@example.com"); err != nil {
				return err
			}
			b.signIn("eve@example.com")
			return nil
		}},
		{"a code in another browser", func(w *world, b *browser) error {
			if err := b.askProof("ada@example.com"); err != nil {
				return err
			}
			w.browser().signIn("ada@example.com")
			return nil
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, _, b := waiting(t)
			if err := test.enter(w, b); err != nil {
				t.Fatal(err)
			}
			if n := w.count(`SELECT COUNT(*) FROM identities`); n != 0 {
				t.Errorf("%d identities were linked", n)
			}
		})
	}
	t.Run("too late", func(t *testing.T) {
		w, _, b := waiting(t)
		w.clock.pass(stateLife)
		wantReason(t, b.askProof("ada@example.com"), ForeignBrowser)
		if err := w.auth.Sweep(t.Context()); err != nil || w.count(`SELECT COUNT(*) FROM pending_identities`) != 0 {
			t.Errorf("it was not swept: %v", err)
		}
	})
	t.Run("a browser in which none waits", func(t *testing.T) {
		w, _, _ := waiting(t)
		wantReason(t, w.browser().askProof("ada@example.com"), ForeignBrowser)
	})
}

func TestCodeSentAgainStillProves(t *testing.T) {
	w, _, b := waiting(t)
	if err := b.askProof("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(1)
	err := b.do(b.request("POST", "/login"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.AskAgain(rw, r, "ada@example.com", "/usage")
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.enter("", w.mailed("ada@example.com")); err != nil || w.count(`SELECT COUNT(*) FROM identities`) != 1 {
		t.Errorf("not linked: %v", err)
	}
}
