package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"counterfoil/db/dbtest"
)

// TestCancelingTakesBackAResumeThatWaits: the provider is down while a customer keeps his plan
// after all, and cancels it again in another tab. What the last page says is what becomes of
// it: the plan stays canceled, and he is not charged.
func TestCancelingTakesBackAResumeThatWaits(t *testing.T) {
	s := (&stack{t: t, database: dbtest.URL(t), line: &line{}}).open(true)
	b := s.browser()
	b.signIn("sam@example.com")
	var path string
	s.until("Sam's plan is copied", func() bool {
		path = b.get("/portal/subscriptions").Find(`a[href^="/portal/subscriptions/"]`).AttrOr("href", "")
		return path != ""
	})
	other := b.get(path + "/cancel") // stays open in another tab
	b.wants(b.submit(b.get(path+"/cancel"), `form[action$="/cancel"]`, nil), http.StatusOK, "Ending")

	s.stand() // the wish is tried once: none is taken back while it is tried
	s.line.cut.Store(true)
	b.wants(b.submit(b.get(path), `form[action$="/resume"]`, nil), http.StatusOK, "Your wish is kept")
	b.wants(b.submit(other, `form[action$="/cancel"]`, nil), http.StatusOK, "Ending")
	user, err := s.store.UserByEmail(t.Context(), "sam@example.com")
	if err != nil {
		t.Fatal(err)
	}
	subs, err := s.store.Subscriptions(t.Context(), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range subs {
		if sub.Live() {
			if a, err := s.store.LatestAction(t.Context(), sub.Ref()); err != nil || a.State != "withdrawn" {
				t.Errorf("the page says that the plan is canceled, and a %s is %s (%v)", a.Kind, a.State, err)
			}
		}
	}
}

// TestAResumeThatWaitsCanBeTakenBack: the page that says that a wish waits for the provider has
// a button that takes it back, as it has for a cancellation.
func TestAResumeThatWaitsCanBeTakenBack(t *testing.T) {
	s := (&stack{t: t, database: dbtest.URL(t), line: &line{}}).open(true)
	b := s.browser()
	b.signIn("sam@example.com")
	var path string
	s.until("Sam's plan is copied", func() bool {
		path = b.get("/portal/subscriptions").Find(`a[href^="/portal/subscriptions/"]`).AttrOr("href", "")
		return path != ""
	})
	b.wants(b.submit(b.get(path+"/cancel"), `form[action$="/cancel"]`, nil), http.StatusOK, "Ending")
	s.stand() // the wish is tried once: none is taken back while it is tried
	s.line.cut.Store(true)
	waits := b.wants(b.submit(b.get(path), `form[action$="/resume"]`, nil), http.StatusOK, "Your wish is kept", "Let the plan end after all")
	over := b.wants(b.submit(waits, `main form[action$="/cancel"]`, nil), http.StatusOK, "Your plan is canceled", "Ending")
	if over.Find(`form[action$="/cancel"]`).Length() > 0 {
		t.Error("what was taken back can be taken back again")
	}
}

// TestABookmarkTellsNothingThatIsOver: the address that a change led to says nothing of it
// once the plan stands otherwise.
func TestABookmarkTellsNothingThatIsOver(t *testing.T) {
	s := start(t)
	b := s.browser()
	b.signIn("sam@example.com")
	var path string
	s.until("Sam's plan is copied", func() bool {
		path = b.get("/portal/subscriptions").Find(`a[href^="/portal/subscriptions/"]`).AttrOr("href", "")
		return path != ""
	})
	for _, done := range []string{"canceled", "queued"} {
		if text := strip(b.get(path + "?done=" + done)); strings.Contains(text, "is canceled") || strings.Contains(text, "wish is kept") {
			t.Errorf("nothing was asked for, and the page says %s: %s", done, text)
		}
	}
	canceled := b.wants(b.submit(b.get(path+"/cancel"), `form[action$="/cancel"]`, nil), http.StatusOK, "Your plan is canceled")
	resumed := b.wants(b.submit(b.get(path), `form[action$="/resume"]`, nil), http.StatusOK, "Your plan goes on")
	if text := strip(b.get(canceled.url.String())); strings.Contains(text, "Your plan is canceled") {
		t.Error("the plan was resumed, and going back says that it is canceled")
	}
	b.wants(b.submit(b.get(path+"/cancel"), `form[action$="/cancel"]`, nil), http.StatusOK, "Your plan is canceled")
	if text := strip(b.get(resumed.url.String())); strings.Contains(text, "Your plan goes on") {
		t.Error("the plan was canceled, and going back says that it goes on")
	}
}
