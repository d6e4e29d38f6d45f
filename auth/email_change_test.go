package auth

import (
	"strings"
	"testing"

	"counterfoil/db"
)

// changing is a world in which ada is signed in twice and has an identity.
type changing struct {
	*world
	laptop, phone *browser
	who           Visitor
}

func newChanging(t *testing.T) *changing {
	w := noticed(t)
	w.auth.ChangeMail = func(m ChangeMail) (db.Mail, error) {
		return db.Mail{Subject: "change " + string(m.Kind), Text: strings.TrimSpace(m.Code + " " + m.StopPath)}, nil
	}
	c := &changing{world: w, laptop: w.browser(), phone: w.browser()}
	c.phone.signIn("ada@example.com")
	c.who = c.laptop.signIn("ada@example.com")
	if _, err := w.raw.Exec(`INSERT INTO identities (provider, subject, user_id, email, created_at, last_used_at) SELECT 'https://id.example', 'ada-1', id, email, 1, 1 FROM users`); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *changing) ask(email string) error {
	return c.auth.AskEmailChange(c.laptop.request("POST", "/account/email"), c.who, email)
}

func (c *changing) wants(email string) {
	c.t.Helper()
	if err := c.ask(email); err != nil {
		c.t.Fatalf("ask for %s: %v", email, err)
	}
}

// code is the one in the newest mail to an address.
func (c *changing) code(to string) string {
	c.t.Helper()
	return strings.Fields(c.mailed(to))[0]
}

func (c *changing) prove(side db.ChangeSide, code string) (bool, error) {
	return c.auth.ProveEmail(c.laptop.request("POST", "/account/email/"+string(side)), c.who, side, code)
}

func (c *changing) email() string {
	c.t.Helper()
	user, err := c.store.User(c.t.Context(), c.who.UserID)
	if err != nil {
		c.t.Fatal(err)
	}
	return user.Email
}

// TestAnAddressChangesWhenBothAreProven, in either order, and with it everything that
// must: other sessions, codes that wait, the customer, the job for the provider.
func TestAnAddressChangesWhenBothAreProven(t *testing.T) {
	const old, new = "ada@example.com", "ada@lovelace.example"
	for _, order := range [][]db.ChangeSide{{db.SideOld, db.SideNew}, {db.SideNew, db.SideOld}} {
		t.Run(string(order[0])+" first", func(t *testing.T) {
			c := newChanging(t)
			stranger := c.browser()
			if err := stranger.ask(old); err != nil {
				t.Fatal(err)
			}
			waiting := c.mailed(old)
			c.wants("  Ada@Lovelace.example ")
			codes := map[db.ChangeSide]string{db.SideOld: c.code(old), db.SideNew: c.code(new)}
			if changed, err := c.prove(order[0], codes[order[0]]); changed || err != nil || c.email() != old {
				t.Fatalf("one proof: changed %v, %v, address %s", changed, err, c.email())
			}
			if changed, err := c.prove(order[1], codes[order[1]]); !changed || err != nil || c.email() != new {
				t.Fatalf("both proofs: changed %v, %v, address %s", changed, err, c.email())
			}
			if c.phone.who().SignedIn() || !c.laptop.who().SignedIn() {
				t.Error("want the other session ended and this one kept")
			}
			if _, err := stranger.enter(old, waiting); err == nil {
				t.Error("a code that was sent to the old address before still signs in")
			}
			for query, want := range map[string]int{
				`SELECT COUNT(*) FROM identities WHERE subject = 'ada-1'`:                              1,
				`SELECT COUNT(*) FROM email_changes`:                                                   0,
				`SELECT COUNT(*) FROM customers WHERE email = 'ada@lovelace.example'`:                  1,
				`SELECT COUNT(*) FROM outbox WHERE kind = 'update_customer' AND state = 'waiting'`:     1,
				`SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL AND email LIKE '%lo%'`: 1,
			} {
				if got := c.count(query); got != want {
					t.Errorf("%s is %d, want %d", query, got, want)
				}
			}
			if c.told(EventEmailChanged, old) != 1 || c.told(EventEmailChanged, new) != 0 {
				t.Error("the old address was not told, or the new one was")
			}
			// The old address is free again: whoever proves it is somebody new.
			if fresh := c.browser().signIn(old); fresh.UserID == c.who.UserID {
				t.Error("the old address still leads to the user")
			}
		})
	}
}

// TestAnAddressThatIsTakenLooksLikeAnyOther: the asker sees no difference, no code for
// it exists, and its owner is told.
func TestAnAddressThatIsTakenLooksLikeAnyOther(t *testing.T) {
	c := newChanging(t)
	c.browser().signIn("bob@example.com")
	c.wants("bob@example.com")
	taken, err := c.auth.PendingEmail(t.Context(), c.who)
	if err != nil || taken.New != "bob@example.com" || taken.NewProven {
		t.Fatalf("the change that waits is %+v, %v", taken, err)
	}
	if mail := c.mailed("bob@example.com"); mail != "" {
		t.Errorf("the owner was mailed %q, want no code", mail)
	}
	_, err = c.prove(db.SideNew, "AAAA-AAAA")
	wantReason(t, err, WrongCode)
	if c.count(`SELECT COUNT(*) FROM outbox WHERE payload LIKE '%"subject":"change taken"%' AND payload LIKE '%"to":"bob@example.com"%'`) != 1 {
		t.Error("the owner of the address was not told")
	}
}

