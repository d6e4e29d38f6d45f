package twin

import (
	"context"
	"time"
)

// Mail is one message that the sink received.
type Mail struct {
	ID         string
	ReceivedAt time.Time
	From       string   // envelope sender
	To         []string // envelope recipients
	Subject    string
	Text       string // text/plain part, decoded
	HTML       string // text/html part, decoded; may be empty
	Raw        string // the message as it came
}

// SaveMail keeps a mail under a new id at the engine's present time and returns it.
func (e *Engine) SaveMail(ctx context.Context, m Mail) (Mail, error) {
	err := e.write(ctx, func(x *tx) error {
		m.ID, m.ReceivedAt = newID(), x.stamp()
		put(x, x.mails, m)
		return nil
	})
	return m, err
}

// Mails returns all mails, newest first.
func (e *Engine) Mails() []Mail {
	e.mu.RLock()
	defer e.mu.RUnlock()
	rows := e.data.mails.all()
	mails := make([]Mail, 0, len(rows))
	for i := len(rows) - 1; i >= 0; i-- {
		mails = append(mails, *rows[i])
	}
	return mails
}

// Mail returns one mail, or ErrNotFound.
func (e *Engine) Mail(id string) (Mail, error) {
	return read(e, func(v *View) (Mail, error) { return value(v.mails.get(id)) })
}

// value copies a row out of its table.
func value[T any](row *T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return *row, nil
}
