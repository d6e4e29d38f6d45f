package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/twin/server"
	"counterfoil/worker"
)

// doctorPatience bounds each check over the network.
const doctorPatience = 10 * time.Second

// doctor looks at everything that the portal needs and prints what it found, with a
// remedy for each failure. It is an error when anything failed.
func doctor(ctx context.Context, c config, log *slog.Logger, out io.Writer) error {
	failed := 0
	hide := strings.NewReplacer(secretsOf(c)...)
	for _, f := range examine(ctx, c, log) {
		word := "ok    "
		if !f.OK {
			word = "FAILED"
			failed++
		}
		fmt.Fprintln(out, hide.Replace(word+"  "+f.Name+": "+f.Detail))
		if !f.OK {
			fmt.Fprintln(out, hide.Replace("          "+f.Remedy))
		}
	}
	if failed > 0 {
		return fmt.Errorf("checks that failed: %d; what to do is below each", failed)
	}
	return nil
}

// secretsOf pairs every secret with what is printed in its place.
func secretsOf(c config) (pairs []string) {
	all := []string{c.PolarToken, c.DatabaseURL, c.SMTPURL, c.OIDCSecret}
	for _, p := range c.identity {
		all = append(all, p.ClientSecret)
	}
	for _, text := range []string{c.DatabaseURL, c.SMTPURL} {
		if u, err := url.Parse(text); err == nil && u.User != nil {
			password, _ := u.User.Password()
			all = append(all, password)
		}
	}
	for _, secret := range append(append(all, c.PolarSecrets...), c.HookSecrets...) {
		if secret != "" && !strings.HasPrefix(secret, "file:") {
			pairs = append(pairs, secret, "(secret)")
		}
	}
	return pairs
}

// examine runs all checks.
func examine(ctx context.Context, c config, log *slog.Logger) []billing.Finding {
	found := []billing.Finding{{Name: "configuration", OK: true, Detail: strings.Join(append([]string{"is consistent"}, c.doubts()...), "; but ")}}
	running := true // on PostgreSQL nobody can tell
	if strings.HasPrefix(c.DatabaseURL, "file:") {
		in, err := db.Inspect(ctx, c.DatabaseURL)
		running = in.Running
		found = append(found, databaseFindings(in, err)...)
	} else {
		bounded, stop := context.WithTimeout(ctx, doctorPatience)
		found = append(found, db.InspectPostgres(bounded, c.DatabaseURL)...)
		stop()
	}
	if c.demo() {
		if !running {
			return append(found, billing.Finding{Name: "demo", OK: true, Detail: "is not running; its provider and mail are the twin's"})
		}
		c.PolarToken, c.PolarSecrets, c.PolarServer = server.OrganizationToken, []string{server.WebhookSecret}, "http://"+c.TwinAddr
	}
	provider, err := newProvider(c, log)
	if err != nil {
		return append(found, billing.Finding{Name: "provider", Detail: err.Error(), Remedy: "Correct the setting that it names."})
	}
	bounded, stop := context.WithTimeout(ctx, 6*doctorPatience) // some twenty calls
	defer stop()
	found = append(found, provider.Check(bounded)...)
	found = append(found, checkEndpoint(bounded, c, provider))
	if running {
		found = append(found, roundTrip(ctx, c))
	} else {
		found = append(found, billing.Finding{Name: "webhook round trip", OK: true, Detail: "skipped: no portal is running"})
	}
	return append(found, checkMail(ctx, c))
}

// databaseFindings judges what was seen of the database.
func databaseFindings(in db.Inspection, err error) []billing.Finding {
	if err != nil {
		return []billing.Finding{{Name: "database", Detail: err.Error(),
			Remedy: "Check DATABASE_URL and COUNTERFOIL_DATA and start the portal once; a damaged file: counterfoil restore; a newer schema: start the newer program."}}
	}
	found := []billing.Finding{{Name: "database", OK: true,
		Detail: fmt.Sprintf("schema %d, %d KiB, log %d KiB, portal running: %t", in.Schema, in.Bytes>>10, in.WAL>>10, in.Running)}}
	if in.Disk.Known {
		found = append(found, checkDisk(in.Disk))
	}
	for _, alarm := range in.Alarms {
		found = append(found, billing.Finding{Name: "alarm", Detail: alarm, Remedy: "See /admin, which says what to do."})
	}
	return found
}

// checkDisk wants a tenth of the disk free, and 1 GiB.
func checkDisk(d db.Disk) billing.Finding {
	return billing.Finding{Name: "disk", OK: !d.NearlyFull() && d.Free >= 1<<30,
		Detail: fmt.Sprintf("%d of %d MiB are free", d.Free>>20, d.Size>>20), Remedy: "Make room on the disk of COUNTERFOIL_DATA."}
}

// checkMail signs in at the mail server, and sends nothing.
func checkMail(ctx context.Context, c config) billing.Finding {
	if c.SMTPURL == "" {
		return billing.Finding{Name: "mail", OK: true, Detail: "SMTP_URL is not set: people sign in by an identity provider, or the twin has the mail"}
	}
	ctx, stop := context.WithTimeout(ctx, doctorPatience)
	defer stop()
	mailer, err := worker.NewMailer(c.SMTPURL, c.MailFrom)
	if err == nil {
		err = mailer.Probe(ctx)
	}
	if err != nil {
		return billing.Finding{Name: "mail", Detail: err.Error(), Remedy: "Check host, port, user and password in SMTP_URL."}
	}
	return billing.Finding{Name: "mail", OK: true, Detail: "the server takes the login"}
}
