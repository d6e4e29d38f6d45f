package views_test

import (
	"strings"
	"time"

	"counterfoil/views"
)

// ways are the sign-in pages beside the one of the e-mailed code.
func (s sampler) ways() []sample {
	const email = "noor@example.com"
	login := views.Login{Next: "/plans", Passwords: true, Codes: true, SignUps: true, ByPassword: true, Providers: []views.LoginProvider{{ID: "github", Name: "GitHub"}}}
	wrong := login
	wrong.Email, wrong.Error = email, s.t.T("login.refused.wrong_password")
	many := views.Login{Next: "/plans", Codes: true, SignUps: true, Passkey: true}
	for _, name := range []string{"your organisation", "Google", "Microsoft", "Apple", "GitLab", "GitHub", "Discord", "Amazon Cognito", "Battle.net", "X"} {
		many.Providers = append(many.Providers, views.LoginProvider{ID: strings.ToLower(name[:1]), Name: name})
	}
	only := views.Login{Providers: []views.LoginProvider{{ID: "github", Name: "GitHub"}}, Error: s.t.T("login.refused.sign_up_closed")}
	page := func(title string) views.Page { return s.visitor(title, "") }
	account := func() views.Page { return s.sam("password.title", "") }
	asked := s.t.Ago(now.Add(-3*time.Minute), now)
	short := views.FieldErrors{Password: s.t.T("login.refused.short_password")}
	return []sample{
		{"login-password", views.LoginPage(page("login.title"), login)},
		{"login-onward", views.OnwardPage(page("login.onward"), views.Onward{Provider: "Spotify", URL: "https://accounts.spotify.com/authorize?state=s"})},
		{"login-many", views.LoginPage(page("login.title"), many)},
		{"login-password-wrong", views.LoginPage(page("login.title"), wrong)},
		{"login-link-only", views.LoginPage(page("login.title"), views.Login{Links: true})},
		{"login-link-sent", views.LoginPage(page("login.title"), views.Login{Links: true, Sent: true, Email: email, Minutes: "10"})},
		{"login-provider-only", views.LoginPage(page("login.title"), only)},
		{"sign-up", views.SignUpPage(page("sign_up.title"), views.Credentials{Next: "/plans"})},
		{"sign-up-refused", views.SignUpPage(page("sign_up.title"), views.Credentials{Email: email, Name: "Noor", Errors: short})},
		{"forgot", views.ForgotPage(page("forgot.title"), views.Credentials{})},
		{"reset", views.ResetPage(page("reset.title"), views.Credentials{Email: email, Token: "t"})},
		{"verify", views.VerifyPage(page("verify.title"), views.Credentials{Email: email, Token: "t"})},
		{"verify-elsewhere", views.VerifyPage(page("verify.title"), views.Credentials{Email: email, Token: "t", Typed: true})},
		{"sent", views.SentPage(page("sent.title"), views.SentMail{Kind: "verify", Email: email})},
		{"link", views.CodeLinkPage(page("link.title"), views.CodeLink{ID: "i", Code: "7KQM-2XWP", Here: true, Email: email})},
		{"link-elsewhere", views.CodeLinkPage(page("link.title"), views.CodeLink{ID: "i", Code: "7KQM-2XWP", Typed: true, Device: "Firefox on Linux", Asked: asked})},
		{"link-dead", views.DeadLinkPage(page("dead_link.title"), views.DeadLink{Text: s.t.T("login.refused.link_dead"), Again: s.t.T("dead_link.reset"), URL: "/login/forgot"})},
		{"confirm-password", views.ConfirmPage(s.sam("confirm.title", ""), views.Proof{Next: "/account/password", Password: true, Passkey: true, Email: email})},
		{"confirm-operator", views.ConfirmPage(s.sam("confirm.title", ""), views.Proof{Next: "/admin", OnlyPasskey: true, Passkey: true, Email: email})},
		{"operator-factor", views.OperatorFactorPage(s.sam("operator.factor.title", ""), true)},
		{"account-password", views.AccountPasswordPage(account(), views.PasswordSettings{Email: email, Set: true, Since: asked})},
		{"account-password-none", views.AccountPasswordPage(account(), views.PasswordSettings{Email: email, Errors: short})},
	}
}
