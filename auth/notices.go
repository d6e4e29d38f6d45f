package auth

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"counterfoil/db"
)

// Event is something that happened to an account and that its user is told by mail, so
// that he notices when it wasn't him. The words of each are in the message catalogue.
type Event string

// The events.
const (
	EventSignIn           Event = "sign_in" // with a browser that he had never signed in with
	EventPasswordSet      Event = "password_set"
	EventPasswordChanged  Event = "password_changed"
	EventPasswordRemoved  Event = "password_removed"
	EventEmailChanged     Event = "email_changed"     // Detail is the new address; goes to the old one
	EventIdentityLinked   Event = "identity_linked"   // Detail names the identity provider
	EventIdentityUnlinked Event = "identity_unlinked" // Detail names the identity provider
	EventPasskeyAdded     Event = "passkey_added"     // Detail is its name
	EventPasskeyRemoved   Event = "passkey_removed"   // Detail is its name
	EventTOTPAdded        Event = "totp_added"
	EventTOTPRemoved      Event = "totp_removed"
	EventRecoveryUsed     Event = "recovery_used"
	EventRecoveryMade     Event = "recovery_made"
	EventKeyMade          Event = "key_made"    // Detail is its name; goes to all operators
	EventKeyRevoked       Event = "key_revoked" // Detail is its name; goes to all operators
	EventOperator         Event = "operator"    // by a start-up token
	EventSessionsEnded    Event = "sessions_ended"
	EventSignedOut        Event = "signed_out" // by an operator, everywhere
	EventErased           Event = "erased"
)

// NoticeMail is what a mail about an event must say. It holds no secret.
type NoticeMail struct {
	Event     Event
	Detail    string // see the events; may be empty
	At        time.Time
	UserAgent string
	Address   string // of the network; may be empty
	Language  string // the Accept-Language header of the browser that did it
}

// notice words the mail about an event that a request brings about. Hand it to the
// method of the Store that does it, which writes it in the same transaction
// (enqueueNotice). It is zero, and then nothing is sent, when no words are configured.
func (s *Service) notice(r *http.Request, event Event, detail string) (db.Mail, error) {
	if s.NoticeMail == nil {
		return db.Mail{}, nil
	}
	mail, err := s.NoticeMail(NoticeMail{
		Event: event, Detail: detail, At: s.Now(), UserAgent: clipped(r.UserAgent()), Address: s.address(r),
		Language: r.Header.Get("Accept-Language"),
	})
	if err != nil {
		return db.Mail{}, fmt.Errorf("word a notice of %s: %w", event, err)
	}
	return mail, nil
}

// notify tells a user of an event in a transaction of its own, for what has no other.
func (s *Service) notify(ctx context.Context, r *http.Request, userID string, event Event, detail string) error {
	mail, err := s.notice(r, event, detail)
	if err != nil {
		return err
	}
	if err := s.Store.Notify(ctx, userID, mail, s.Now()); err != nil {
		return fmt.Errorf("tell of %s: %w", event, err)
	}
	s.Poke()
	return nil
}
