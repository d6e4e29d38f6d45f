package views

import (
	"context"
	"fmt"
	"strings"
)

// Mail is a message ready to be sent, in both of the forms that readers prefer.
type Mail struct {
	Subject string
	Text    string
	HTML    string
}

// SignInCode is what the mail with a sign-in code says.
type SignInCode struct {
	Code    string // as typed; empty when only the link counts
	URL     string // of the link; empty when only the code counts
	Minutes int    // how long both count
}

// SignInMail carries a sign-in code, a link that stands for it, or both.
func SignInMail(ctx context.Context, t *Translator, brand Brand, m SignInCode) (Mail, error) {
	name := Page{Brand: brand}.brand()
	subject := t.T("mail.code.subject", "Code", m.Code, "Brand", name)
	var lines []string
	switch {
	case m.Code == "":
		subject = t.T("mail.sign_in_link.subject", "Brand", name)
		lines = []string{t.T("mail.sign_in_link.lead", "Brand", name), m.URL}
	case m.URL == "":
		lines = []string{t.T("mail.code.lead", "Brand", name), m.Code}
	default:
		lines = []string{t.T("mail.code.lead", "Brand", name), m.Code, t.T("mail.code.or_link"), m.URL}
	}
	lines = append(lines, t.N("mail.code.counts", int64(m.Minutes)), t.T("mail.code.ignore"))
	return paragraphs(ctx, t, brand, subject, lines, m.Code, m.URL)
}

// LinkMail is what a mail with a link says: its words are the messages mail.<kind>.
type LinkMail struct {
	Kind    string
	URL     string
	Minutes int // how long the link counts; 0 when it proves nothing
}

// PasswordMail carries a link to prove an address or to choose a new password, or says
// that there is nothing to prove.
func PasswordMail(ctx context.Context, t *Translator, brand Brand, m LinkMail) (Mail, error) {
	name := Page{Brand: brand}.brand()
	lines := []string{t.T("mail."+m.Kind+".lead", "Brand", name), m.URL}
	if m.Minutes > 0 {
		lines = append(lines, t.N("mail.code.counts", int64(m.Minutes)))
	}
	lines = append(lines, t.T("mail."+m.Kind+".ignore"))
	return paragraphs(ctx, t, brand, t.T("mail."+m.Kind+".subject", "Brand", name), lines, "", m.URL)
}

// paragraphs makes a mail of lines, of which one may be a code and one a link.
func paragraphs(ctx context.Context, t *Translator, brand Brand, subject string, lines []string, code, url string) (Mail, error) {
	if brand.Support != "" {
		lines = append(lines, t.T("mail.code.support", "Support", brand.Support))
	}
	var html strings.Builder
	if err := linesMail(t.Lang(), Page{Brand: brand}.brand(), code, url, lines).Render(ctx, &html); err != nil {
		return Mail{}, fmt.Errorf("mail %q: %w", subject, err)
	}
	return Mail{Subject: subject, Text: strings.Join(lines, "\n\n") + "\n", HTML: html.String()}, nil
}

// AlarmMail tells an operator of a trouble and what to do about it. url is where the
// operator's pages are.
func AlarmMail(ctx context.Context, t *Translator, brand Brand, kind, subject, detail, url string) (Mail, error) {
	name := Page{Brand: brand}.brand()
	sort := AlarmSort(kind, subject)
	title := t.T("alarm." + sort)
	lines := []string{title, t.T("alarm." + sort + ".remedy"), strings.TrimSpace(subject + "\n" + detail), url}
	var html strings.Builder
	if err := plainMail(t.Lang(), name, lines).Render(ctx, &html); err != nil {
		return Mail{}, fmt.Errorf("alarm mail: %w", err)
	}
	return Mail{Subject: t.T("mail.alarm.subject", "Brand", name, "Alarm", title), Text: strings.Join(lines, "\n\n") + "\n", HTML: html.String()}, nil
}
