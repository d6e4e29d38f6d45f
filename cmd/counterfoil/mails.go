package main

import (
	"context"
	"net/url"
	"time"

	"counterfoil/auth"
	"counterfoil/db"
	"counterfoil/handlers/betterauth"
	"counterfoil/views"
)

// codeMail writes the mail that carries a sign-in code and the link that stands for it,
// in the reader's language.
func codeMail(catalogue *views.Catalogue, brand views.Brand, baseURL string) func(auth.CodeMail) (db.Mail, error) {
	return func(m auth.CodeMail) (db.Mail, error) {
		words := views.SignInCode{Code: m.Code, Minutes: m.Minutes}
		switch {
		case m.ID != "" && m.Back != nil:
			words.URL = baseURL + betterauth.MagicLinkPath(m)
		case m.ID != "":
			words.URL = baseURL + "/login/link?" + url.Values{"id": {m.ID}, "code": {m.Code}}.Encode()
		}
		if !m.Typed {
			words.Code = ""
		}
		mail, err := views.SignInMail(context.Background(), catalogue.Translator(m.Language, time.UTC), brand, words)
		return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
	}
}

// linkMail writes the mails of passwords. Their links lead to our own pages, which spend
// nothing until a button is pressed, or for a caller of the Better Auth API that named a
// page of its own there: that spends nothing in a browser that did not ask.
func linkMail(catalogue *views.Catalogue, brand views.Brand, baseURL string) func(auth.LinkMail) (db.Mail, error) {
	return func(m auth.LinkMail) (db.Mail, error) {
		words := views.LinkMail{Kind: string(m.Kind), URL: baseURL + "/login", Minutes: m.Minutes}
		switch token := url.QueryEscape(m.Token); {
		case m.Token == "":
			words.Minutes = 0
		case m.Callback == "":
			words.URL += "/" + string(m.Kind) + "?token=" + token
		case m.Kind == auth.MailReset:
			words.URL = baseURL + "/api/auth/reset-password/" + token + "?callbackURL=" + url.QueryEscape(m.Callback)
		default:
			words.URL = baseURL + "/api/auth/verify-email?token=" + token + "&callbackURL=" + url.QueryEscape(m.Callback)
		}
		mail, err := views.PasswordMail(context.Background(), catalogue.Translator(m.Language, time.UTC), brand, words)
		return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
	}
}
