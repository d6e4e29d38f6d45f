package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"counterfoil/billing"
	"counterfoil/db/gen"
)

// Erasure is a person's wish to be forgotten.
type Erasure struct {
	UserID string
	Notice Mail // the last mail to him; may be zero
}

// Erase forgets a user, in one transaction: who he is, his ways in, his sessions, what he
// used, the organisations of which he is the only member, and what the mirror says of him.
// What stays are the books, which name nobody (see holding.kept), and the ids by which
// what comes late is known (see remember). ErrNotFound: there is no such user; a second
// wish at the same time ends so. A *Hindrance, which is ErrConflict: something must end
// first, and nothing happened.
//
// Why it holds: the job that has the provider erase him, too, is written in the same
// transaction, so neither a crash nor an outage loses it, and it may run any number of
// times. Whoever has read the user before the commit finds no row to refer to after it, or
// loses against it: on PostgreSQL transactions are serializable, on SQLite they queue.
func (s *Store) Erase(ctx context.Context, e Erasure, now time.Time) error {
	err := s.inTx(ctx, func(q *gen.Queries) error {
		user, err := q.User(ctx, e.UserID)
		if err != nil {
			return found(err)
		}
		payers, err := s.unhindered(ctx, q, e.UserID, now)
		if err != nil {
			return err
		}
		if err := dropMailsTo(ctx, q, user.Email); err != nil {
			return err
		}
		if err := enqueueNotice(ctx, q, e.UserID, e.Notice, now); err != nil {
			return err
		}
		for _, payer := range payers {
			if err := s.eraseCustomer(ctx, q, payer, now); err != nil {
				return fmt.Errorf("customer %s: %w", payer, err)
			}
		}
		for _, organization := range payers[1:] {
			if err := eraseOrganization(ctx, q, organization, now); err != nil {
				return fmt.Errorf("organisation %s: %w", organization, err)
			}
		}
		return eraseUser(ctx, q, user, now)
	})
	if err != nil {
		return fmt.Errorf("erase user %s: %w", e.UserID, err)
	}
	return nil
}

// step is one statement of an erasure. What it is about is the id of a user, a customer or
// an organisation, or an address.
type step struct {
	what string
	do   func(context.Context, string) error
}

