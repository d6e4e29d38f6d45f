package auth

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"counterfoil/billing"
)

// app is an authenticator app that was told a secret.
type app struct {
	w      *world
	secret string
}

func (a app) shows(t *testing.T, after time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(a.secret, a.w.clock.Now().Add(after))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrol gives somebody who is signed in an authenticator, and returns it with the
// recovery codes. A step later the app shows a code that was not used.
func (b *browser) enrol(t *testing.T) (app, []string) {
	t.Helper()
	who := b.who()
	if err := b.w.auth.BeginAuthenticator(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	setup, err := b.w.auth.AuthenticatorSetup(t.Context(), who, "Counterfoil")
	if err != nil {
		t.Fatal(err)
	}
	a := app{b.w, setup.Secret}
	codes, err := b.confirms(who, a.shows(t, 0))
	if err != nil || len(codes) != recoveryCodes {
		t.Fatalf("confirm: %d codes, %v", len(codes), err)
	}
	b.w.clock.pass(stepLife)
	return a, codes
}

func (b *browser) confirms(who Visitor, typed string) (recovery []string, err error) {
	err = b.do(b.request("POST", "/account/authenticator/confirm"), func(w http.ResponseWriter, r *http.Request) (err error) {
		recovery, err = b.w.auth.ConfirmAuthenticator(w, r, who, typed)
		return err
	})
	return recovery, err
}

func (b *browser) second(typed string) (Arrival, error) {
	var arrival Arrival
	err := b.do(b.request("POST", "/login/second"), func(w http.ResponseWriter, r *http.Request) error {
		var err error
		arrival, err = b.w.auth.SecondStep(w, r, typed)
		return err
	})
	return arrival, err
}

func (b *browser) confirm(typed string) error {
	who := b.who()
	return b.do(b.request("POST", "/account/confirm"), func(w http.ResponseWriter, r *http.Request) error {
		return b.w.auth.Confirm(w, r, who, typed)
	})
}

// TestSecondStepIsAsked (SEC-08): with an authenticator no first step signs anybody in; a
// code of the app or a recovery code does, once.
func TestSecondStepIsAsked(t *testing.T) {
	w := newWorld(t)
	desk := w.browser()
	desk.signIn("ada@example.com")
	a, recovery := desk.enrol(t)
	phone := w.browser()
	first := func() {
		t.Helper()
		if err := phone.ask("ada@example.com"); err != nil {
			t.Fatal(err)
		}
		arrival, err := phone.enter("", w.mailed("ada@example.com"))
		if err != nil || !arrival.Second {
			t.Fatalf("first step: %+v, %v", arrival, err)
		}
		if who := phone.who(); who.SignedIn() {
			t.Fatalf("signed in by the first step alone: %+v", who)
		}
	}
	first()
	_, err := phone.second("000000")
	wantReason(t, err, WrongSecond)
	code := a.shows(t, 0)
	arrival, err := phone.second(code[:3] + " " + code[3:])
	if err != nil || arrival.Second || arrival.Next != "/portal" || phone.who().Proof != ByTOTP {
		t.Fatalf("second step: %+v, %v, %+v", arrival, err, phone.who())
	}
	first()
	_, err = phone.second(code)
	wantReason(t, err, WrongSecond) // a step counts once
	if _, err := phone.second(strings.ToLower(recovery[0])); err != nil || phone.who().Proof != ByRecovery {
		t.Fatalf("recovery code: %v", err)
	}
	first()
	_, err = phone.second(recovery[0])
	wantReason(t, err, CodeUsed)
	if second, err := w.auth.Second(t.Context(), desk.who()); err != nil || !second.On || second.Left != recoveryCodes-1 {
		t.Errorf("%+v, %v", second, err)
	}
}

// TestSecondStepHasLimits: it has to be done in the browser and within the time of the
// first, and ten wrong codes end the guessing for an hour, in whatever browser.
func TestSecondStepHasLimits(t *testing.T) {
	w := newWorld(t)
	desk := w.browser()
	desk.signIn("ada@example.com")
	a, recovery := desk.enrol(t)
	if _, err := w.browser().second(a.shows(t, 0)); ReasonOf(err) == nil || ReasonOf(err).Reason != ForeignBrowser {
		t.Errorf("a browser that did no first step: %v", err)
	}
	_, err := desk.second(a.shows(t, 0))
	wantReason(t, err, ForeignBrowser) // it is signed in already
	first := func() *browser {
		b := w.browser()
		if err := b.ask("ada@example.com"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.enter("", w.mailed("ada@example.com")); err != nil {
			t.Fatal(err)
		}
		return b
	}
	late := first()
	w.clock.pass(10*time.Minute + time.Second)
	_, err = late.second(a.shows(t, 0))
	wantReason(t, err, ForeignBrowser)
	guesser := first()
	_, err = guesser.second("12345")
	wantReason(t, err, BadCode)
	for range 10 {
		_, err := guesser.second("000000")
		wantReason(t, err, WrongSecond)
	}
	_, err = guesser.second(a.shows(t, 0))
	wantReason(t, err, TooMany)
	_, err = first().second(a.shows(t, 0))
	wantReason(t, err, TooMany)
	if _, err := guesser.second(recovery[1]); err != nil {
		t.Errorf("a recovery code does not help while codes are limited: %v", err)
	}
	w.clock.pass(time.Hour + time.Second)
	if _, err := first().second(a.shows(t, 0)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// TestSecondStepCountsOnceUnderConcurrency: of many who type one code at the same time
// one gets in.
func TestSecondStepCountsOnceUnderConcurrency(t *testing.T) {
	w := newWorld(t)
	desk := w.browser()
	desk.signIn("ada@example.com")
	_, recovery := desk.enrol(t)
	const callers = 8
	var in sync.Map
	var all sync.WaitGroup
	browsers := make([]*browser, callers)
	for i := range browsers {
		browsers[i] = w.browser()
		if i%4 == 0 {
			w.clock.pass(time.Hour) // an address gets five codes an hour
		}
		if err := browsers[i].ask("ada@example.com"); err != nil {
			t.Fatal(err)
		}
		if _, err := browsers[i].enter("", w.mailed("ada@example.com")); err != nil {
			t.Fatal(err)
		}
	}
	for i, b := range browsers[callers-4:] {
		all.Go(func() {
			if _, err := b.second(recovery[0]); err == nil {
				in.Store(i, true)
			}
		})
	}
	all.Wait()
	n := 0
	in.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d browsers got in with one code, want one", n)
	}
}

// TestSecretsOfAuthenticatorsAreSealed (SEC-17): the database holds no secret of an
// authenticator and no recovery code, and a row that is copied to another user opens
// nothing.
func TestSecretsOfAuthenticatorsAreSealed(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.browser(), w.browser()
	ada.signIn("ada@example.com")
	bob.signIn("bob@example.com")
	a, recovery := ada.enrol(t)
	bob.enrol(t)
	for _, secret := range append(recovery, a.secret) {
		plain := strings.ReplaceAll(secret, "-", "")
		if n := w.count("SELECT COUNT(*) FROM authenticators WHERE secret LIKE ?", "%"+plain+"%") + w.count("SELECT COUNT(*) FROM recovery_codes WHERE hash = ? OR hash = ?", plain, secret); n != 0 {
			t.Errorf("%.6s... is in the database", secret)
		}
	}
	if _, err := w.raw.Exec("UPDATE authenticators SET secret = (SELECT secret FROM authenticators WHERE user_id = '" + ada.who().UserID + "')"); err != nil {
		t.Fatal(err)
	}
	if err := bob.confirm(a.shows(t, 0)); err == nil || ReasonOf(err) != nil {
		t.Errorf("a secret copied from another user: %v, want a failure of ours", err)
	}
	if err := ada.confirm(a.shows(t, 0)); err != nil {
		t.Errorf("her own: %v", err)
	}
}

// TestAuthenticatorIsSetUpInItsOrder: a secret counts for nothing until it is confirmed,
// is shown no more afterwards, and is not replaced behind the user's back.
func TestAuthenticatorIsSetUpInItsOrder(t *testing.T) {
	w := newWorld(t)
	desk, phone, old := w.browser(), w.browser(), w.browser()
	desk.signIn("ada@example.com")
	old.cookies["__Host-counterfoil"] = desk.cookies["__Host-counterfoil"]
	who := desk.who()
	if _, err := desk.confirms(who, "000000"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("confirmed before it was begun: %v", err)
	}
	if err := w.auth.BeginAuthenticator(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	phone.signIn("ada@example.com")
	if !phone.who().SignedIn() {
		t.Error("a secret that was not confirmed is asked for")
	}
	setup, err := w.auth.AuthenticatorSetup(t.Context(), who, "A & B")
	if err != nil || len(setup.PNG) == 0 {
		t.Fatalf("%v", err)
	}
	_, err = desk.confirms(who, "000000")
	wantReason(t, err, WrongSecond)
	if _, err := desk.confirms(who, (app{w, setup.Secret}).shows(t, 0)); err != nil {
		t.Fatal(err)
	}
	if phone.who().SignedIn() || old.who().SignedIn() || !desk.who().SignedIn() {
		t.Error("another browser or the token of before stays signed in, or this one does not")
	}
	if desk.who().Proof != ByTOTP {
		t.Errorf("the code of the new app proves nothing: %s", desk.who().Proof)
	}
	if _, err := w.auth.AuthenticatorSetup(t.Context(), who, "x"); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("the secret is shown again: %v", err)
	}
	if err := w.auth.BeginAuthenticator(t.Context(), who); !errors.Is(err, billing.ErrConflict) {
		t.Errorf("replaced: %v", err)
	}
	if err := w.auth.RemoveAuthenticator(desk.request("POST", "/"), who); err != nil {
		t.Fatal(err)
	}
	if _, err := w.auth.NewRecovery(desk.request("POST", "/"), who); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("recovery codes for nothing: %v", err)
	}
	if n := w.count("SELECT COUNT(*) FROM recovery_codes"); n != 0 {
		t.Errorf("%d recovery codes are left of a removed authenticator", n)
	}
}

// TestFreshProof (SEC-06): a proof is fresh for fifteen minutes; proving again renews the
// token, and with a second step nothing less is enough.
func TestFreshProof(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("ada@example.com")
	if !w.auth.Fresh(b.who()) || w.auth.Fresh(Visitor{}) {
		t.Error("a sign-in is no fresh proof, or nobody is")
	}
	w.clock.pass(FreshFor)
	if w.auth.Fresh(b.who()) {
		t.Error("still fresh after a quarter of an hour")
	}
	who := b.who()
	err := b.do(b.request("POST", "/account/confirm/code"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.ConfirmCode(rw, r, who)
	})
	if err != nil {
		t.Fatal(err)
	}
	wantReason(t, b.confirm("0000-000X"), WrongCode)
	old := b.cookies["__Host-counterfoil"]
	code := w.mailed("ada@example.com")
	if err := b.confirm(code); err != nil {
		t.Fatal(err)
	}
	stolen := w.browser()
	stolen.cookies["__Host-counterfoil"] = old
	if stolen.who().SignedIn() || !w.auth.Fresh(b.who()) || b.who().SessionID != who.SessionID {
		t.Error("the old token lives on, or the session was not proven")
	}
	wantReason(t, b.confirm(code), CodeUsed)
	a, _ := b.enrol(t)
	w.clock.pass(FreshFor)
	who = b.who()
	err = b.do(b.request("POST", "/account/confirm/code"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.ConfirmCode(rw, r, who)
	})
	wantReason(t, err, SecondNeeded)
	err = b.do(b.request("POST", "/"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.ProveAgain(rw, r, who, ByPassword)
	})
	wantReason(t, err, SecondNeeded)
	if err := b.confirm(a.shows(t, 0)); err != nil || !w.auth.Fresh(b.who()) || b.who().Proof != ByTOTP {
		t.Errorf("by the authenticator: %v", err)
	}
}
