package worker

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"counterfoil/billing"
	"counterfoil/db"
)

func TestNewMailer(t *testing.T) {
	for _, url := range []string{
		"smtp://localhost", "smtp://user:secret@mail.example.com:587", "smtps://user:secret@mail.example.com",
		"smtp://mail.example.com?starttls=try", "smtp://127.0.0.1:1025?starttls=never", "",
	} {
		if _, err := NewMailer(url, "Portal <no-reply@portal.example>"); err != nil {
			t.Errorf("NewMailer(%q): %v", url, err)
		}
	}
	for _, url := range []string{
		"mail.example.com:25", "http://mail.example.com", "smtp://", "smtp://user:secret@", "smtp://host/path",
		"smtp://host?starttls=perhaps", "smtp://user:secret@ho st",
	} {
		_, err := NewMailer(url, "no-reply@portal.example")
		if err == nil {
			t.Errorf("NewMailer(%q) succeeded, want a refusal", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("NewMailer(%q) tells the password: %v", url, err)
		}
	}
	if _, err := NewMailer("smtp://localhost", "nobody"); err == nil {
		t.Error("a sender without a domain was taken")
	}
}

// mail asks for a mail as a sign-in does.
func (s *stage) mail(to string) {
	s.t.Helper()
	now := s.now()
	code := db.Code{ID: db.NewID(), Email: to, Hash: "h", BrowserHash: "b", TriesLeft: 3, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	letter := db.Mail{To: to, Subject: "Código 123456 ✓", Text: "Your code is 123456.", HTML: "<p>Your code is <b>123456</b>.</p>"}
	if err := s.Store.AddCode(s.t.Context(), code, db.CodeLimit{Most: 9, Since: now.Add(-time.Hour)}, letter); err != nil {
		s.t.Fatal(err)
	}
}

func TestMailIsSentOnce(t *testing.T) {
	s := newStage(t, false)
	s.mail("noor@example.com")
	if n := s.step(db.JobSendMail); n != 1 {
		t.Errorf("%d mails sent, want 1: %+v", n, s.trouble())
	}
	if n := s.step(db.JobSendMail); n != 0 {
		t.Errorf("%d mails sent again", n)
	}
	mails := s.twin.Engine.Mails()
	if len(mails) != 1 || mails[0].Subject != "Código 123456 ✓" || !strings.Contains(mails[0].Text, "123456") || !strings.Contains(mails[0].HTML, "<b>123456</b>") {
		t.Errorf("arrived: %+v", mails)
	}
}

func TestMailTrouble(t *testing.T) {
	tests := []struct {
		name   string
		server *mailbox // nil: nobody listens
		wait   time.Duration
		state  string // of the job after a first try and one more after wait
		reason string
	}{
		{"nobody listens", nil, time.Minute, "waiting", "send mail"},
		{"nobody listens until the code has expired", nil, time.Hour, "parked", "given up: what it says counts no longer"},
		{"no such address", &mailbox{refuse: &smtp.SMTPError{Code: 550, Message: "<noor@example.com>: no such user"}}, time.Minute, "parked", "no such user"},
		{"the server is busy", &mailbox{refuse: &smtp.SMTPError{Code: 451, Message: "try later"}}, time.Minute, "waiting", "try later"},
		{"the line breaks after the mail was taken", &mailbox{hangUp: true}, time.Minute, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, false)
			var err error
			if s.Mailer, err = NewMailer("smtp://"+tt.server.listen(t), "no-reply@portal.example"); err != nil {
				t.Fatal(err)
			}
			s.mail("noor@example.com")
			s.step(db.JobSendMail)
			s.later(tt.wait)
			s.step(db.JobSendMail)
			job := s.trouble()
			if job.State != tt.state || !strings.Contains(job.Error, tt.reason) {
				t.Errorf("the job is %q because %q, want %q because %q", job.State, job.Error, tt.state, tt.reason)
			}
			if strings.Contains(job.Error, "noor@") {
				t.Errorf("the reason, which is logged, names the reader: %q", job.Error)
			}
			if kept := strings.Contains(job.Payload, "123456"); kept != (tt.state == "waiting") {
				t.Errorf("the code is kept: %v, in a job that is %q", kept, job.State)
			}
		})
	}
}

