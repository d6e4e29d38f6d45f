package auth

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"counterfoil/db"
)

func TestSignUpAndSignInByCode(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask(" Ada@Example.COM "); err != nil {
		t.Fatal(err)
	}
	arrival, err := b.enter("", strings.ToLower(w.mailed("ada@example.com")))
	if err != nil || !arrival.New || arrival.Next != "/portal" {
		t.Fatalf("first sign-in: %+v, %v", arrival, err)
	}
	first := b.who()
	if !first.SignedIn() || first.Email != "ada@example.com" || !first.EmailVerified || first.CustomerID != first.UserID {
		t.Errorf("visitor: %+v", first)
	}
	customer, err := w.store.Customer(t.Context(), first.UserID)
	if err != nil || customer.UserID != first.UserID || customer.Email != "ada@example.com" {
		t.Errorf("customer: %+v, %v", customer, err)
	}
	if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'create_customer' AND key = ? AND customer_id = ?`, first.UserID, first.UserID); n != 1 {
		t.Errorf("%d jobs to create the customer, want 1", n)
	}
	other := w.browser()
	second := other.signIn("ada@example.com")
	if second.UserID != first.UserID || second.SessionID == first.SessionID {
		t.Errorf("second sign-in: %+v", second)
	}
	if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'reconcile_customer' AND key = ?`, first.UserID); n != 1 {
		t.Errorf("%d jobs to reconcile, want 1", n)
	}
}

