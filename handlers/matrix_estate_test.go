package handlers_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// estate is an owner who has one of everything, and somebody who has nothing.
type estate struct {
	*stack
	nobody, another, owner *browser
	names                  *strings.Replacer // what belongs to the owner
}

func openEstate(t *testing.T) *estate {
	t.Helper()
	return estateOn(t, start(t))
}

// estateOn is an estate on a stack of the test's choice.
func estateOn(t *testing.T, s *stack) *estate {
	t.Helper()
	e := &estate{stack: s, nobody: s.browser(), another: s.browser(), owner: s.browser()}
	e.owner.signIn("sam@example.com")
	last := func(page, selector string) (id string) {
		s.until(page+" holds something of the owner's", func() bool {
			link := e.owner.get(page).Find(selector).First()
			address, _, _ := strings.Cut(link.AttrOr("href", link.AttrOr("action", "")), "?")
			id = strings.TrimSuffix(address, "/end")
			id = id[strings.LastIndex(id, "/")+1:]
			return id != ""
		})
		return id
	}
	phone := s.browser()
	phone.signIn("sam@example.com")
	order := last("/portal/orders", `a[href^="/portal/orders/"]`)
	bought := e.owner.settled(e.owner.pay(e.owner.submit(e.owner.get("/plans"), `[data-plan="credits-1000"] form`, nil), cardWorks))
	e.names = strings.NewReplacer(
		"{order}", order, "{checkout}", bought.url.Query().Get("checkout_id"),
		"{sub}", last("/portal/subscriptions", `a[href^="/portal/subscriptions/"]`),
		"{meter}", last("/usage", `article[data-meter] h3 a`), "{session}", last("/account/sessions", `li form[action$="/end"]`),
	)
	e.another.signIn("noor@example.com")
	for _, b := range []*browser{e.nobody, e.another, e.owner} {
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	s.known("noor@example.com")
	return e
}

// ask sends the request of a row; names fills in its path. A stream is not read.
func (e *estate) ask(b *browser, pattern string, names *strings.Replacer, headers map[string]string) *sheet {
	e.t.Helper()
	row := rights[pattern]
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = http.MethodGet, pattern
	}
	if row.path != "" {
		path = row.path
	}
	if pattern == "GET /readyz" { // a machine that is busy for a second is not ready for that long
		e.until("it is ready", func() bool { return b.get(path).status == http.StatusOK })
	}
	r, err := http.NewRequestWithContext(e.t.Context(), method, e.url+names.Replace(path), strings.NewReader(row.form))
	if err != nil {
		e.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer, err := b.client.Do(r)
	if err != nil {
		e.t.Fatalf("%s: %v", pattern, err)
	}
	defer answer.Body.Close()
	body := io.Reader(answer.Body)
	if answer.Header.Get("Content-Type") == "text/event-stream" {
		body = strings.NewReader("")
	}
	doc, err := goquery.NewDocumentFromReader(body)
	if err != nil {
		e.t.Fatalf("%s: %v", pattern, err)
	}
	return &sheet{doc, answer.StatusCode, answer.Request.URL, answer.Header}
}