func TestAChangeOfAddressCanFail(t *testing.T) {
	const old, new = "ada@example.com", "ada@lovelace.example"
	tests := []struct {
		name string
		do   func(c *changing) error
		want Reason
	}{
		{"no address", func(c *changing) error { return c.ask("ada") }, BadEmail},
		{"the address that is there", func(c *changing) error { return c.ask("ADA@example.com") }, SameEmail},
		{"nothing asked for", func(c *changing) error { _, err := c.prove(db.SideOld, "AAAA-AAAA"); return err }, CodeExpired},
		{"no code", func(c *changing) error { c.wants(new); _, err := c.prove(db.SideOld, "x"); return err }, BadCode},
		{"the code of the other address", func(c *changing) error {
			c.wants(new)
			_, err := c.prove(db.SideNew, c.code(old))
			return err
		}, WrongCode},
		{"five wrong codes", func(c *changing) error {
			c.wants(new)
			for range codeTries {
				_, _ = c.prove(db.SideNew, "AAAA-AAAA")
			}
			_, err := c.prove(db.SideNew, c.code(new))
			return err
		}, CodeDead},
		{"a day later", func(c *changing) error {
			c.wants(new)
			code := c.code(new)
			c.clock.pass(ChangeLife)
			_, err := c.prove(db.SideNew, code)
			return err
		}, CodeExpired},
		{"a code of a change before", func(c *changing) error {
			c.wants(new)
			code := c.code(new)
			c.wants("third@example.com")
			_, err := c.prove(db.SideNew, code)
			return err
		}, WrongCode},
		{"canceled", func(c *changing) error {
			c.wants(new)
			code := c.code(new)
			if err := c.auth.CancelEmailChange(c.t.Context(), c.who); err != nil {
				return err
			}
			_, err := c.prove(db.SideNew, code)
			return err
		}, CodeExpired},
		{"the address is somebody's by now", func(c *changing) error {
			c.wants(new)
			if _, err := c.prove(db.SideOld, c.code(old)); err != nil {
				return err
			}
			code := c.code(new)
			if _, err := c.raw.Exec(`INSERT INTO users (id, email, name, created_at, updated_at) VALUES ('u2', 'ada@lovelace.example', '', 1, 1)`); err != nil {
				return err
			}
			_, err := c.prove(db.SideNew, code)
			return err
		}, TakenEmail},
		{"mail after mail to one address", func(c *changing) error {
			for range DefaultLimits.CodesPerAddress + 1 {
				if err := c.ask(new); err != nil {
					return err
				}
			}
			return nil
		}, TooMany},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newChanging(t)
			wantReason(t, test.do(c), test.want)
			if c.email() != old || !c.phone.who().SignedIn() {
				t.Error("a change that failed changed something")
			}
		})
	}
}

// TestAnUnfinishedChangeDies (S-09d): whoever was in an account before its address was
// proven cannot take it away afterwards, nor wait for an address that somebody else proves.
func TestAnUnfinishedChangeDies(t *testing.T) {
	const old, new = "ada@example.com", "ada@lovelace.example"
	tests := []struct {
		name   string
		proven bool // the old address, when the change is asked for
		signIn string
		dies   bool
	}{
		{"the old address gets proven", false, old, true},
		{"the new address is proven by somebody", true, new, true},
		{"its user signs in elsewhere", true, old, false},
		{"another user signs in", true, "bob@example.com", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newChanging(t)
			if !test.proven {
				if _, err := c.raw.Exec(`UPDATE users SET email_verified_at = NULL`); err != nil {
					t.Fatal(err)
				}
			}
			c.wants(new)
			c.browser().signIn(test.signIn)
			change, err := c.auth.PendingEmail(t.Context(), c.who)
			if died := change.New == ""; err != nil || died != test.dies {
				t.Errorf("the change died: %v, %v, want %v", died, err, test.dies)
			}
		})
	}
}

// TestTheOwnerOfTheOldAddressStopsAChange with the code that was mailed to him, from any
// browser, and everybody is signed out.
func TestTheOwnerOfTheOldAddressStopsAChange(t *testing.T) {
	const old, new = "ada@example.com", "ada@lovelace.example"
	c := newChanging(t)
	c.wants(new)
	mail := strings.Fields(c.mailed(old))
	id := mail[1][strings.LastIndex(mail[1], "/")+1:]
	stop := func(id, code string) error {
		return c.auth.StopEmailChange(c.browser().request("POST", "/account/email/stop"), id, code)
	}
	wantReason(t, stop(id, "AAAA-AAAA"), WrongCode)
	wantReason(t, stop(id, c.code(new)), WrongCode)
	wantReason(t, stop("0190d2d2-0000-7000-8000-000000000000", mail[0]), CodeExpired)
	if !c.laptop.who().SignedIn() {
		t.Fatal("a wrong code signed somebody out")
	}
	if err := stop(id, mail[0]); err != nil {
		t.Fatal(err)
	}
	if c.laptop.who().SignedIn() || c.phone.who().SignedIn() || c.email() != old {
		t.Error("want everybody signed out and the address as it was")
	}
	if c.told(EventSessionsEnded, old) != 1 {
		t.Error("the owner was not told")
	}
	wantReason(t, stop(id, mail[0]), CodeExpired)
}

// TestProvingTwiceAtOnceChangesOnce: twenty forms with the last code change it one time.
func TestProvingTwiceAtOnceChangesOnce(t *testing.T) {
	c := newChanging(t)
	c.wants("ada@lovelace.example")
	if _, err := c.prove(db.SideOld, c.code("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	code, results := c.code("ada@lovelace.example"), make(chan bool, 4)
	for range cap(results) {
		go func() {
			changed, _ := c.prove(db.SideNew, code)
			results <- changed
		}()
	}
	changed := 0
	for range cap(results) {
		if <-results {
			changed++
		}
	}
	if changed != 1 || c.told(EventEmailChanged, "ada@example.com") != 1 {
		t.Errorf("the address changed %d times", changed)
	}
}
