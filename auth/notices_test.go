package auth

import (
	"testing"
	"time"

	"counterfoil/db"
)

// noticed is a world that words its notices as event and detail, which told lists.
func noticed(t *testing.T, change ...func(*Config)) *world {
	return newWorld(t, append(change, func(c *Config) {
		c.NoticeMail = func(n NoticeMail) (db.Mail, error) {
			return db.Mail{Subject: "notice " + string(n.Event), Text: n.Detail + " " + n.UserAgent + " " + n.Address}, nil
		}
	})...)
}

// told counts the mails about an event to an address.
func (w *world) told(event Event, to string) int {
	return w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'send_mail' AND payload LIKE '%"subject":"notice ' || ? || '"%' AND payload LIKE '%"to":"' || ? || '"%'`, string(event), to)
}

func (b *browser) signOut() {
	b.w.t.Helper()
	if err := b.do(b.request("POST", "/logout"), b.w.auth.SignOut); err != nil {
		b.w.t.Fatalf("sign out: %v", err)
	}
}

// TestAStrangeBrowserIsTold: the first browser of a user is no news, one that he signs
// in with again is none either, any other is, once.
func TestAStrangeBrowserIsTold(t *testing.T) {
	w := noticed(t)
	laptop, phone := w.browser(), w.browser()
	steps := []struct {
		name string
		do   func()
		want int
	}{
		{"the first browser", func() { laptop.signIn("ada@example.com") }, 0},
		{"the same again", func() { laptop.signOut(); laptop.signIn("ada@example.com") }, 0},
		{"another browser", func() { phone.signIn("ada@example.com") }, 1},
		{"that one again", func() { phone.signOut(); phone.signIn("ada@example.com") }, 1},
		{"the first one by another user", func() { laptop.signOut(); laptop.signIn("bob@example.com") }, 1},
		{"one that was forgotten", func() {
			phone.signOut()
			w.clock.pass(db.DeviceLife + time.Hour)
			laptop.signOut()
			laptop.signIn("ada@example.com") // the user is not new, and this browser is seen again
			if err := w.auth.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			phone.signIn("ada@example.com")
		}, 2},
	}
	for _, step := range steps {
		step.do()
		if got := w.told(EventSignIn, "ada@example.com"); got != step.want {
			t.Fatalf("after %s: %d mails, want %d", step.name, got, step.want)
		}
	}
	if w.told(EventSignIn, "bob@example.com") != 0 {
		t.Error("somebody was told of his first browser")
	}
}

// TestNoticesGoToProvenAddressesOnly: a stranger's mailbox is told nothing.
func TestNoticesGoToProvenAddressesOnly(t *testing.T) {
	w := noticed(t)
	b := w.browser()
	who := b.signIn("ada@example.com")
	tell := func() {
		t.Helper()
		if err := w.auth.notify(t.Context(), b.request("POST", "/"), who.UserID, EventKeyMade, "deploy"); err != nil {
			t.Fatal(err)
		}
	}
	tell()
	if _, err := w.raw.Exec(`UPDATE users SET email_verified_at = NULL`); err != nil {
		t.Fatal(err)
	}
	tell()
	if got := w.told(EventKeyMade, "ada@example.com"); got != 1 {
		t.Errorf("%d mails, want 1: an address that nobody has proven was written to, or a proven one was not", got)
	}
}
