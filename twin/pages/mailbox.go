package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"counterfoil/twin"
	"counterfoil/twin/pages/look"
)

// mailboxSize bounds what one answer holds; older mail is reached by its id.
const mailboxSize = 100

// listMail shows all mail that the product sent, newest first; ?to= narrows it to one address.
func (s *server) listMail(w http.ResponseWriter, r *http.Request) error {
	to := r.URL.Query().Get("to")
	mails := s.mails(to)
	rows := make([]mailRow, 0, len(mails))
	for _, m := range mails {
		rows = append(rows, rowOf(m))
	}
	page := look.Page{Title: "Mailbox", Nav: "/_twin/mail", Wide: true}
	return look.Render(w, r, http.StatusOK, mailboxPage(page, rows, to))
}

// mailJSON is one mail for programs. Times are RFC 3339 in UTC, on the twin's clock.
type mailJSON struct {
	ID         string    `json:"id"`
	ReceivedAt time.Time `json:"received_at"`
	From       string    `json:"from"`
	To         []string  `json:"to"`
	Subject    string    `json:"subject"`
	Text       string    `json:"text"`
	HTML       string    `json:"html"`
}

// listMailJSON answers {"items": [...]}, newest first, narrowed by ?to= to one address.
func (s *server) listMailJSON(w http.ResponseWriter, r *http.Request) error {
	items := []mailJSON{}
	for _, m := range s.mails(r.URL.Query().Get("to")) {
		items = append(items, mailJSON{ID: m.ID, ReceivedAt: m.ReceivedAt, From: m.From, To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]any{"items": items})
}

// showMail shows one mail: its text, and its HTML in a frame of its own.
func (s *server) showMail(w http.ResponseWriter, r *http.Request) error {
	m, err := s.engine.Mail(r.PathValue("id"))
	if err != nil {
		return err
	}
	page := look.Page{Title: subject(m), Nav: "/_twin/mail", Wide: true}
	return look.Render(w, r, http.StatusOK, mailPage(page, mailView{
		Row: rowOf(m), From: m.From, Parts: linkify(m.Text), Raw: m.Raw,
		Letter: letterAddress(m),
	}))
}

// showLetter serves a mail's HTML by itself. It may style itself and nothing else: the
// sandbox gives it an origin of its own and runs no script; links open a new tab.
func (s *server) showLetter(w http.ResponseWriter, r *http.Request) error {
	m, err := s.engine.Mail(r.PathValue("id"))
	if err != nil {
		return err
	}
	if m.HTML == "" {
		return twin.ErrNotFound
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "+
		"frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = w.Write([]byte(aim(m.HTML)))
	return err
}

// headTag finds where a document's own head begins.
var headTag = regexp.MustCompile(`(?i)<head[^>]*>`)

// aim makes a letter's links open a new tab, without disturbing its doctype.
func aim(html string) string {
	const base = `<base target="_blank">`
	if at := headTag.FindStringIndex(html); at != nil {
		return html[:at[1]] + base + html[at[1]:]
	}
	return `<!DOCTYPE html><title>Mail</title>` + base + html
}

// mails returns the newest mails to an address, or to anybody.
func (s *server) mails(to string) []twin.Mail {
	all := slices.DeleteFunc(s.engine.Mails(), func(m twin.Mail) bool {
		return to != "" && !slices.ContainsFunc(m.To, func(address string) bool { return strings.EqualFold(address, to) })
	})
	return all[:min(len(all), mailboxSize)]
}

// mailRow is a mail in a list.
type mailRow struct{ Href, To, Subject, When, Snippet string }

func rowOf(m twin.Mail) mailRow {
	snippet := strings.Join(strings.Fields(m.Text), " ")
	if runes := []rune(snippet); len(runes) > 160 {
		snippet = string(runes[:160])
	}
	return mailRow{
		Href: "/_twin/mail/" + url.PathEscape(m.ID), To: strings.Join(m.To, ", "), Subject: subject(m),
		When: minute(m.ReceivedAt), Snippet: snippet,
	}
}

func subject(m twin.Mail) string {
	if strings.TrimSpace(m.Subject) == "" {
		return "(no subject)"
	}
	return m.Subject
}

func letterAddress(m twin.Mail) string {
	if m.HTML == "" {
		return ""
	}
	return "/_twin/mail/" + url.PathEscape(m.ID) + "/letter"
}

// mailView is one mail.
type mailView struct {
	Row    mailRow
	From   string
	Parts  []textPart
	Raw    string
	Letter string // address of the HTML part; empty when there is none
}

// textPart is a run of text, or a link.
type textPart struct{ Text, Href string }

var webLink = regexp.MustCompile(`https?://[^\s<>"]+`)

// linkify finds web addresses in plain text; punctuation that ends a sentence is not
// part of one.
func linkify(text string) []textPart {
	var parts []textPart
	end := 0
	for _, at := range webLink.FindAllStringIndex(text, -1) {
		href := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]}'")
		if at[0] > end {
			parts = append(parts, textPart{Text: text[end:at[0]]})
		}
		parts = append(parts, textPart{Text: href, Href: href})
		end = at[0] + len(href)
	}
	if end < len(text) {
		parts = append(parts, textPart{Text: text[end:]})
	}
	return parts
}
