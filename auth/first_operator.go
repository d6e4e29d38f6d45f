package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// setupLife is how long a start-up token counts.
const setupLife = 24 * time.Hour

// Operates is the one place that decides who runs this installation: somebody whose
// address is among Config.Operators and was proven. While that names nobody, it is who
// spent a start-up token.
func (s *Service) Operates(who Visitor) bool {
	if !who.SignedIn() || !who.EmailVerified {
		return false
	}
	if len(s.Operators) > 0 {
		return slices.Contains(s.Operators, strings.ToLower(who.Email))
	}
	return !who.OperatorAt.IsZero()
}

// Setup reports whether this installation waits for its first operator.
func (s *Service) Setup(ctx context.Context) (bool, error) {
	if len(s.Operators) > 0 {
		return false, nil
	}
	there, err := s.Store.Operators(ctx)
	return err == nil && len(there) == 0, err
}

// NewSetupToken makes a start-up token, by which somebody who is signed in becomes the
// first operator. Tell it where only they read who run the machine; only its hash is kept.
// It is empty, and none is made, once there is an operator.
func (s *Service) NewSetupToken(ctx context.Context) (token string, ends time.Time, err error) {
	if len(s.Operators) > 0 {
		return "", time.Time{}, nil
	}
	token, ends = newToken(), s.Now().Add(setupLife)
	err = s.Store.AddSetupToken(ctx, hashed(token), s.Now(), ends)
	if errors.Is(err, billing.ErrConflict) {
		return "", time.Time{}, nil
	}
	return token, ends, err
}

// BecomeOperator spends a start-up token: the visitor runs this installation from now on,
// his session goes on under a new token, and he is told by mail. ErrNotFound: there is an
// operator. Refusals: UnprovenAddress, SetupToken, TooMany.
func (s *Service) BecomeOperator(w http.ResponseWriter, r *http.Request, who Visitor, typed string) error {
	open, err := s.Setup(r.Context())
	if err != nil {
		return err
	}
	if !open {
		return fmt.Errorf("become the first operator: %w", billing.ErrNotFound)
	}
	if !who.EmailVerified {
		return refuse(UnprovenAddress, nil)
	}
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return err
	}
	notice, err := s.notice(r, EventOperator, "")
	if err != nil {
		return err
	}
	err = s.Store.BecomeOperator(r.Context(), hashed(strings.TrimSpace(typed)), who.UserID, notice, s.Now())
	if errors.Is(err, billing.ErrDenied) {
		return refuse(SetupToken, err)
	}
	if err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "first operator", "user", who.UserID)
	s.NewToken(w, r, who)
	s.Poke()
	return nil
}

// operators are the addresses of those who run this installation.
func (s *Service) operators(ctx context.Context) ([]string, error) {
	if len(s.Operators) > 0 {
		return s.Operators, nil
	}
	users, err := s.Store.Operators(ctx)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, 0, len(users))
	for _, user := range users {
		addresses = append(addresses, user.Email)
	}
	return addresses, nil
}

// toOperators words the mail about an event for each of them, and for whoever else it is
// about. Without words there is none.
func (s *Service) toOperators(r *http.Request, who Visitor, event Event, detail string) ([]db.Mail, error) {
	mail, err := s.notice(r, event, detail)
	if err != nil || mail.Subject == "" {
		return nil, err
	}
	addresses, err := s.operators(r.Context())
	if err != nil {
		return nil, err
	}
	if who.EmailVerified && !slices.Contains(addresses, who.Email) {
		addresses = append(slices.Clone(addresses), who.Email)
	}
	mails := make([]db.Mail, 0, len(addresses))
	for _, address := range addresses {
		mail.To = address
		mails = append(mails, mail)
	}
	return mails, nil
}
