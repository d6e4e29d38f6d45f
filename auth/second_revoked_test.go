package auth

import (
	"errors"
	"testing"

	"counterfoil/billing"
	"counterfoil/db"
)

// Whatever signs a user out elsewhere ends the sign-ins that wait for the second step,
// too: who has done the first one may have seen a code by now.
func TestFirstStepsEndWithTheSessions(t *testing.T) {
	ways := map[string]func(w *world, desk *browser, who Visitor) error{
		"by himself": func(w *world, desk *browser, who Visitor) error {
			_, err := w.auth.EndOtherSessions(desk.request("POST", "/account/sessions/end"), who)
			return err
		},
		"by an operator": func(w *world, desk *browser, who Visitor) error {
			_, err := w.auth.EndSessionsOf(desk.request("POST", "/admin/people/x/end"), who.UserID)
			return err
		},
		"by a change of address": func(w *world, desk *browser, who Visitor) error {
			c := db.EmailChange{ID: "c", UserID: who.UserID, Old: who.Email, New: "new@example.com", Tries: codeTries, CreatedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(ChangeLife)}
			if err := w.store.AskEmailChange(t.Context(), c, db.CodeLimit{Most: 5}, db.ChangeMails{}); err != nil {
				return err
			}
			if _, err := w.store.ProveEmail(t.Context(), c, db.SideOld, who.SessionID, db.Mail{}, w.clock.Now()); err != nil {
				return err
			}
			_, err := w.store.ProveEmail(t.Context(), c, db.SideNew, who.SessionID, db.Mail{}, w.clock.Now())
			return err
		},
	}
	for name, end := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			desk, thief := w.browser(), w.browser()
			who := desk.signIn("ada@example.com")
			a, _ := desk.enrol(t)
			if err := thief.ask("ada@example.com"); err != nil {
				t.Fatal(err)
			}
			if arrival, err := thief.enter("", w.mailed("ada@example.com")); err != nil || !arrival.Second {
				t.Fatalf("first step: %+v, %v", arrival, err)
			}
			if err := end(w, desk, who); err != nil {
				t.Fatal(err)
			}
			_, err := thief.second(a.shows(t, 0))
			wantReason(t, err, ForeignBrowser)
		})
	}
}

// A second step that is under way when the first one is revoked comes too late: what it
// read before is looked at again where it signs in. So does the same form sent twice.
func TestASecondStepNeedsItsFirstToTheEnd(t *testing.T) {
	w := newWorld(t)
	desk, phone := w.browser(), w.browser()
	who := desk.signIn("ada@example.com")
	_, recovery := desk.enrol(t)
	if err := phone.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	if arrival, err := phone.enter("", w.mailed("ada@example.com")); err != nil || !arrival.Second {
		t.Fatalf("first step: %+v, %v", arrival, err)
	}
	var first string
	if err := w.raw.QueryRow(`SELECT id FROM sessions WHERE pending_user_id IS NOT NULL`).Scan(&first); err != nil {
		t.Fatal(err)
	}
	step := func(recovery string) error {
		row, token := w.auth.newSession(phone.request("POST", "/login/second"), ByRecovery)
		entering, err := w.auth.entering(phone.request("POST", "/login/second"), row, token, first)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.store.SignInWithSecond(t.Context(), who.UserID, db.SecondProof{Recovery: hashed(bare(recovery))}, entering)
		return err
	}
	if err := step(recovery[0]); err != nil {
		t.Fatal(err)
	}
	if err := step(recovery[1]); !errors.Is(err, billing.ErrNotFound) {
		t.Errorf("the same first step counted twice: %v", err)
	}
	if second, err := w.auth.Second(t.Context(), who); err != nil || second.Left != recoveryCodes-1 {
		t.Errorf("%d recovery codes are left (%v), want one spent", second.Left, err)
	}
}
