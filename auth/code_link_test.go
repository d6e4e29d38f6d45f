package auth

import (
	"net/http"
	"testing"
)

func TestCodeLinkSignsInOnlyTheBrowserThatAsked(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if err := b.ask("ada@example.com"); err != nil {
		t.Fatal(err)
	}
	mail := w.newest("ada@example.com")
	id, code := mail.HTML, mail.Text
	use := func(b *browser) error {
		return b.do(b.request("POST", "/login/link"), func(rw http.ResponseWriter, r *http.Request) error {
			_, err := w.auth.VerifyCodeLink(rw, r, id, code)
			return err
		})
	}
	other := w.browser()
	link, err := w.auth.OpenCodeLink(other.request("GET", "/login/link"), id, code)
	if err != nil || link.Here || link.Code != code || link.UserAgent != "Test/1.0" || link.Email != "" {
		t.Errorf("elsewhere: %+v, %v", link, err)
	}
	wantReason(t, use(other), ForeignBrowser)
	if link, err := w.auth.OpenCodeLink(b.request("GET", "/login/link"), id, code); err != nil || !link.Here || link.Email != "ada@example.com" {
		t.Errorf("here: %+v, %v", link, err)
	}
	if err := use(b); err != nil {
		t.Fatal(err)
	}
	if who := b.who(); who.Proof != ByLink || who.Email != "ada@example.com" {
		t.Errorf("visitor: %+v", who)
	}
	wantReason(t, use(b), LinkDead)
}