// TestARepeatIsRecognisable: a mail whose fate is unknown goes out again under the
// same Message-ID.
func TestARepeatIsRecognisable(t *testing.T) {
	box := &mailbox{}
	mailer, err := NewMailer("smtp://"+box.listen(t), "no-reply@portal.example")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := mailer.Send(t.Context(), "0190d2d2", db.Mail{To: "noor@example.com", Subject: "s", Text: "t"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(box.taken(), "Message-ID: <0190d2d2@portal.example>"); n != 2 {
		t.Errorf("%d mails with the id of the job, want 2 in:\n%s", n, box.taken())
	}
}

func TestWithoutAMailServer(t *testing.T) {
	mailer, err := NewMailer("", "")
	if err != nil {
		t.Fatal(err)
	}
	err = mailer.Send(t.Context(), "id", db.Mail{To: "noor@example.com"})
	if !errors.Is(err, errMailRefused) || !strings.Contains(err.Error(), "SMTP_URL") {
		t.Errorf("%v, want a refusal that names SMTP_URL", err)
	}
}

// mailbox is an SMTP server on loopback that can be unfriendly.
type mailbox struct {
	refuse *smtp.SMTPError // to every recipient
	hangUp bool            // cut the line once a mail was taken
	mails  chan string
}

// listen returns the address. A nil mailbox has one where nobody listens.
func (m *mailbox) listen(t *testing.T) string {
	t.Helper()
	if m == nil {
		return "127.0.0.1:1" // a port that is given to nobody; one that was just free may be another test's by now
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.mails = make(chan string, 9)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &visit{m, c}, nil }))
	server.Domain = "localhost"
	go func() { _ = server.Serve(listener) }() // ends with Close
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// taken are the mails so far, as they came.
func (m *mailbox) taken() string {
	var all strings.Builder
	for range len(m.mails) {
		text := <-m.mails
		all.WriteString(text)
		m.mails <- text
	}
	return all.String()
}

type visit struct {
	box  *mailbox
	conn *smtp.Conn
}

func (v *visit) Logout() error                        { return nil }
func (v *visit) Mail(string, *smtp.MailOptions) error { return nil }

// Reset is called once the answer to a mail is on its way.
func (v *visit) Reset() {
	if v.box.hangUp && len(v.box.mails) > 0 {
		_ = v.conn.Conn().Close()
	}
}

func (v *visit) Rcpt(string, *smtp.RcptOptions) error {
	if v.box.refuse != nil {
		return v.box.refuse
	}
	return nil
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.box.mails <- string(text)
	return nil
}

// TestARefusedMailIsNoTroubleForEver: its text is emptied, so nobody can do anything about
// it, and anybody can have one refused by asking for a code at an address that is none. It
// is shown for three days, and its alarm ends with it.
func TestARefusedMailIsNoTroubleForEver(t *testing.T) {
	s := newStage(t, false)
	box := &mailbox{refuse: &smtp.SMTPError{Code: 550, Message: "no such user"}}
	var err error
	if s.Mailer, err = NewMailer("smtp://"+box.listen(t), "no-reply@portal.example"); err != nil {
		t.Fatal(err)
	}
	s.mail("noor@example.com")
	s.step(db.JobSendMail)
	lasts := func() bool {
		s.step("prune")
		s.step("watch")
		open, err := s.Store.Alarms(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(open, func(a billing.Alarm) bool { return a.Kind == billing.AlarmJobParked })
	}
	s.later(keepRefused - time.Hour)
	if !lasts() || s.trouble().State != db.StateParked {
		t.Error("it is not shown for three days")
	}
	s.later(2 * time.Hour)
	if lasts() || s.trouble().State != "" {
		t.Error("it is shown for ever")
	}
}
