package auth

import (
	"fmt"
	"testing"
	"time"
)

func TestSignUpWithPassword(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if _, err := b.signUp(SignUp{Email: "Ada@Example.com", Password: secret, Name: "Ada", Next: "/plans"}); err != nil {
		t.Fatal(err)
	}
	if w.count(`SELECT COUNT(*) FROM users`) != 0 || b.who().SignedIn() {
		t.Error("somebody is there before the address is proven")
	}
	wantReason(t, b.password(PasswordSignIn{Email: "ada@example.com", Password: secret}), WrongPassword)
	token := w.mailed("ada@example.com")
	for range 2 { // opening spends nothing
		v, err := w.auth.OpenVerification(b.request("GET", "/login/verify"), token)
		if err != nil || v.Email != "ada@example.com" || v.NeedsPassword {
			t.Fatalf("%+v, %v", v, err)
		}
	}
	if err := b.verify(token, ""); err != nil {
		t.Fatal(err)
	}
	if who := b.who(); who.Email != "ada@example.com" || !who.EmailVerified || who.Name != "Ada" || who.Proof != ByLink {
		t.Errorf("visitor: %+v", who)
	}
	if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'create_customer'`); n != 1 {
		t.Errorf("%d jobs to create the customer, want 1", n)
	}
	wantReason(t, w.browser().verify(token, secret), LinkDead)
	if err := w.browser().password(PasswordSignIn{Email: "ADA@example.com", Password: secret}); err != nil {
		t.Errorf("sign in afterwards: %v", err)
	}
}

func TestVerifyingInAnotherBrowserNeedsThePassword(t *testing.T) {
	w := newWorld(t)
	if _, err := w.browser().signUp(SignUp{Email: "ada@example.com", Password: secret}); err != nil {
		t.Fatal(err)
	}
	token, phone := w.mailed("ada@example.com"), w.browser()
	v, err := w.auth.OpenVerification(phone.request("GET", "/login/verify"), token)
	if err != nil || !v.NeedsPassword {
		t.Fatalf("%+v, %v", v, err)
	}
	wantReason(t, phone.verify(token, ""), WrongPassword)
	wantReason(t, phone.verify(token, "another long secret"), WrongPassword)
	if err := phone.verify(token, secret); err != nil || !phone.who().EmailVerified {
		t.Errorf("with the password: %v", err)
	}
}

func TestSignUpWithAnAddressThatHasAUser(t *testing.T) {
	w := newWorld(t)
	w.member("ada@example.com")
	b := w.browser()
	if _, err := b.signUp(SignUp{Email: "ada@example.com", Password: "another long secret"}); err != nil {
		t.Fatalf("the page must say the same: %v", err)
	}
	if mail := w.newest("ada@example.com"); mail.Subject != string(MailKnown) || mail.Text != "" {
		t.Errorf("the owner is mailed %+v", mail)
	}
	wantReason(t, b.password(PasswordSignIn{Email: "ada@example.com", Password: "another long secret"}), WrongPassword)
	_, err := b.signUp(SignUp{Email: "ada@example.com", Password: secret, Enter: true})
	wantReason(t, err, EmailTaken)
}

func TestSwitchesAndClosedSignUps(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Ways = []Way{WayCode} })
	wantReason(t, w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: secret}), WayOff)
	_, err := w.browser().signUp(SignUp{Email: "ada@example.com", Password: secret})
	wantReason(t, err, WayOff)
	wantReason(t, w.browser().askReset("ada@example.com"), WayOff)
	w.browser().signIn("ada@example.com")

	w = newWorld(t, func(c *Config) { c.SignUpClosed = true })
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatalf("the page must say the same: %v", err)
	}
	_, err = b.enter("", w.mailed("ada@example.com"))
	wantReason(t, err, SignUpClosed)
	if _, err := w.browser().signUp(SignUp{Email: "ada@example.com", Password: secret}); err != nil {
		t.Errorf("the page must say the same: %v", err)
	}
	if mail := w.newest("ada@example.com"); mail.Subject != string(MailClosed) || mail.Text != "" {
		t.Errorf("mailed %+v", mail)
	}
	_, err = w.browser().signUp(SignUp{Email: "ada@example.com", Password: secret, Enter: true})
	wantReason(t, err, SignUpClosed)
	if n := w.count(`SELECT COUNT(*) FROM users`); n != 0 {
		t.Errorf("%d users", n)
	}
	for _, ways := range [][]Way{{}, {WayPasskey}, {"carrier pigeon", WayCode}} {
		config := w.auth.Config
		config.Ways = ways
		if _, err := New(config); err == nil {
			t.Errorf("ways %v: New succeeded, want a refusal", ways)
		}
	}
}

func TestTheInvitedSignUpWhereSignUpsAreClosed(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.SignUpClosed = true })
	w.exec(`INSERT INTO customer_organizations (id, name, slug, created_at) VALUES ('o', 'Acme', 'acme', 1)`)
	for i, email := range []string{"ada@example.com", "bob@example.com", "late@example.com"} {
		w.exec(fmt.Sprintf(`INSERT INTO invitations (id, organization_id, email, role, token_hash, created_at, expires_at)
			VALUES ('i%d', 'o', '%s', 'member', 't%d', 1, %d)`, i, email, i, w.clock.Now().Add(time.Hour-time.Duration(i/2)*2*time.Hour).UnixMilli()))
	}
	w.browser().signIn("ada@example.com")
	w.member("bob@example.com")
	late := w.browser()
	if err := late.ask("late@example.com"); err != nil {
		t.Fatal(err)
	}
	_, err := late.enter("", w.mailed("late@example.com"))
	wantReason(t, err, SignUpClosed)
}
