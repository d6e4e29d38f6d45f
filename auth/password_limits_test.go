package auth

import (
	"fmt"
	"testing"
)

func TestLinksPerAddressAreLimitedAndLeaveCodesAlone(t *testing.T) {
	w := newWorld(t)
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		for range DefaultLimits.LinksPerAddress {
			if err := w.browser().askReset(email); err != nil {
				t.Fatal(err)
			}
		}
		wantReason(t, w.browser().askReset(email), TooMany)
		if _, err := w.browser().signUp(SignUp{Email: email, Password: secret}); err != nil {
			t.Errorf("sign-ups have a limit of their own: %v", err)
		}
		w.browser().signIn(email)
	}
}

// However many passwords are tried at somebody's address, his codes let him in, and his
// password does too from where he is.
func TestFailingPasswordsKeepNobodyOut(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.PasswordsPerPlace, c.Limits.PasswordsPerAddress = 3, 10 })
	w.member("ada@example.com")
	for _, email := range []string{"ada@example.com", "nobody@example.com"} {
		guesser := w.browser()
		guesser.address = "198.51.100.9:1"
		for range 3 {
			wantReason(t, guesser.password(PasswordSignIn{Email: email, Password: "wrong password"}), WrongPassword)
		}
		refusal := wantReason(t, guesser.password(PasswordSignIn{Email: email, Password: "wrong password"}), TooMany)
		if refusal.RetryAfter <= 0 {
			t.Error("no time to come back at")
		}
	}
	if err := w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: secret}); err != nil {
		t.Errorf("from another network: %v", err)
	}
	for i := range 12 {
		guesser := w.browser()
		guesser.address = "198.51." + string(rune('0'+i%10)) + ".9:1"
		guesser.password(PasswordSignIn{Email: "ada@example.com", Password: "wrong password"})
	}
	wantReason(t, w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: secret}), TooMany)
	w.browser().signIn("ada@example.com")
}

func TestSignUpsAndPasswordsPerNetworkAreLimited(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.AsksPerNetwork, c.Limits.PasswordsPerNetwork = 2, 2 })
	try := map[string]func(b *browser, i int) error{
		"sign-up": func(b *browser, i int) error {
			_, err := b.signUp(SignUp{Email: fmt.Sprintf("a%d@example.com", i), Password: secret})
			return err
		},
		"password": func(b *browser, i int) error {
			err := b.password(PasswordSignIn{Email: fmt.Sprintf("a%d@example.com", i), Password: secret})
			if refusal := ReasonOf(err); refusal != nil && refusal.Reason == WrongPassword {
				return nil
			}
			return err
		},
	}
	for name, do := range try {
		t.Run(name, func(t *testing.T) {
			from := func(address string, i int) error {
				b := w.browser()
				b.address = address
				return do(b, i)
			}
			for i := range 2 {
				if err := from(fmt.Sprintf("[2001:db8::%d]:1", i), i); err != nil {
					t.Fatal(err)
				}
			}
			wantReason(t, from("[2001:db8::ffff]:1", 2), TooMany)
			if err := from("[2001:db8:0:1::1]:1", 3); err != nil {
				t.Errorf("another /64: %v", err)
			}
		})
	}
}
