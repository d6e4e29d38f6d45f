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

// SignInMail carries a sign-in code. minutes is how long the code counts.
func SignInMail(ctx context.Context, t *Translator, brand Brand, code string, minutes int) (Mail, error) {
	name := Page{Brand: brand}.brand()
	lines := []string{
		t.T("mail.code.lead", "Brand", name),
		code,
		t.N("mail.code.counts", int64(minutes)),
		t.T("mail.code.ignore"),
	}
	if brand.Support != "" {
		lines = append(lines, t.T("mail.code.support", "Support", brand.Support))
	}
	var html strings.Builder
	if err := codeMail(t.Lang(), name, code, lines).Render(ctx, &html); err != nil {
		return Mail{}, fmt.Errorf("sign-in mail: %w", err)
	}
	return Mail{
		Subject: t.T("mail.code.subject", "Code", code, "Brand", name),
		Text:    strings.Join(lines, "\n\n") + "\n",
		HTML:    html.String(),
	}, nil
}

// AlarmMail tells an operator of a trouble and what to do about it. url is where the
// operator's pages are.
func AlarmMail(ctx context.Context, t *Translator, brand Brand, kind, subject, detail, url string) (Mail, error) {
	name := Page{Brand: brand}.brand()
	title := t.T("alarm." + kind)
	lines := []string{title, t.T("alarm." + kind + ".remedy"), strings.TrimSpace(subject + "\n" + detail), url}
	var html strings.Builder
	if err := plainMail(t.Lang(), name, lines).Render(ctx, &html); err != nil {
		return Mail{}, fmt.Errorf("alarm mail: %w", err)
	}
	return Mail{Subject: t.T("mail.alarm.subject", "Brand", name, "Alarm", title), Text: strings.Join(lines, "\n\n") + "\n", HTML: html.String()}, nil
}
