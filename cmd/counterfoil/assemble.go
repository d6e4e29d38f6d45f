package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/handlers"
	"counterfoil/handlers/betterauth"
	"counterfoil/hooks"
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
		if err = p.demoTeam(ctx, time.Now()); err != nil {
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
		CustomerMetadata: metadataOfCustomers(c), TaxYears: c.TaxYears, WebhookURLs: webhookURLs, Operators: c.Operators, AlarmMail: alarmMail(catalogue, brand, c.BaseURL),
	})
	secrets, err := c.secrets()
	if err != nil {
		return p, err
	}
	p.auth, err = auth.New(auth.Config{
		Secrets: secrets, CrossSite: c.CrossSite, Store: p.store, BaseURL: c.BaseURL, Brand: c.BrandName, Now: time.Now, Log: handlers.NumberedLog(log), Providers: offeredProviders(c), Proxies: c.Proxies,
		SkipCreateCustomer: !c.CreateCustomer, Poke: p.worker.Poke, CodeMail: codeMail(catalogue, brand, c.BaseURL), LinkMail: linkMail(catalogue, brand, c.BaseURL),
		Ways: c.ways(), Operators: c.Operators, SignUpClosed: !c.SignUp, NoticeMail: noticeMail(catalogue, brand, c.BaseURL), ChangeMail: changeMail(catalogue, brand, c.BaseURL), InvitationMail: invitationMail(catalogue, brand),
		FoundingMail: foundingMail(catalogue, brand),
	})
	if err != nil {
		return p, err
	}
	config := handlers.Config{
		Store: p.store, Auth: p.auth, Provider: provider, Catalogue: catalogue, Brand: brand, BaseURL: c.BaseURL,
		OperatorFactor: *c.OperatorFactor, Rehearse: p.worker.Rehearse, ProviderFailing: p.worker.ProviderFailing,
		TrustedOrigins: c.TrustedOrigins, Checkout: betterauth.Checkout{
			SuccessURL: c.SuccessURL, ReturnURL: c.ReturnURL, Theme: c.CheckoutTheme, SignedInOnly: c.SignedInOnly, Products: hooks.Products,
		}, ProveFirst: c.ProveFirst, BrowserEvents: c.BrowserEvents, TaxYears: c.TaxYears, Styles: c.Styleguide, Poke: p.worker.Poke, Await: p.worker.Await,
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

// noticeMail writes the mail that tells a reader what happened to his account.
func noticeMail(catalogue *views.Catalogue, brand views.Brand, baseURL string) func(auth.NoticeMail) (db.Mail, error) {
	return func(n auth.NoticeMail) (db.Mail, error) {
		mail, err := views.SecurityMail(context.Background(), catalogue.Translator(n.Language, time.UTC), brand, views.SecurityNotice{
			Event: string(n.Event), Detail: n.Detail, At: n.At, UserAgent: n.UserAgent, Address: n.Address, URL: baseURL + "/account",
		})
		return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
	}
}

// changeMail writes the mails of a change of address.
func changeMail(catalogue *views.Catalogue, brand views.Brand, baseURL string) func(auth.ChangeMail) (db.Mail, error) {
	return func(m auth.ChangeMail) (db.Mail, error) {
		mail, err := views.ChangeMail(context.Background(), catalogue.Translator(m.Language, time.UTC), brand, views.EmailChangeMail{
			Kind: string(m.Kind), New: m.New, Code: m.Code, StopURL: baseURL + m.StopPath, At: m.At, UserAgent: m.UserAgent, Address: m.Address,
			Hours: strconv.Itoa(int(auth.ChangeLife / time.Hour)), SignIn: baseURL + "/login",
		})
		return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
	}
}

// invitationMail writes the mail that invites to an organisation.
func invitationMail(catalogue *views.Catalogue, brand views.Brand) func(auth.InvitationMail) (db.Mail, error) {
	return func(m auth.InvitationMail) (db.Mail, error) {
		mail, err := views.InvitationMail(context.Background(), catalogue.Translator(m.Language, time.UTC), brand, m.Organization, m.Inviter, m.URL, m.Days)
		return db.Mail{Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML}, err
	}
}

// foundingMail writes the mail with the code of an organisation's address.
func foundingMail(catalogue *views.Catalogue, brand views.Brand) func(auth.FoundingMail) (db.Mail, error) {
	return func(m auth.FoundingMail) (db.Mail, error) {
		mail, err := views.FoundingMail(context.Background(), catalogue.Translator(m.Language, time.UTC), brand, m.Organization, m.Founder, m.Code, m.Hours)
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
	{Provider: "oidc", Name: "Kim Castellan", Email: demoOwner, Note: "persona.kim"},
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

// tellSetup tells the log how to become the first operator, while nobody is. The log is
// read by who runs the machine; the token counts once and for a day.
func (p *portal) tellSetup(ctx context.Context, c config, log *slog.Logger) {
	token, ends, err := p.auth.NewSetupToken(ctx)
	switch {
	case ctx.Err() != nil: // told to stop before it began
	case err != nil:
		log.Error("make a start-up token", "err", err)
	case token != "":
		log.Warn("nobody runs this portal yet: sign in, open the page, and enter the token to become its operator",
			"page", c.BaseURL+"/setup", "token", token, "until", ends.UTC().Format(time.RFC3339))
	}
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
