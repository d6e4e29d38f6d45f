package auth

import "testing"

// The five ways of taking an account over before its owner has it (Sudhodanan and Paverd,
// "Pre-hijacked accounts", USENIX Security 2022). In each the attacker signs up with the
// victim's address first; in the end he must have no access at all.

const victim = "victim@example.com"

// squat has an attacker sign up with the victim's address, unproven and signed in.
func squat(t *testing.T, w *world) *browser {
	t.Helper()
	attacker := w.browser()
	if _, err := attacker.signUp(SignUp{Email: victim, Password: "attacker's secret", Enter: true}); err != nil {
		t.Fatal(err)
	}
	if who := attacker.who(); who.Email != victim || who.EmailVerified {
		t.Fatalf("the attacker is %+v", who)
	}
	return attacker
}

// wantNoAccess proves that nothing of the attacker's lets anybody in.
func wantNoAccess(t *testing.T, w *world, attacker *browser) {
	t.Helper()
	if attacker.who().SignedIn() {
		t.Error("the attacker's session lives")
	}
	wantReason(t, attacker.password(PasswordSignIn{Email: victim, Password: "attacker's secret", Unproven: true}), WrongPassword)
	if n := w.count(`SELECT (SELECT COUNT(*) FROM identities WHERE subject = 'attacker') + (SELECT COUNT(*) FROM email_changes)
		+ (SELECT COUNT(*) FROM users)`); n != 1 {
		t.Errorf("%d rows, want the one user", n)
	}
}

// The ways in which the victim may prove the address.
var proofsOfVictim = []struct {
	name  string
	prove func(t *testing.T, w *world, is *issuer)
}{
	{"by a code", func(_ *testing.T, w *world, _ *issuer) { w.browser().signIn(victim) }},
	{"by an identity", func(t *testing.T, w *world, is *issuer) {
		is.claims = func(c map[string]any) { c["email"] = victim }
		b := w.browser()
		if _, err := b.through(is); err != nil || b.who().Email != victim {
			t.Fatalf("%+v, %v", b.who(), err)
		}
	}},
	{"by a reset", func(t *testing.T, w *world, _ *issuer) {
		if err := w.browser().askReset(victim); err != nil {
			t.Fatal(err)
		}
		if err := w.browser().reset(w.mailed(victim), "victim's own secret"); err != nil {
			t.Fatal(err)
		}
	}},
	{"by a sign-up of his own", func(t *testing.T, w *world, _ *issuer) {
		b := w.browser()
		if _, err := b.signUp(SignUp{Email: victim, Password: "victim's own secret"}); err != nil {
			t.Fatal(err)
		}
		if err := b.verify(w.mailed(victim), ""); err != nil {
			t.Fatal(err)
		}
		if err := w.browser().password(PasswordSignIn{Email: victim, Password: "victim's own secret"}); err != nil {
			t.Errorf("the victim's password: %v", err)
		}
	}},
}

func preHijack(t *testing.T, prepare func(t *testing.T, w *world, attacker *browser)) {
	for _, way := range proofsOfVictim {
		t.Run(way.name, func(t *testing.T) {
			w, is := openIDWorld(t)
			attacker := squat(t, w)
			prepare(t, w, attacker)
			way.prove(t, w, is)
			wantNoAccess(t, w, attacker)
		})
	}
}

// S-09a: the attacker's password meets the victim's identity.
func TestS09aClassicFederatedMerge(t *testing.T) {
	preHijack(t, func(*testing.T, *world, *browser) {})
}

// S-09b: the attacker stays signed in, in two browsers.
func TestS09bUnexpiredSession(t *testing.T) {
	preHijack(t, func(t *testing.T, w *world, _ *browser) {
		if err := w.browser().password(PasswordSignIn{Email: victim, Password: "attacker's secret", Unproven: true}); err != nil {
			t.Fatal(err)
		}
	})
}

// S-09c: the attacker has tied an identifier of his own to the account. An account whose
// address is not proven takes none, so the row is planted.
func TestS09cTrojanIdentifier(t *testing.T) {
	preHijack(t, func(t *testing.T, w *world, attacker *browser) {
		w.exec(`INSERT INTO identities (provider, subject, user_id, created_at, last_used_at) VALUES ('https://id.example.com', 'attacker', '` + attacker.who().UserID + `', 1, 1)`)
	})
}