func run(ctx context.Context, about string, steps []step) error {
	for _, step := range steps {
		if err := step.do(ctx, about); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// eraseUser removes what stands under a user's id or address. The user comes last, for
// other rows name him. The seats that organisations gave him are freed at the provider by
// jobs, which know his address until then.
func eraseUser(ctx context.Context, q *gen.Queries, user gen.User, now time.Time) error {
	organizations, err := q.MembershipsToEnd(ctx, user.ID)
	if err != nil {
		return fmt.Errorf("memberships: %w", err)
	}
	for _, organization := range organizations {
		if err := leaveSeats(ctx, q, organization, user.ID, now); err != nil {
			return fmt.Errorf("seats of organisation %s: %w", organization, err)
		}
	}
	err = run(ctx, user.Email, []step{
		{"seats", q.EraseSeats}, {"what was asked for seats", q.EraseSeatActions},
		{"codes", q.EraseCodes}, {"links", q.EraseLinks}, {"identities that wait", q.ErasePending}, {"invitations", q.EraseInvitations},
	})
	if err != nil {
		return err
	}
	return run(ctx, user.ID, []step{
		{"sessions", func(ctx context.Context, id string) error { return q.EraseSessions(ctx, &id) }},
		{"linking", q.EraseLinking}, {"seats", q.EraseSeatsOf}, {"codes to another address", q.EraseCounted}, {"changes of address", q.EraseEmailChanges}, {"password", q.CleansePassword},
		{"identities", q.CleanseIdentities}, {"passkeys", q.CleansePasskeys}, {"authenticator", q.CleanseAuthenticator},
		{"recovery codes", q.CleanseRecoveryCodes}, {"browsers", q.CleanseDevices}, {"invitations that he sent", func(ctx context.Context, id string) error {
			at := millis(now)
			return q.EraseInviter(ctx, gen.EraseInviterParams{Now: &at, ID: id})
		}},
		{"memberships", q.EraseMemberships}, {"user", q.EraseUser},
	})
}

// eraseCustomer removes what stands under the id of a customer, and leaves tombstones of
// what the provider may tell again. It may be repeated, and is when another customer of a
// provider turns out to be the same person.
func (s *Store) eraseCustomer(ctx context.Context, q *gen.Queries, id string, now time.Time) error {
	if err := q.NoteErased(ctx, gen.NoteErasedParams{ID: id, Now: millis(now)}); err != nil {
		return err
	}
	if err := q.NoteErasedAtProviders(ctx, gen.NoteErasedAtProvidersParams{ID: id, Now: millis(now)}); err != nil {
		return err
	}
	at := millis(now)
	err := run(ctx, id, []step{
		{"facts", func(ctx context.Context, id string) error { return eraseFacts(ctx, q, id) }},
		{"the provider's words", q.ErasePayerRaw},
		{"checkouts", func(ctx context.Context, id string) error {
			return q.ErasePayerCheckouts(ctx, gen.ErasePayerCheckoutsParams{Now: &at, ID: id})
		}},
		{"subscriptions", func(ctx context.Context, id string) error {
			return q.ErasePayerSubscriptions(ctx, gen.ErasePayerSubscriptionsParams{Now: &at, ID: id})
		}},
		{"grants", func(ctx context.Context, id string) error {
			return q.ErasePayerGrants(ctx, gen.ErasePayerGrantsParams{Now: &at, ID: id})
		}},
		{"meters", func(ctx context.Context, id string) error {
			return q.ErasePayerMeters(ctx, gen.ErasePayerMetersParams{Now: &at, ID: id})
		}},
		{"seats", func(ctx context.Context, id string) error {
			return q.ErasePayerSeats(ctx, gen.ErasePayerSeatsParams{Now: &at, ID: id})
		}},
		{"refunds", q.ErasePayerRefunds}, {"drifts", q.ErasePayerDrifts}, {"events", q.ErasePayerEvents}, {"hours", q.ErasePayerHours},
		{"days", q.ErasePayerDays}, {"actions", q.ErasePayerActions}, {"passes", q.ErasePayerPasses}, {"readings", q.ErasePayerReadings},
		{"jobs", q.ErasePayerJobs}, {"alarms", q.ErasePayerAlarms},
		{"customers of providers", func(ctx context.Context, id string) error {
			return q.ErasePayerAtProviders(ctx, gen.ErasePayerAtProvidersParams{Now: &at, ID: id})
		}},
		{"customer", q.ErasePayer},
	})
	if err != nil {
		return err
	}
	return enqueue(ctx, q, Job{Kind: JobEraseCustomer, Key: id, CustomerID: id}, time.Time{}, now)
}

func eraseOrganization(ctx context.Context, q *gen.Queries, id string, now time.Time) error {
	at := millis(now)
	return run(ctx, id, []step{
		{"invitations", q.EraseOrganizationInvitations}, {"members", q.EndMemberships},
		{"sessions", func(ctx context.Context, id string) error { return q.StopAllActingFor(ctx, &id) }},
		{"name", func(ctx context.Context, id string) error {
			return q.EraseOrganization(ctx, gen.EraseOrganizationParams{Now: &at, ID: id})
		}},
	})
}

// eraseFacts takes the words from what was told, and the person from what is still to be
// told: a hook must hear that a benefit ended, but not whose name it was.
func eraseFacts(ctx context.Context, q *gen.Queries, id string) error {
	if err := q.ErasePayerFacts(ctx, id); err != nil {
		return err
	}
	rows, err := q.FactsOfErased(ctx, id)
	if err != nil {
		return err
	}
	for _, row := range rows {
		body, err := nameless(row.Body)
		if err != nil {
			return fmt.Errorf("fact %s: %w", row.Key, err)
		}
		if err := q.RewriteFact(ctx, gen.RewriteFactParams{Body: body, Key: row.Key}); err != nil {
			return err
		}
	}
	return nil
}

// personal are the fields of mirrored objects, as facts tell them, that may name a person.
var personal = []string{"external_id", "external_customer_id", "email", "email_verified", "name", "url", "cancel_reason", "cancel_comment", "reference_id", "properties", "metadata", "user_id"}

// nameless is the body of a fact without a person, and without the provider's words.
func nameless(body string) (string, error) {
	var fact billing.FactBody
	if err := json.Unmarshal([]byte(body), &fact); err != nil {
		return "", err
	}
	fact.Raw = nil
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(fact.Data, &fields); err == nil && fields != nil {
		for _, name := range personal {
			delete(fields, name)
		}
		if fact.Data, err = json.Marshal(fields); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(fact)
	return string(text), err
}

// dropMailsTo forgets mails to an address that were not sent yet.
func dropMailsTo(ctx context.Context, q *gen.Queries, address string) error {
	rows, err := q.MailsToSend(ctx)
	if err != nil {
		return fmt.Errorf("mails: %w", err)
	}
	for _, row := range rows {
		var mail Mail
		if err := json.Unmarshal([]byte(row.Payload), &mail); err != nil {
			return fmt.Errorf("mail %s: %w", row.ID, err)
		}
		if mail.To != address {
			continue
		}
		if err := q.DropJob(ctx, row.ID); err != nil {
			return fmt.Errorf("mail %s: %w", row.ID, err)
		}
	}
	return nil
}
