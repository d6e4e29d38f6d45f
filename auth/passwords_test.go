package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/alexedwards/argon2id"
)

const secret = "a fine long secret"

func (b *browser) signUp(up SignUp) (Arrival, error) {
	var arrival Arrival
	err := b.do(b.request("POST", "/login/new"), func(w http.ResponseWriter, r *http.Request) (err error) {
		arrival, err = b.w.auth.SignUpWithPassword(w, r, up)
		return err
	})
	return arrival, err
}

func (b *browser) password(in PasswordSignIn) error {
	return b.do(b.request("POST", "/login/password"), func(w http.ResponseWriter, r *http.Request) error {
		_, err := b.w.auth.SignInWithPassword(w, r, in)
		return err
	})
}

func (b *browser) verify(token, password string) error {
	return b.do(b.request("POST", "/login/verify"), func(w http.ResponseWriter, r *http.Request) error {
		_, err := b.w.auth.VerifyEmail(w, r, token, password)
		return err
	})
}

func (b *browser) askReset(email string) error {
	return b.do(b.request("POST", "/login/forgot"), func(w http.ResponseWriter, r *http.Request) error {
		return b.w.auth.RequestReset(w, r, Ask{Email: email})
	})
}

func (b *browser) reset(token, password string) error {
	return b.w.auth.ResetPassword(b.request("POST", "/login/reset"), token, password)
}

// member signs up on the pages and proves the address, in one browser.
func (w *world) member(email string) *browser {
	w.t.Helper()
	b := w.browser()
	if _, err := b.signUp(SignUp{Email: email, Password: secret}); err != nil {
		w.t.Fatalf("sign up: %v", err)
	}
	if err := b.verify(w.mailed(email), ""); err != nil {
		w.t.Fatalf("verify: %v", err)
	}
	return b
}

func TestPasswordIsTheSameOnEveryKeyboard(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if _, err := b.signUp(SignUp{Email: "ada@example.com", Password: "caf\u00e9 au lait"}); err != nil {
		t.Fatal(err)
	}
	if err := b.verify(w.mailed("ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	if err := w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: "cafe\u0301 au lait"}); err != nil {
		t.Errorf("decomposed: %v", err)
	}
}

func TestPasswordSignInIsRefusedAlike(t *testing.T) {
	w := newWorld(t)
	w.member("ada@example.com")
	w.browser().signIn("coder@example.com") // has no password
	for _, email := range []string{"ada@example.com", "coder@example.com", "nobody@example.com"} {
		for _, password := range []string{"wrong password", "", "\xff", strings.Repeat("x", 600)} {
			wantReason(t, w.browser().password(PasswordSignIn{Email: email, Password: password}), WrongPassword)
		}
	}
}

func TestRightPasswordOfAnUnprovenAddressAsksForTheProof(t *testing.T) {
	w := newWorld(t)
	if _, err := w.browser().signUp(SignUp{Email: "ada@example.com", Password: secret, Enter: true}); err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	wantReason(t, b.password(PasswordSignIn{Email: "ada@example.com", Password: secret}), NotProven)
	if b.who().SignedIn() {
		t.Fatal("signed in")
	}
	if err := b.verify(w.mailed("ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	if err := w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: secret}); err != nil {
		t.Errorf("the password is lost: %v", err)
	}
}

func TestOldHashIsRenewedAtSignIn(t *testing.T) {
	w := newWorld(t)
	b := w.member("ada@example.com")
	old, err := argon2id.CreateHash(secret, &argon2id.Params{Memory: 1024, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.raw.Exec(`UPDATE passwords SET hash = '` + old + `'`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.password(PasswordSignIn{Email: "ada@example.com", Password: secret}); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT COUNT(*) FROM passwords WHERE hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'`); n != 1 {
			t.Error("the hash was not renewed")
		}
	}
}

func TestNoPasswordIsStored(t *testing.T) {
	w := newWorld(t)
	w.member("ada@example.com")
	w.browser().askReset("ada@example.com")
	for _, plain := range []string{secret, w.mailed("ada@example.com")} {
		n := w.count(`SELECT (SELECT COUNT(*) FROM passwords WHERE hash LIKE ?1)
			+ (SELECT COUNT(*) FROM mailed_links WHERE token_hash LIKE ?1 OR password_hash LIKE ?1)`, "%"+plain+"%")
		if n != 0 {
			t.Error("a secret is in the database")
		}
	}
}

// Four hashes at once take 80 MiB; the others wait for their turn, or leave.
func TestHashesWaitForTheirTurn(t *testing.T) {
	h := newHasher()
	for range hashersAtOnce {
		h.turns <- struct{}{}
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := h.hash(ctx, secret); !errors.Is(err, context.Canceled) {
		t.Errorf("hashed without a turn: %v", err)
	}
	<-h.turns
	if _, err := h.hash(t.Context(), secret); err != nil {
		t.Errorf("with a turn: %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		crowded := newHasher()
		crowded.turns = make(chan struct{})
		_, _, err := crowded.matches(t.Context(), secret, "")
		wantReason(t, err, TooMany)
	})
}
