package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
)

// FreshFor is how long a proof is enough for changes about money and safety.
const FreshFor = 15 * time.Minute

// Fresh reports whether the visitor proved who he is a short while ago.
func (s *Service) Fresh(who Visitor) bool {
	return who.SignedIn() && s.Now().Sub(who.ProvenAt) < FreshFor
}

// ConfirmCode sends the visitor, who is signed in, a code to prove himself with again.
// Refusals: as of RequestCode, and SecondNeeded when he has a second step, which mail
// alone cannot stand in for.
func (s *Service) ConfirmCode(w http.ResponseWriter, r *http.Request, who Visitor) error {
	second, err := s.Second(r.Context(), who)
	if err != nil {
		return err
	}
	if second.On {
		return refuse(SecondNeeded, nil)
	}
	return s.requestCode(w, r, codeAsk{email: who.Email, code: true}) // whether or not people sign in that way
}

// Confirm proves again who the visitor is, by what he types: a code of his authenticator,
// a recovery code or, if he has no second step, the code that was mailed to him. The
// session goes on under a new token. Refusals: as of VerifyCode and SecondStep, and
// SecondNeeded.
func (s *Service) Confirm(w http.ResponseWriter, r *http.Request, who Visitor, typed string) error {
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return err
	}
	second, err := s.Second(r.Context(), who)
	if err != nil {
		return err
	}
	if !second.On {
		return s.confirmByMail(w, r, who, typed)
	}
	proof, by, err := s.secondProof(r, who.UserID, typed)
	if err != nil {
		return err
	}
	return s.prove(w, r, who, by, db.Fresh{Second: &proof})
}

func (s *Service) confirmByMail(w http.ResponseWriter, r *http.Request, who Visitor, typed string) error {
	plain, err := plainCode(typed)
	if err != nil {
		return refuse(BadCode, err)
	}
	code, _, err := s.tried(r, who.Email, s.Now())
	if err != nil {
		return err
	}
	right, err := codeMatches(plain, code.Hash)
	switch {
	case err != nil:
		return fmt.Errorf("code %s: %w", code.ID, err)
	case !right && code.TriesLeft > 0:
		return &Refusal{Reason: WrongCode, TriesLeft: code.TriesLeft}
	case !right:
		return refuse(CodeDead, nil)
	}
	return s.prove(w, r, who, ByCode, db.Fresh{Code: code.ID})
}

// ConfirmPassword proves again who the visitor is, by his password. Refusals: as of
// VerifyPassword, and SecondNeeded.
func (s *Service) ConfirmPassword(w http.ResponseWriter, r *http.Request, who Visitor, typed string) error {
	if err := s.VerifyPassword(r, who, typed); err != nil {
		return err
	}
	return s.ProveAgain(w, r, who, ByPassword)
}

// ProveAgain records that the visitor has just proven himself in another way, which the
// caller has checked: by a passkey or his password. With a second step, a password alone
// is not enough: SecondNeeded.
func (s *Service) ProveAgain(w http.ResponseWriter, r *http.Request, who Visitor, by Proof) error {
	if by != ByPasskey {
		second, err := s.Second(r.Context(), who)
		if err != nil {
			return err
		}
		if second.On {
			return refuse(SecondNeeded, nil)
		}
	}
	return s.prove(w, r, who, by, db.Fresh{})
}

func (s *Service) prove(w http.ResponseWriter, r *http.Request, who Visitor, by Proof, fresh db.Fresh) error {
	return s.proveAt(w, r, who, by, s.Now(), fresh)
}

// NewToken lets the visitor's session go on under a new token, after a change that ended
// his other ones: whoever has a copy of the old token is out. The proof stays as it was.
// The change is made by now, so a session that ended meanwhile is a matter for the log.
func (s *Service) NewToken(w http.ResponseWriter, r *http.Request, who Visitor) {
	if err := s.proveAt(w, r, who, who.Proof, who.ProvenAt, db.Fresh{}); err != nil {
		s.Log.WarnContext(r.Context(), "a session goes on under its old token", "user", who.UserID, "err", err)
	}
}

func (s *Service) proveAt(w http.ResponseWriter, r *http.Request, who Visitor, by Proof, at time.Time, fresh db.Fresh) error {
	h, err := s.cookies.held(r)
	if err != nil {
		return fmt.Errorf("prove again: %w", err)
	}
	if h.row.ID != who.SessionID || h.row.UserID != who.UserID {
		return fmt.Errorf("prove another's session: %w", billing.ErrDenied)
	}
	token := newToken()
	fresh.SessionID, fresh.UserID, fresh.TokenHash, fresh.Proof, fresh.Now = h.row.ID, h.row.UserID, hashed(token), string(by), at
	err = s.Store.Prove(r.Context(), fresh)
	if errors.Is(err, billing.ErrDenied) {
		return refuse(CodeUsed, err)
	}
	if err != nil {
		return err
	}
	h.row.TokenHash, h.row.Proof, h.row.ProvenAt = fresh.TokenHash, string(by), at
	life := h.row.CreatedAt.Add(absoluteLife).Sub(s.Now())
	if h.row.Brief {
		life = 0
	}
	s.cookies.send(w, r, token, life)
	s.Log.InfoContext(r.Context(), "proven again", "user", who.UserID, "proof", by, "session", h.row.ID)
	return nil
}

// provenByAdding counts a new factor, which was just shown to work, as a proof. The factor
// is kept by now, so a session that ended meanwhile is a matter for the log.
func (s *Service) provenByAdding(w http.ResponseWriter, r *http.Request, who Visitor, by Proof) {
	if err := s.prove(w, r, who, by, db.Fresh{}); err != nil {
		s.Log.WarnContext(r.Context(), "a new factor was added, and does not count as a proof", "user", who.UserID, "err", err)
	}
}

// HasFactor reports whether the visitor has something to prove himself with that his mail
// does not give away: an authenticator, or a passkey where they are used.
func (s *Service) HasFactor(ctx context.Context, who Visitor) (bool, error) {
	second, err := s.Second(ctx, who)
	if err != nil || second.On || !s.OffersPasskeys() {
		return second.On, err
	}
	keys, err := s.Store.PasskeysOf(ctx, who.UserID)
	return len(keys) > 0, err
}

// Proofs are the ways in which the visitor can prove himself again by typing.
type Proofs struct {
	Second   bool // a code of his authenticator, or a recovery code; then nothing else
	Password bool
	Mail     bool // a code that is mailed to him
}

// Proofs tells them.
func (s *Service) Proofs(ctx context.Context, who Visitor) (Proofs, error) {
	second, err := s.Second(ctx, who)
	if err != nil || second.On {
		return Proofs{Second: second.On}, err
	}
	since, err := s.PasswordSince(ctx, who)
	return Proofs{Password: s.Offers(WayPassword) && !since.IsZero(), Mail: true}, err
}
