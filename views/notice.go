package views

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// SecurityNotice is what a mail about the safety of an account says. The words of Event
// are the messages notice.<event> and notice.<event>.subject.
type SecurityNotice struct {
	Event     string
	Detail    string // what it was done with or to; may be ""
	At        time.Time
	UserAgent string // of the browser that did it
	Address   string // of its network; may be ""
	URL       string // where the reader looks after his account
}

// SecurityMail says what happened, when, from where, and what to do if it was somebody
// else. It holds no link that opens anything.
func SecurityMail(ctx context.Context, t *Translator, brand Brand, n SecurityNotice) (Mail, error) {
	name := Page{Brand: brand}.brand()
	lines := []string{
		t.T("notice."+n.Event, "Brand", name, "Detail", n.Detail),
		t.T("notice.when", "Time", n.At.UTC().Format("2006-01-02 15:04")),
	}
	if n.UserAgent != "" {
		lines = append(lines, t.T("notice.device", "Device", Device(t, n.UserAgent)))
	}
	if n.Address != "" {
		lines = append(lines, t.T("notice.address", "Address", n.Address))
	}
	switch n.Event {
	case "signed_out":
		lines = append(lines, t.T("notice.signed_out.again"), n.URL)
	case "erased":
		lines = append(lines, t.T("notice.mine"), t.T("notice.not_mine_erased"))
	default:
		lines = append(lines, t.T("notice.mine"), t.T("notice.not_mine"), n.URL)
	}
	if brand.Support != "" {
		lines = append(lines, t.T("mail.code.support", "Support", brand.Support))
	}
	return written(ctx, t, name, t.T("notice."+n.Event+".subject", "Brand", name), "", lines)
}

// EmailChangeMail is a mail of a change of address: Kind is new, old or taken, as in
// package auth.
type EmailChangeMail struct {
	Kind          string
	New           string // the address that is wanted
	Code          string // "" in a mail without one
	StopURL       string // where the change is stopped; in the mail to the old address
	At            time.Time
	UserAgent     string
	Address       string
	Hours, SignIn string // how long the code counts; where to sign in
}

// ChangeMail words a mail of a change of address.
func ChangeMail(ctx context.Context, t *Translator, brand Brand, m EmailChangeMail) (Mail, error) {
	name := Page{Brand: brand}.brand()
	id := "mail.change." + m.Kind
	lines := []string{t.T(id, "Brand", name, "Email", m.New)}
	if m.Code != "" {
		lines = append(lines, m.Code, t.T("mail.change.counts", "Hours", m.Hours))
	}
	lines = append(lines,
		t.T("notice.when", "Time", m.At.UTC().Format("2006-01-02 15:04")), t.T("notice.device", "Device", Device(t, m.UserAgent)))
	if m.Address != "" {
		lines = append(lines, t.T("notice.address", "Address", m.Address))
	}
	lines = append(lines, t.T(id+".else"))
	switch m.Kind {
	case "old":
		lines = append(lines, m.StopURL)
	case "taken":
		lines = append(lines, m.SignIn)
	}
	if brand.Support != "" {
		lines = append(lines, t.T("mail.code.support", "Support", brand.Support))
	}
	return written(ctx, t, name, t.T(id+".subject", "Brand", name), m.Code, lines)
}

// written puts paragraphs into both forms of a mail; code is the paragraph to stand out.
func written(ctx context.Context, t *Translator, name, subject, code string, lines []string) (Mail, error) {
	var html strings.Builder
	if err := linesMail(t.Lang(), name, code, "", lines).Render(ctx, &html); err != nil {
		return Mail{}, fmt.Errorf("mail %q: %w", subject, err)
	}
	return Mail{Subject: subject, Text: strings.Join(lines, "\n\n") + "\n", HTML: html.String()}, nil
}
