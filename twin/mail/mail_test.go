package mail

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"counterfoil/twin"
)

// startSink opens a sink whose mail arrives on the channel; failing makes every
// attempt to store one fail.
func startSink(t *testing.T, failing error) (*gomail.Client, <-chan twin.Mail) {
	t.Helper()
	arrived := make(chan twin.Mail, 10)
	sink, err := Start("127.0.0.1:0", func(_ context.Context, m twin.Mail) (twin.Mail, error) {
		if failing != nil {
			return m, failing
		}
		arrived <- m
		return m, nil
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	})
	host, port, err := net.SplitHostPort(sink.Addr())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	client, err := gomail.NewClient(host, gomail.WithPort(number), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return client, arrived
}

func compose(t *testing.T, text string) *gomail.Msg {
	t.Helper()
	m := gomail.NewMsg()
	for _, err := range []error{m.From("portal@example.com"), m.To("noor@example.com", "sam@example.com")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	m.Subject("Ihr Anmeldecode für Lumen: 493 021 ✓")
	m.SetBodyString(gomail.TypeTextPlain, text)
	return m
}

func TestSinkKeepsMultipartMail(t *testing.T) {
	client, arrived := startSink(t, nil)
	m := compose(t, "Grüße — your code is 493 021.\n.\nA line that began with a dot.")
	m.AddAlternativeString(gomail.TypeTextHTML, `<p>Grüße — your code is <b>493 021</b>. <a href="http://localhost:8080/login?a=1&amp;b=2">Sign in</a></p>`)
	if err := m.AttachReader("notes.txt", strings.NewReader("not the letter")); err != nil {
		t.Fatal(err)
	}
	if err := client.DialAndSendWithContext(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := <-arrived
	if got.Subject != "Ihr Anmeldecode für Lumen: 493 021 ✓" {
		t.Errorf("subject %q", got.Subject)
	}
	if got.From != "portal@example.com" || strings.Join(got.To, " ") != "noor@example.com sam@example.com" {
		t.Errorf("envelope %q -> %q", got.From, got.To)
	}
	if !strings.HasPrefix(got.Text, "Grüße — your code is 493 021.\n.\nA line") {
		t.Errorf("text %q", got.Text)
	}
	if !strings.Contains(got.HTML, `login?a=1&amp;b=2">Sign in</a>`) || !strings.Contains(got.HTML, "Grüße") {
		t.Errorf("html %q", got.HTML)
	}
}

func TestSinkRefuses(t *testing.T) {
	t.Run("more than it can hold", func(t *testing.T) {
		client, arrived := startSink(t, nil)
		if err := client.DialAndSendWithContext(t.Context(), compose(t, strings.Repeat("too long\n", maxMessage/8))); err == nil {
			t.Error("an oversized message was accepted")
		}
		if len(arrived) != 0 {
			t.Error("an oversized message was kept")
		}
	})
	t.Run("what cannot be stored, for now", func(t *testing.T) {
		client, _ := startSink(t, errors.New("disk full"))
		err := client.DialAndSendWithContext(t.Context(), compose(t, "hello"))
		if err == nil || !strings.Contains(err.Error(), "451") {
			t.Errorf("got %v, want a temporary failure", err)
		}
	})
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, raw           string
		subject, text, html string
	}{
		{"plain without any MIME", "Subject: Hello\r\n\r\nBody\r\n", "Hello", "Body\n", ""},
		{"latin-1 quoted-printable", "Subject: =?iso-8859-1?q?caf=E9?=\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=E9", "café", "café", ""},
		{"html in base64", "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+aGk8L2I+", "x", "", "<b>hi</b>"},
		{"nested alternative", "Subject: n\r\nContent-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\nContent-Type: multipart/alternative; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nplain\r\n--B\r\nContent-Type: text/html\r\n\r\n<i>rich</i>\r\n--B--\r\n--A--\r\n", "n", "plain", "<i>rich</i>"},
		{"cut off in the middle", "Subject: c\r\nContent-Type: multipart/alternative; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nall that ca", "c", "all that ca", ""},
		{"boundary missing", "Subject: m\r\nContent-Type: multipart/alternative\r\n\r\n--B\r\n\r\nlost", "m", "", ""},
		{"not UTF-8 though it says so", "Subject: u\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xff!", "u", "\uFFFD!", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Parse("a@example.com", []string{"b@example.com"}, []byte(test.raw))
			if err != nil {
				t.Fatal(err)
			}
			if got.Subject != test.subject || got.Text != test.text || got.HTML != test.html {
				t.Errorf("got subject %q text %q html %q", got.Subject, got.Text, got.HTML)
			}
		})
	}
	if _, err := Parse("", nil, []byte("no header at all")); !errors.Is(err, errBroken) {
		t.Errorf("got %v, want errBroken", err)
	}
}

// Whatever arrives, parsing ends and what it returns can be shown.
func FuzzParse(f *testing.F) {
	f.Add([]byte("Subject: a\r\nContent-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n\r\nx\r\n--A--"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse("", nil, raw)
		if err == nil && (strings.ToValidUTF8(m.Text, "") != m.Text || strings.ToValidUTF8(m.HTML, "") != m.HTML) {
			t.Error("not UTF-8")
		}
	})
}
