package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/handlers"
	"counterfoil/twin/server"
	"counterfoil/views"
	"counterfoil/worker"
)

// portal is everything that runs, wired together.
type portal struct {
	store    *db.Store
	auth     *auth.Service
	worker   *worker.Worker
	handler  http.Handler
	twin     *server.Server // nil with a real provider
	stopping chan struct{}
}

// assemble opens the database, starts the twin when no provider is configured, and
// wires the packages. It calls no provider: the portal starts while one is down.
func assemble(ctx context.Context, c config, log *slog.Logger) (p *portal, err error) {
	p = &portal{stopping: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.store, err = db.Open(ctx, c.DatabaseURL); err != nil {
		return p, err
	}
	if c.demo() {
		if p.twin, err = startTwin(ctx, c, log, c.BaseURL+"/webhooks/polar"); err != nil {
			return p, err
		}
		c = p.demoConfig(c)
	}
	provider, err := newProvider(c, log)
	if err != nil {
		return p, err
	}
	mailer, err := worker.NewMailer(c.SMTPURL, c.MailFrom)
	if err != nil {
		return p, fmt.Errorf("SMTP_URL: %w", err)
	}
	told, err := tellHooks(ctx, c, p.store, log)
	if err != nil {
		return p, err
	}
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		return p, err
	}
	brand := views.Brand{Name: c.BrandName, Support: c.Support}
	var webhookURLs []string
	if p.twin == nil { // the twin's endpoint leads here by itself
		webhookURLs = []string{c.BaseURL + "/webhooks/polar", c.BaseURL + "/api/auth/polar/webhooks"}
	}
	p.worker = worker.New(worker.Config{
		Store: p.store, Provider: provider, Mailer: mailer, Hooks: told, Now: time.Now, Log: log, ReconcileEvery: c.ReconcileEvery,
		WebhookURLs: webhookURLs, Operators: c.Operators, AlarmMail: alarmMail(catalogue, brand, c.BaseURL),
	})
	p.auth, err = auth.New(auth.Config{
		Store: p.store, BaseURL: c.BaseURL, Now: time.Now, Log: log, Providers: identityProviders(c), Proxies: c.Proxies,
		SkipCreateCustomer: !c.CreateCustomer, Poke: p.worker.Poke, CodeMail: codeMail(catalogue, brand),
	})
	if err != nil {
		return p, err
	}
	config := handlers.Config{
		Store: p.store, Auth: p.auth, Provider: provider, Catalogue: catalogue, Brand: brand, BaseURL: c.BaseURL,
		Operators: c.Operators, Rehearse: p.worker.Rehearse, ProviderFailing: p.worker.ProviderFailing,
		BrowserEvents: c.BrowserEvents, Styles: c.Styleguide, Poke: p.worker.Poke, Await: p.worker.Await,
		Stopping: p.stopping, Now: time.Now, Log: log,
	}
	if p.twin != nil {
		config.Demo = &views.Demo{FrontURL: p.twin.BaseURL + "/_twin/", MailboxURL: p.twin.BaseURL + "/_twin/mail"}
		config.Personas = personas
	}
	h, err := handlers.New(config)
	if err != nil {
		return p, err
	}
	p.handler, err = h.Handler()
	return p, err
}

// newProvider makes the configured billing provider; it calls nobody.
func newProvider(c config, log *slog.Logger) (*polar.Provider, error) {
	slugs, err := c.slugs()
	if err != nil {
		return nil, err
	}
	return polar.New(polar.Config{
		Token: c.PolarToken, WebhookSecrets: c.PolarSecrets, Server: c.PolarServer, ProductSlugs: slugs,
		RequestsPerMinute: c.PolarPace, Log: log,
	})
}

// demoConfig points every setting that the twin answers at the twin.
func (p *portal) demoConfig(c config) config {
	c.PolarToken, c.PolarSecrets, c.PolarServer = server.OrganizationToken, []string{server.WebhookSecret}, p.twin.BaseURL
	if c.SMTPURL == "" {
		c.SMTPURL = p.twin.SMTPURL
	}
	c.OIDCName, c.OIDCIssuer, c.OIDCKey, c.OIDCSecret = "Lumen ID", p.twin.Issuer, server.ClientID, server.ClientSecret
	c.Styleguide = true
	if len(c.Operators) == 0 {
		c.Operators = []string{"olive@example.com"}
	}
	if len(c.BrowserEvents) == 0 {
		c.BrowserEvents = []string{"ai_usage", "file_uploaded"}
	}
	return c
}

// identityProviders are the configured ways in besides the e-mailed code.
func identityProviders(c config) []auth.ProviderConfig {
	list := []auth.ProviderConfig{
		{ID: "oidc", Kind: "openid-connect", Name: c.OIDCName, ClientID: c.OIDCKey, ClientSecret: c.OIDCSecret, Issuer: c.OIDCIssuer},
		{ID: "google", Kind: "google", Name: "Google", ClientID: c.GoogleKey, ClientSecret: c.GoogleSecret},
		{ID: "github", Kind: "github", Name: "GitHub", ClientID: c.GitHubKey, ClientSecret: c.GitHubSecret},
	}
	return slices.DeleteFunc(list, func(p auth.ProviderConfig) bool { return p.ClientID == "" })
}

// codeMail writes the mail that carries a sign-in code, in the reader's language.
func codeMail(catalogue *views.Catalogue, brand views.Brand) func(auth.CodeMail) (db.Mail, error) {
	return func(m auth.CodeMail) (db.Mail, error) {
		mail, err := views.SignInMail(context.Background(), catalogue.Translator(m.Language, time.UTC), brand, m.Code, m.Minutes)
		return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
	}
}

// alarmMail writes the mail that tells an operator of an urgent alarm.
func alarmMail(catalogue *views.Catalogue, brand views.Brand, baseURL string) func(billing.Alarm) (db.Mail, error) {
	return func(a billing.Alarm) (db.Mail, error) {
		words := catalogue.Translator("", time.UTC)
		mail, err := views.AlarmMail(context.Background(), words, brand, string(a.Kind), a.Subject, a.Detail, baseURL+"/admin")
		return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
	}
}

// personas are the people that the demo offers to sign in as; the twin's seed says
// what they have. The notes name messages of the catalogue.
var personas = []handlers.Persona{
	{Provider: "oidc", Name: "Noor Haddad", Email: "noor@example.com", Note: "persona.noor"},
	{Provider: "oidc", Name: "Sam Okafor", Email: "sam@example.com", Note: "persona.sam"},
	{Provider: "oidc", Name: "Pat Lindqvist", Email: "pat@example.com", Note: "persona.pat"},
	{Provider: "oidc", Name: "Olive Tran", Email: "olive@example.com", Note: "persona.olive"},
}

// greet tells where to go.
func (p *portal) greet(out io.Writer, c config) {
	fmt.Fprintf(out, "\nCounterfoil is ready: %s\n", c.BaseURL)
	if p.twin != nil {
		fmt.Fprintf(out, "  no provider is configured, so the offline twin stands in: %s/_twin/\n", p.twin.BaseURL)
		fmt.Fprintf(out, "  mail that the demo sends: %s/_twin/mail\n", p.twin.BaseURL)
	}
	fmt.Fprintln(out)
}

// close ends what assemble opened, the latest first. It may be called half way.
func (p *portal) close() error {
	var err error
	if p.twin != nil {
		err = p.twin.Close()
	}
	if p.store != nil {
		err = errors.Join(err, p.store.Close())
	}
	return err
}
