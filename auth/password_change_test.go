package auth

import (
	"net/http"
	"testing"
)

func TestChangingAPasswordEndsOtherSessions(t *testing.T) {
	w := newWorld(t)
	b := w.member("ada@example.com")
	other := w.browser()
	if err := other.password(PasswordSignIn{Email: "ada@example.com", Password: secret}); err != nil {
		t.Fatal(err)
	}
	change := func(current, password string) error {
		return w.auth.ChangePassword(b.request("POST", "/account/password"), b.who(), current, password)
	}
	wantReason(t, change("wrong password", "another long secret"), WrongPassword)
	wantReason(t, change(secret, "short"), ShortPassword)
	if !other.who().SignedIn() {
		t.Fatal("a refused change ended a session")
	}
	if err := change(secret, "another long secret"); err != nil {
		t.Fatal(err)
	}
	if other.who().SignedIn() || !b.who().SignedIn() {
		t.Error("the other session must end, this one stay")
	}
	wantReason(t, w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: secret}), WrongPassword)
	if err := w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: "another long secret"}); err != nil {
		t.Errorf("with the new one: %v", err)
	}
}

func TestSettingAndRemovingAPassword(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	who := b.signIn("ada@example.com")
	post := b.request("POST", "/account/password")
	if since, err := w.auth.PasswordSince(t.Context(), who); err != nil || !since.IsZero() {
		t.Errorf("before: %v, %v", since, err)
	}
	if err := w.auth.SetPassword(post, who, secret); err != nil {
		t.Fatal(err)
	}
	if since, err := w.auth.PasswordSince(t.Context(), who); err != nil || !since.Equal(w.clock.Now()) {
		t.Errorf("since %v, %v", since, err)
	}
	wantReason(t, w.auth.SetPassword(post, who, "another long secret"), PasswordSet)
	if err := w.auth.VerifyPassword(post, who, secret); err != nil {
		t.Errorf("verify: %v", err)
	}
	if err := w.auth.RemovePassword(post, who); err != nil {
		t.Fatal(err)
	}
	wantReason(t, w.auth.VerifyPassword(post, who, secret), WrongPassword)
	if err := w.auth.RemovePassword(post, who); ReasonOf(err) != nil || err == nil {
		t.Errorf("removed twice: %v", err)
	}
}

func TestThePasswordThatIsTheLastWayInStays(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Ways = []Way{WayPassword} })
	b := w.member("ada@example.com")
	wantReason(t, w.auth.RemovePassword(b.request("POST", "/account/password/remove"), b.who()), LastWay)
	if err := w.browser().password(PasswordSignIn{Email: "ada@example.com", Password: secret}); err != nil {
		t.Error(err)
	}
}

// Codes that are off as a way in still prove again who somebody is.
func TestACodeConfirmsWhenNobodySignsInByCode(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Ways = []Way{WayPassword} })
	b := w.member("ada@example.com")
	err := b.do(b.request("POST", "/account/confirm/code"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.ConfirmCode(rw, r, b.who())
	})
	if err != nil {
		t.Fatal(err)
	}
	mail := w.newest("ada@example.com")
	if mail.HTML != "" {
		t.Error("the mail has a link, which leads nowhere")
	}
	err = b.do(b.request("POST", "/account/confirm"), func(rw http.ResponseWriter, r *http.Request) error {
		return w.auth.Confirm(rw, r, b.who(), mail.Text)
	})
	if err != nil || b.who().Proof != ByCode {
		t.Errorf("%+v, %v", b.who(), err)
	}
}