func TestCreateCustomerOnSignUpCanBeSwitchedOff(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.SkipCreateCustomer = true })
	who := w.browser().signIn("ada@example.com")
	if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind <> 'send_mail'`); n != 0 {
		t.Errorf("%d jobs, want none", n)
	}
	if _, err := w.store.Customer(t.Context(), who.CustomerID); err != nil {
		t.Errorf("our own customer is there all the same: %v", err)
	}
}

func TestCodeIsRefused(t *testing.T) {
	const email = "ada@example.com"
	wrong := func(code string) string { // differs from any code in one place
		if code[0] == '0' {
			return "1" + code[1:]
		}
		return "0" + code[1:]
	}
	tests := []struct {
		name string
		try  func(w *world, b *browser, code string) error
		want Reason
	}{
		{"not a code", func(w *world, b *browser, code string) error { _, err := b.enter(email, "1234"); return err }, BadCode},
		{"wrong", func(w *world, b *browser, code string) error { _, err := b.enter(email, wrong(code)); return err }, WrongCode},
		{"fifth wrong try", func(w *world, b *browser, code string) (err error) {
			for range codeTries {
				_, err = b.enter(email, wrong(code))
			}
			return err
		}, CodeDead},
		{"right, after five wrong tries", func(w *world, b *browser, code string) error {
			for range codeTries {
				b.enter(email, wrong(code))
			}
			_, err := b.enter(email, code)
			return err
		}, CodeDead},
		{"too late", func(w *world, b *browser, code string) error {
			w.clock.pass(CodeLife)
			_, err := b.enter(email, code)
			return err
		}, CodeExpired},
		{"a newer one was sent", func(w *world, b *browser, code string) error {
			w.clock.pass(time.Minute)
			if err := b.ask(email); err != nil {
				return err
			}
			_, err := b.enter(email, code)
			return err
		}, WrongCode},
		{"used, in the session before", func(w *world, b *browser, code string) error {
			before := *b
			before.cookies = map[string]string{"__Host-counterfoil": b.cookies["__Host-counterfoil"]}
			if _, err := b.enter(email, code); err != nil {
				return err
			}
			_, err := before.enter(email, code)
			return err
		}, ForeignBrowser}, // that session is gone
		{"in another browser", func(w *world, b *browser, code string) error {
			_, err := w.browser().enter(email, code)
			return err
		}, ForeignBrowser},
		{"in another browser that asked too", func(w *world, b *browser, code string) error {
			other := w.browser()
			if err := other.ask(email); err != nil {
				return err
			}
			_, err := other.enter(email, code)
			return err
		}, WrongCode},
		{"for another address", func(w *world, b *browser, code string) error {
			_, err := b.enter("eve@example.com", code)
			return err
		}, ForeignBrowser},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			if err := b.ask(email); err != nil {
				t.Fatal(err)
			}
			wantReason(t, test.try(w, b, w.mailed(email)), test.want)
			if test.name != "used, in the session before" && w.count(`SELECT COUNT(*) FROM users`) != 0 {
				t.Error("a refused code made a user")
			}
		})
	}
}

func TestTriesAreCountedDown(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	for left := codeTries - 1; left > 0; left-- {
		_, err := b.enter("", "ZZZZ-ZZZZ")
		if refusal := wantReason(t, err, WrongCode); refusal.TriesLeft != left {
			t.Errorf("%d tries left, want %d", refusal.TriesLeft, left)
		}
	}
}

// Fifty submissions of one right code make one session, however they interleave.
func TestCodeIsSingleUseUnderConcurrency(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	code := w.mailed("ada@example.com")
	results := make([]error, 50)
	var all sync.WaitGroup
	for i := range results {
		twin := *b
		twin.cookies = map[string]string{"__Host-counterfoil": b.cookies["__Host-counterfoil"]}
		all.Go(func() { _, results[i] = twin.enter("", code) })
	}
	all.Wait()
	in := 0
	for _, err := range results {
		if err == nil {
			in++
		} else if ReasonOf(err) == nil {
			t.Errorf("failed without a reason: %v", err)
		}
	}
	if in != 1 {
		t.Errorf("%d submissions signed in, want 1", in)
	}
	if n := w.count(`SELECT COUNT(*) FROM sessions WHERE user_id IS NOT NULL`); n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

// Wrong guesses sent at once get no more tries than wrong guesses in a row.
func TestParallelGuessesGetNoDiscount(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	judged := 0
	var all sync.WaitGroup
	for i := range 40 {
		twin := *b
		twin.cookies = map[string]string{"__Host-counterfoil": b.cookies["__Host-counterfoil"]}
		all.Go(func() {
			_, err := twin.enter("", fmt.Sprintf("ZZZZ%04d", i))
			if refusal := ReasonOf(err); refusal != nil && refusal.Reason == WrongCode {
				mu.Lock()
				judged++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if judged != codeTries-1 {
		t.Errorf("%d guesses were answered as merely wrong, want %d", judged, codeTries-1)
	}
}

// Two browsers that prove one new address at once make one user and one customer.
func TestTwoProofsOfOneAddressMakeOneUser(t *testing.T) {
	const email = "ada@example.com"
	w := newWorld(t)
	browsers, codes := make([]*browser, 4), make([]string, 4)
	for i := range browsers {
		browsers[i] = w.browser()
		if err := browsers[i].ask(email); err != nil {
			t.Fatal(err)
		}
		codes[i] = w.mailed(email)
	}
	var all sync.WaitGroup
	for i, b := range browsers {
		all.Go(func() {
			if _, err := b.enter(email, codes[i]); err != nil {
				t.Errorf("browser %d: %v", i, err)
			}
		})
	}
	all.Wait()
	for _, table := range []string{"users", "customers"} {
		if n := w.count(`SELECT COUNT(*) FROM ` + table); n != 1 {
			t.Errorf("%d %s, want 1", n, table)
		}
	}
	if n := w.count(`SELECT COUNT(*) FROM sessions WHERE user_id IS NOT NULL`); n != 4 {
		t.Errorf("%d sessions, want 4", n)
	}
}

func TestCodesPerAddressAreLimited(t *testing.T) {
	w := newWorld(t)
	for i := range DefaultLimits.CodesPerAddress {
		b := w.browser()
		b.address = fmt.Sprintf("198.51.%d.9:1", i)
		if err := b.ask("ada@example.com"); err != nil {
			t.Fatalf("code %d: %v", i+1, err)
		}
		w.clock.pass(time.Minute)
	}
	wantReason(t, w.browser().ask("ADA@example.com"), TooMany)
	if n := w.count(`SELECT COUNT(*) FROM outbox`); n != DefaultLimits.CodesPerAddress {
		t.Errorf("%d mails, want %d", n, DefaultLimits.CodesPerAddress)
	}
	if err := w.browser().ask("bob@example.com"); err != nil {
		t.Errorf("another address: %v", err)
	}
	if err := w.auth.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantReason(t, w.browser().ask("ada@example.com"), TooMany)
	w.clock.pass(codeWindow - 4*time.Minute)
	if err := w.browser().ask("ada@example.com"); err != nil {
		t.Errorf("an hour after the first: %v", err)
	}
}

func TestUsedCodesDoNotCountTowardsTheLimit(t *testing.T) {
	w := newWorld(t)
	for range 2 * DefaultLimits.CodesPerAddress {
		w.browser().signIn("ada@example.com")
	}
}

func TestNothingSecretIsStored(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	code, token := w.mailed("ada@example.com"), b.cookies["__Host-counterfoil"]
	plain := strings.ReplaceAll(code, "-", "")
	for _, secret := range []string{code, plain, token} {
		n := w.count(`SELECT (SELECT COUNT(*) FROM sessions WHERE token_hash LIKE ?1 OR data LIKE ?1)
			+ (SELECT COUNT(*) FROM sign_in_codes WHERE code_hash LIKE ?1 OR browser_hash LIKE ?1)`, "%"+secret+"%")
		if n != 0 {
			t.Errorf("a secret is in the database")
		}
	}
	if n := w.count(`SELECT COUNT(*) FROM sessions WHERE token_hash = ?`, hashed(token)); n != 1 {
		t.Errorf("the token's hash is not what is stored")
	}
}

func TestMailThatCannotBeWrittenSendsNothing(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.CodeMail = func(CodeMail) (db.Mail, error) { return db.Mail{}, errors.New("no words") }
	})
	if err := w.browser().ask("ada@example.com"); err == nil || ReasonOf(err) != nil {
		t.Errorf("got %v, want a failure of our own", err)
	}
	if n := w.count(`SELECT COUNT(*) FROM sign_in_codes`); n != 0 {
		t.Errorf("%d codes, want none", n)
	}
}

func TestPendingRemembersTheAddress(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	pending := func() Pending {
		p, err := w.auth.Pending(b.request("GET", "/login"))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := pending(); p != (Pending{}) {
		t.Errorf("before: %+v", p)
	}
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	if p := pending(); p != (Pending{Email: "ada@example.com", Next: "/portal"}) {
		t.Errorf("after asking: %+v", p)
	}
	if _, err := b.enter("", w.mailed("ada@example.com")); err != nil {
		t.Fatal(err)
	}
	if p := pending(); p != (Pending{}) {
		t.Errorf("after signing in: %+v", p)
	}
}
