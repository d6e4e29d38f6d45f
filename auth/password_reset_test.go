package auth

import (
	"testing"
	"time"
)

func TestReset(t *testing.T) {
	w := newWorld(t)
	b := w.member("ada@example.com")
	if err := w.browser().askReset("Ada@example.com"); err != nil {
		t.Fatal(err)
	}
	token, phone := w.mailed("ada@example.com"), w.browser()
	if email, err := w.auth.OpenReset(phone.request("GET", "/login/reset"), token); err != nil || email != "ada@example.com" {
		t.Fatalf("%q, %v", email, err)
	}
	wantReason(t, phone.reset(token, "short"), ShortPassword)
	if err := phone.reset(token, "another long secret"); err != nil {
		t.Fatal(err)
	}
	if b.who().SignedIn() || phone.who().SignedIn() {
		t.Error("a reset must end every session and begin none")
	}
	wantReason(t, phone.reset(token, "a third long secret"), LinkDead)
	wantReason(t, w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: secret}), WrongPassword)
	if err := w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: "another long secret"}); err != nil {
		t.Error(err)
	}
}

func TestResetLinkEnds(t *testing.T) {
	tests := []struct {
		name string
		then func(w *world)
	}{
		{"after an hour", func(w *world) { w.clock.pass(LinkLife) }},
		{"when another one was used", func(w *world) {
			w.browser().askReset("ada@example.com")
			if err := w.browser().reset(w.mailed("ada@example.com"), "another long secret"); err != nil {
				w.t.Fatal(err)
			}
		}},
		{"when the address is nobody's any more", func(w *world) {
			if _, err := w.raw.Exec(`UPDATE users SET email = 'new@example.com'`); err != nil {
				w.t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.member("ada@example.com")
			w.clock.pass(time.Minute)
			if err := w.browser().askReset("ada@example.com"); err != nil {
				t.Fatal(err)
			}
			token := w.mailed("ada@example.com")
			test.then(w)
			wantReason(t, w.browser().reset(token, "a third long secret"), LinkDead)
		})
	}
}

func TestResetOfNoAccountIsMailedThat(t *testing.T) {
	w := newWorld(t)
	if err := w.browser().askReset("nobody@example.com"); err != nil {
		t.Fatal(err)
	}
	if mail := w.newest("nobody@example.com"); mail.Subject != string(MailUnknown) || mail.Text != "" {
		t.Errorf("mailed %+v", mail)
	}
}

func TestSweepForgetsLinks(t *testing.T) {
	w := newWorld(t)
	w.browser().askReset("ada@example.com")
	w.clock.pass(LinkLife + codeWindow)
	if err := w.auth.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.count(`SELECT COUNT(*) FROM mailed_links`); n != 0 {
		t.Errorf("%d links are left", n)
	}
}
