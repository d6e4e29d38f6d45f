package handlers_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// browser is somebody who reads pages and sends forms without JavaScript.
type browser struct {
	t      testing.TB
	stack  *stack
	client *http.Client
}

func (s *stack) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	// Certificates of tests are nobody's; every browser has connections of its own.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: s.t, stack: s, client: &http.Client{Jar: jar, Timeout: patience, Transport: transport}}
}

// sheet is a page as it came.
type sheet struct {
	*goquery.Document
	status int
	url    *url.URL
	header http.Header
}

func (b *browser) do(r *http.Request) *sheet {
	b.t.Helper()
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer answer.Body.Close()
	doc, err := goquery.NewDocumentFromReader(answer.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return &sheet{doc, answer.StatusCode, answer.Request.URL, answer.Header}
}

// get opens an address: a path of the portal, or a whole URL.
func (b *browser) get(address string) *sheet {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.absolute(address), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

// post sends a form as a browser would: with its origin.
func (b *browser) post(address string, form url.Values) *sheet {
	b.t.Helper()
	target := b.absolute(address)
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

func (b *browser) absolute(address string) string {
	if strings.HasPrefix(address, "/") {
		return b.stack.url + address
	}
	return address
}

// submit sends the first form of a page that fits the selector, with the values that
// it holds and those given, as if its button with that value was pressed.
func (b *browser) submit(page *sheet, selector string, values map[string]string) *sheet {
	b.t.Helper()
	form := page.Find(selector).First()
	if form.Length() == 0 {
		html, _ := page.Html()
		b.t.Fatalf("%s has no form %s:\n%.3000s", page.url, selector, html)
	}
	data := url.Values{}
	form.Find("input[name], textarea[name]").Each(func(_ int, field *goquery.Selection) {
		kind, _ := field.Attr("type")
		if _, checked := field.Attr("checked"); (kind == "radio" || kind == "checkbox") && !checked {
			return
		}
		data.Add(field.AttrOr("name", ""), field.AttrOr("value", ""))
	})
	form.Find("select[name]").Each(func(_ int, field *goquery.Selection) {
		data.Set(field.AttrOr("name", ""), field.Find("option[selected]").AttrOr("value", ""))
	})
	for name, value := range values {
		data.Set(name, value)
	}
	action, err := page.url.Parse(form.AttrOr("action", ""))
	if err != nil {
		b.t.Fatal(err)
	}
	return b.post(action.String(), data)
}

// wants fails unless the page has that status and each of those texts.
func (b *browser) wants(page *sheet, status int, texts ...string) *sheet {
	b.t.Helper()
	text := strings.Join(strings.Fields(page.Text()), " ")
	if page.status != status {
		b.t.Fatalf("%s answered %d, want %d: %.600s", page.url, page.status, status, text)
	}
	for _, want := range texts {
		if !strings.Contains(text, want) {
			b.t.Fatalf("%s does not say %q: %.1500s", page.url, want, text)
		}
	}
	return page
}

var codeShape = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`)

// signIn proves an address by the code that is mailed to it.
func (b *browser) signIn(email string) *sheet {
	b.t.Helper()
	before := len(b.stack.codes(email))
	page := b.wants(b.get("/login"), http.StatusOK)
	page = b.wants(b.submit(page, `form[action="/login"]`, map[string]string{"email": email}), http.StatusOK)
	var codes []string
	b.stack.until("the code is mailed", func() bool { codes = b.stack.codes(email); return len(codes) > before })
	return b.submit(page, `form[action="/login/code"]`, map[string]string{"code": codes[0]})
}

// codes reads the twin's mailbox: the codes mailed to an address, the latest first.
func (s *stack) codes(email string) []string {
	s.t.Helper()
	answer, err := http.Get(s.twin.BaseURL + "/_twin/mail.json") //nolint:noctx // a test on loopback
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	var box struct {
		Items []struct {
			To   []string `json:"to"`
			Text string   `json:"text"`
		} `json:"items"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&box); err != nil {
		s.t.Fatal(err)
	}
	var codes []string
	for _, mail := range box.Items {
		if code := codeShape.FindString(mail.Text); code != "" && len(mail.To) == 1 && strings.EqualFold(mail.To[0], email) {
			codes = append(codes, code)
		}
	}
	return codes
}
