package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"counterfoil/db"
)

// Mailer sends mail through one SMTP server. It opens a connection for each mail:
// a portal sends few, and an idle connection is one more thing that can be stale.
type Mailer struct {
	client *mail.Client
	from   string
	domain string // right side of message ids
}

// mailTimeout bounds connecting and each step of the conversation with the server.
const mailTimeout = 15 * time.Second

// NewMailer reads an SMTP_URL: smtp://[user:password@]host[:587] speaks STARTTLS, or
// smtps://[user:password@]host[:465] TLS from the first byte. With smtp,
// ?starttls=always (the default, but for a server on this machine) refuses a server
// without it, try goes on without, never does not ask. from is a bare address or
// "Name <address>". An empty URL makes a Mailer that refuses to send: a portal whose
// people sign in by an identity provider needs no mail.
func NewMailer(smtpURL, from string) (*Mailer, error) {
	if smtpURL == "" {
		return &Mailer{}, nil
	}
	u, err := url.Parse(smtpURL)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("want smtp://user:password@host:port, or the same with smtps") // the URL holds a password
	}
	options := []mail.Option{mail.WithTimeout(mailTimeout)}
	port := 587
	switch u.Scheme {
	case "smtps":
		port = 465
		options = append(options, mail.WithSSL())
	case "smtp":
		policy, err := startTLS(u)
		if err != nil {
			return nil, err
		}
		options = append(options, mail.WithTLSPolicy(policy))
	default:
		return nil, fmt.Errorf("scheme %q: want smtp or smtps", u.Scheme)
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("port %q is no number", text)
		}
	}
	options = append(options, mail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	client, err := mail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, err
	}
	message := mail.NewMsg()
	if err := message.From(from); err != nil {
		return nil, fmt.Errorf("sender of mails %q: %w", from, err)
	}
	sender, err := message.GetSender(false)
	if err != nil {
		return nil, fmt.Errorf("sender of mails %q: %w", from, err)
	}
	return &Mailer{client: client, from: from, domain: sender[strings.LastIndex(sender, "@")+1:]}, nil
}

// startTLS reads the parameter of an smtp URL.
func startTLS(u *url.URL) (mail.TLSPolicy, error) {
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
	switch wish := u.Query().Get("starttls"); {
	case wish == "always", wish == "" && !local:
		return mail.TLSMandatory, nil
	case wish == "try", wish == "":
		return mail.TLSOpportunistic, nil
	case wish == "never":
		return mail.NoTLS, nil
	default:
		return 0, fmt.Errorf("starttls=%s: want always, try or never", wish)
	}
}

// errMailRefused marks a mail that the server will never take.
var errMailRefused = errors.New("the mail server refuses this mail")

// Send sends one mail. Sending it again under the same id repeats its Message-ID, by
// which readers' programs recognise a copy. A refusal for good is errMailRefused.
func (m *Mailer) Send(ctx context.Context, id string, letter db.Mail) error {
	if m.client == nil {
		return fmt.Errorf("%w: no mail server is configured: set SMTP_URL", errMailRefused)
	}
	message := mail.NewMsg()
	if err := errors.Join(message.From(m.from), message.To(letter.To)); err != nil {
		return fmt.Errorf("%w: %s", errMailRefused, withoutReader(err, letter))
	}
	message.Subject(letter.Subject)
	message.SetMessageIDWithValue(id + "@" + m.domain)
	message.SetDate()
	message.SetBodyString(mail.TypeTextPlain, letter.Text)
	if letter.HTML != "" {
		message.AddAlternativeString(mail.TypeTextHTML, letter.HTML)
	}
	err := m.client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() {
		return nil // what fails after the server took the mail is only the farewell
	}
	if refused, ok := errors.AsType[*mail.SendError](err); ok && refused.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %s", errMailRefused, withoutReader(err, letter))
	}
	return fmt.Errorf("send mail: %s", withoutReader(err, letter))
}

// withoutReader is an error's text for the log, which holds no addresses of people:
// go-mail names the reader, and most servers repeat the address that they refuse.
func withoutReader(err error, letter db.Mail) string {
	return strings.ReplaceAll(err.Error(), letter.To, "the reader")
}

// mailWorth is how long a mail is tried that does not say itself when it is of no use
// any more.
const mailWorth = time.Hour

// sendMail sends a mail that waits in the outbox.
func (w *Worker) sendMail(ctx context.Context, job db.Job) error {
	var letter db.Mail
	if err := json.Unmarshal([]byte(job.Payload), &letter); err != nil {
		return &unfit{"the mail cannot be read", err}
	}
	end := letter.ExpiresAt
	if end.IsZero() {
		end = job.CreatedAt.Add(mailWorth)
	}
	if !w.Now().Before(end) {
		return &unfit{"given up: what it says counts no longer. Is SMTP_URL right, and does the mail server answer?", lastFailure(job)}
	}
	err := w.Mailer.Send(ctx, job.Key, letter)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errMailRefused):
		return &unfit{"not sent", err}
	}
	return &later{err}
}

// lastFailure is why the run before this one failed; nil if it did not, or if it never
// came to an end.
func lastFailure(job db.Job) error {
	if job.Error == "" {
		return nil
	}
	return errors.New(job.Error)
}

// Probe connects and signs in at the mail server, and sends nothing.
func (m *Mailer) Probe(ctx context.Context) error {
	if err := m.client.DialWithContext(ctx); err != nil {
		return err
	}
	return m.client.Close()
}
