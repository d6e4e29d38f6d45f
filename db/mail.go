package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"counterfoil/db/gen"
)

// Mail is the payload of a JobSendMail: one message to one reader, with the words
// already chosen. It may hold a secret such as a sign-in code, so the payload is
// wiped as soon as the mail is sent or given up.
type Mail struct {
	To      string `json:"to"` // one bare address
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"` // may be empty

	ExpiresAt time.Time `json:"expires_at,omitzero"` // it is of no use later; zero for never
}

// enqueueMail asks for a mail to be sent, in the transaction that gives the reason.
func enqueueMail(ctx context.Context, q *gen.Queries, mail Mail, now time.Time) error {
	payload, err := json.Marshal(mail)
	if err != nil {
		return fmt.Errorf("mail %q: %w", mail.Subject, err)
	}
	return enqueue(ctx, q, Job{Kind: JobSendMail, Key: NewID(), Payload: string(payload)}, time.Time{}, now)
}