// S-09d: the attacker has begun to change the address to his own.
func TestS09dUnexpiredEmailChange(t *testing.T) {
	preHijack(t, func(t *testing.T, w *world, attacker *browser) {
		w.exec(`INSERT INTO email_changes (user_id, id, old_email, new_email, old_hash, new_hash, old_tries, new_tries, created_at, expires_at)
			VALUES ('` + attacker.who().UserID + `', 'c1', '` + victim + `', 'attacker@example.com', '', '', 5, 5, 1, 9999999999999)`)
	})
}

// S-09e: an identity provider that verifies no addresses says that the attacker has the
// victim's: with it he neither makes the account nor comes into it later.
func TestS09eNonVerifyingProvider(t *testing.T) {
	w, is := openIDWorld(t)
	attacker := w.browser()
	is.claims = func(c map[string]any) { c["sub"], c["email"], c["email_verified"] = "attacker", victim, false }
	_, err := attacker.through(is)
	wantReason(t, err, UnverifiedEmail)
	w.browser().signIn(victim)
	_, err = attacker.through(is)
	wantReason(t, err, UnverifiedEmail)
	wantNoAccess(t, w, attacker)
}

// The victim opens the attacker's verification mail: it asks for a password that he does
// not have, and proves nothing.
func TestTheVictimCannotBeBroughtToVerifyForTheAttacker(t *testing.T) {
	w, _ := openIDWorld(t)
	squat(t, w)
	wantReason(t, w.browser().verify(w.mailed(victim), ""), WrongPassword)
	if n := w.count(`SELECT COUNT(*) FROM users WHERE email_verified_at IS NOT NULL`); n != 0 {
		t.Error("the address counts as proven")
	}
}

// The victim is signed in, since by a code of his own, when he opens the mail of the
// attacker's sign-up. His address is proven already, and no password comes of it.
func TestTheVictimCannotBeBroughtToTakeTheAttackersPassword(t *testing.T) {
	for _, way := range []struct {
		name    string
		prepare func(t *testing.T, w *world)
	}{
		{"of a sign-up", func(t *testing.T, w *world) {
			if _, err := w.browser().signUp(SignUp{Email: victim, Password: "attacker's secret", Name: "Mallory"}); err != nil {
				t.Fatal(err)
			}
		}},
		{"of an account that was there", func(t *testing.T, w *world) {
			attacker := squat(t, w)
			w.clock.pass(codeWindow)
			wantReason(t, attacker.password(PasswordSignIn{Email: victim, Password: "attacker's secret"}), NotProven)
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			w := newWorld(t)
			way.prepare(t, w)
			token := w.mailed(victim)
			b := w.browser()
			b.signIn(victim)
			if err := b.verify(token, ""); err != nil {
				t.Fatal(err)
			}
			wantReason(t, w.browser().password(PasswordSignIn{Email: victim, Password: "attacker's secret"}), WrongPassword)
			if who := b.who(); who.Email != victim || who.Name == "Mallory" {
				t.Errorf("the victim is %+v", who)
			}
		})
	}
}

// Who signed up himself keeps what he has when he proves the address in his own browser.
func TestProvingOnesOwnAddressKeepsThePassword(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if _, err := b.signUp(SignUp{Email: "ada@example.com", Password: secret, Enter: true}); err != nil {
		t.Fatal(err)
	}
	phone := w.browser()
	if err := phone.password(PasswordSignIn{Email: "ada@example.com", Password: secret, Unproven: true}); err != nil {
		t.Fatal(err)
	}
	if err := b.verify(w.mailed("ada@example.com"), ""); err != nil {
		t.Fatal(err)
	}
	if who := b.who(); !who.EmailVerified || !phone.who().EmailVerified {
		t.Errorf("visitor: %+v", who)
	}
	if n := w.count(`SELECT COUNT(*) FROM outbox WHERE kind = 'create_customer'`); n != 1 {
		t.Errorf("%d jobs to make or link the customer, want 1", n)
	}
	if err := w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: secret}); err != nil {
		t.Error(err)
	}
}
