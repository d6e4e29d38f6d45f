// Package mail is the twin's letter box: it turns what arrives over SMTP into
// mails that a page can show. It knows MIME and SMTP; it must not know where mails
// are kept, nor what the product writes in them. It delivers nothing.
package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"

	"golang.org/x/net/html/charset"

	"counterfoil/twin"
)

// maxDepth bounds multiparts within multiparts.
const maxDepth = 5

// decoder reads encoded words (RFC 2047) in any charset the web knows.
var decoder = mime.WordDecoder{CharsetReader: charset.NewReaderLabel}

// errBroken marks mail that has no readable header; every other fault is survived.
var errBroken = errors.New("not a mail message")

// Parse reads a message. A part that cannot be decoded is shown as far as it goes:
// a letter box that drops mail hides the fault one is looking for.
func Parse(from string, to []string, raw []byte) (twin.Mail, error) {
	l := letter{twin.Mail{From: from, To: to, Raw: string(raw)}}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return l.Mail, fmt.Errorf("%w: %w", errBroken, err)
	}
	l.Subject = parsed.Header.Get("Subject")
	if subject, err := decoder.DecodeHeader(l.Subject); err == nil {
		l.Subject = subject
	}
	l.Subject = strings.ToValidUTF8(l.Subject, "\uFFFD")
	l.read(part{
		contentType: parsed.Header.Get("Content-Type"),
		disposition: parsed.Header.Get("Content-Disposition"),
		encoding:    parsed.Header.Get("Content-Transfer-Encoding"),
		body:        parsed.Body,
	}, 0)
	return l.Mail, nil
}

// letter is a mail while its parts are being read.
type letter struct{ twin.Mail }

// part is one MIME entity before decoding.
type part struct {
	contentType, disposition, encoding string
	body                               io.Reader
}

// read takes the first text and the first HTML that are not attachments.
func (m *letter) read(p part, depth int) {
	kind, params, err := mime.ParseMediaType(p.contentType)
	if err != nil {
		kind, params = "text/plain", nil // RFC 2045 section 5.2
	}
	if disposition, _, err := mime.ParseMediaType(p.disposition); err == nil && disposition == "attachment" {
		return
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && depth < maxDepth:
		m.readParts(multipart.NewReader(p.body, params["boundary"]), depth+1)
	case kind == "text/plain" && m.Text == "":
		m.Text = p.text(params["charset"])
	case kind == "text/html" && m.HTML == "":
		m.HTML = p.text(params["charset"])
	}
}

func (m *letter) readParts(reader *multipart.Reader, depth int) {
	for {
		next, err := reader.NextRawPart()
		if err != nil {
			return // the end, or as far as a broken message can be read
		}
		m.read(part{
			contentType: next.Header.Get("Content-Type"),
			disposition: next.Header.Get("Content-Disposition"),
			encoding:    next.Header.Get("Content-Transfer-Encoding"),
			body:        next,
		}, depth)
	}
}

// text decodes a part's body to UTF-8.
func (p part) text(label string) string {
	body := p.body
	switch strings.ToLower(strings.TrimSpace(p.encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	if label != "" && !strings.EqualFold(label, "utf-8") && !strings.EqualFold(label, "us-ascii") {
		if converted, err := charset.NewReaderLabel(label, body); err == nil {
			body = converted
		}
	}
	text, _ := io.ReadAll(body) // what was read before a fault is worth showing
	return strings.ReplaceAll(strings.ToValidUTF8(string(text), "\uFFFD"), "\r\n", "\n")
}
