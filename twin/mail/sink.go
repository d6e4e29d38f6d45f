package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"counterfoil/twin"
)

// Bounds of what a sink takes.
const (
	maxMessage    = 1 << 20 // bytes
	maxRecipients = 50
	patience      = time.Minute // for the next command or line
)

// Keep stores a mail, as Engine.SaveMail does. It is called once for each accepted
// one; its error is told to the sender as a temporary failure, so that nothing is lost.
type Keep func(ctx context.Context, m twin.Mail) (twin.Mail, error)

// Sink is an SMTP server that accepts all mail and passes it to a Keep.
type Sink struct {
	server *smtp.Server
	listen net.Listener
	stop   context.CancelFunc
	done   chan struct{}
}

// Start listens on addr, a loopback host:port (port 0 picks a free one).
func Start(addr string, keep Keep, log *slog.Logger) (*Sink, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("start mail sink: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{ctx: ctx, keep: keep, log: log}, nil
	}))
	server.Domain = "localhost"
	server.MaxMessageBytes = maxMessage
	server.MaxRecipients = maxRecipients
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.EnableSMTPUTF8 = true
	server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	sink := &Sink{server: server, listen: listener, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(sink.done)
		if err := server.Serve(listener); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			log.Error("mail sink stopped", "err", err)
		}
	}()
	return sink, nil
}

// Addr is the host:port to send mail to.
func (s *Sink) Addr() string { return s.listen.Addr().String() }

// Close stops listening and drops open connections. It may be repeated.
func (s *Sink) Close() error {
	s.stop()
	err := s.server.Close()
	// A server closed before its goroutine began to serve does not know its listener yet.
	if second := s.listen.Close(); second != nil && !errors.Is(second, net.ErrClosed) {
		err = errors.Join(err, second)
	}
	<-s.done
	if err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("close mail sink: %w", err)
	}
	return nil
}

// session is one connection's envelope in the making.
type session struct {
	ctx  context.Context // ends with the sink
	keep Keep
	log  *slog.Logger
	from string
	to   []string
}

// Mail opens an envelope.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt adds a recipient; everybody lives here.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data reads the letter and has it kept before saying so.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // among others, that the message is too long
	}
	message, err := Parse(s.from, s.to, raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "The message has no readable header"}
	}
	if _, err := s.keep(s.ctx, message); err != nil {
		s.log.Error("keep mail", "err", err)
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "The message could not be stored"}
	}
	return nil
}

// Reset drops the envelope.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the connection; nothing is held open.
func (s *session) Logout() error { return nil }
