package handlers_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestOperatorSignsSomebodyOut (SEC-06): an operator finds a person and ends every session
// of his, which counts from the next request on, and the person is told.
func TestOperatorSignsSomebodyOut(t *testing.T) {
	o := &office{stack: start(t)}
	o.olive, o.sam = o.browser(), o.browser()
	phone := o.browser()
	o.olive.signIn("olive@example.com")
	o.sam.signIn("sam@example.com")
	phone.signIn("sam@example.com")
	page := o.olive.wants(o.olive.get("/admin/people?email="+url.QueryEscape(" SAM@")), http.StatusOK, "sam@example.com", "Proven")
	if strings.Contains(page.Find("table").Text(), "olive@") {
		t.Error("the search shows others too")
	}
	person := page.Find("tr[data-person] a").First().AttrOr("href", "")
	o.olive.wants(o.olive.get("/admin/people?email="+strings.TrimPrefix(person, "/admin/people/")), http.StatusOK, "sam@example.com")
	page = o.olive.wants(o.olive.get(person), http.StatusOK, "Signed in", "End all 2 sessions")
	o.olive.wants(o.olive.submit(page, `form[action$="/end"]`, nil), http.StatusOK, "Signed out everywhere", "Nowhere at the moment")
	for name, b := range map[string]*browser{"the desk": o.sam, "the phone": phone} {
		if left := b.get("/portal"); left.url.Path != "/login" {
			t.Errorf("%s is still signed in: it got to %s", name, left.url)
		}
	}
	if own := o.olive.get("/portal"); own.url.Path != "/portal" {
		t.Errorf("the operator got to %s: the wrong sessions ended", own.url)
	}
	o.until("the person is told", func() bool { return strings.Contains(o.mailbox(), "You were signed out of") })
	o.olive.wants(o.olive.get("/admin/people?email=nobody@"), http.StatusOK, "Nobody here")
	o.olive.wants(o.olive.post("/admin/people/"+unknownID+"/end", nil), http.StatusNotFound)
}

// mailbox is every mail that was sent, as the twin tells it.
func (s *stack) mailbox() string {
	s.t.Helper()
	answer, err := http.Get(s.twin.BaseURL + "/_twin/mail.json") //nolint:noctx // a test on loopback
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

// TestPeoplePageByPage: everybody is on one page of the list, once.
func TestPeoplePageByPage(t *testing.T) {
	o := openOffice(t)
	for i := range 60 {
		address := "p" + strings.Repeat("x", i) + "@example.com"
		o.exec("INSERT INTO users (id, email, name, created_at, updated_at) VALUES ('0190d2d2-0000-7333-8333-0000000000" + string("0123456789"[i/10]) + string("0123456789"[i%10]) + "', '" + address + "', '', 1, 1)")
	}
	seen, path := map[string]int{}, "/admin/people"
	for pages := 0; path != ""; pages++ {
		if pages > 5 {
			t.Fatal("the list has no end")
		}
		page := o.olive.get(path)
		for _, row := range page.Find("tr[data-person] a").EachIter() {
			seen[row.Text()]++
		}
		path = page.Find(`a[rel="next"]`).AttrOr("href", "")
	}
	if len(seen) != 62 {
		t.Errorf("%d people, want 60 and the two who are signed in", len(seen))
	}
	for address, n := range seen {
		if n != 1 {
			t.Errorf("%s is there %d times", address, n)
		}
	}
}
