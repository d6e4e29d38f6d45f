package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"counterfoil/billing"
	"counterfoil/db"
)

// How codes are made (RFC 6238, and what every authenticator app assumes): six digits
// of HMAC-SHA1 every 30 seconds. Clocks may differ by one step either way.
const (
	stepLife  = 30 * time.Second
	stepsLate = 1
)

// SecondStep signs in whoever has done the first step in this browser, by a code of his
// authenticator or a recovery code. Refusals: BadCode, WrongSecond, ForeignBrowser (also:
// too late), CodeUsed, TooMany.
func (s *Service) SecondStep(w http.ResponseWriter, r *http.Request, typed string) (Arrival, error) {
	now := s.Now()
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return Arrival{}, err
	}
	h, err := s.cookies.held(r)
	if err != nil {
		return Arrival{}, fmt.Errorf("second step: %w", err)
	}
	if h.row.Pending == "" {
		return Arrival{}, refuse(ForeignBrowser, nil)
	}
	n, err := h.notes()
	if err != nil {
		return Arrival{}, fmt.Errorf("second step: %w", err)
	}
	second, proof, err := s.secondProof(r, h.row.Pending, typed)
	if err != nil {
		return Arrival{}, err
	}
	row, token := s.newSession(r, proof)
	if h.row.Brief {
		row.Brief, row.ExpiresAt = true, now.Add(briefLife)
	}
	entering, err := s.entering(r, row, token, h.row.ID)
	if err != nil {
		return Arrival{}, err
	}
	if n.Waits != nil {
		entering.Link = &n.Waits.Identity
		if entering.Linked, err = s.notice(r, EventIdentityLinked, n.Waits.Name); err != nil {
			return Arrival{}, err
		}
	}
	entry, err := s.Store.SignInWithSecond(r.Context(), h.row.Pending, second, entering)
	switch {
	case errors.Is(err, billing.ErrDenied):
		return Arrival{}, refuse(CodeUsed, err)
	case errors.Is(err, billing.ErrNotFound):
		return Arrival{}, refuse(ForeignBrowser, err)
	case err != nil:
		return Arrival{}, fmt.Errorf("second step: %w", err)
	}
	return s.arrive(w, r, entry, row, token, n.Next)
}

// Halfway reports whether this browser has done the first step of a sign-in that needs
// a second.
func (s *Service) Halfway(r *http.Request) (bool, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return false, fmt.Errorf("second step: %w", err)
	}
	return h.row.Pending != "", nil
}

// secondProof checks what was typed against the user's authenticator and recovery codes.
// A wrong code of the authenticator is paid for before it is looked at; recovery codes
// are too long to be guessed.
func (s *Service) secondProof(r *http.Request, userID, typed string) (db.SecondProof, Proof, error) {
	code, recovery, err := secondCode(typed)
	if err != nil {
		return db.SecondProof{}, "", refuse(BadCode, err)
	}
	if recovery {
		notice, err := s.notice(r, EventRecoveryUsed, "")
		return db.SecondProof{Recovery: hashed(code), Notice: notice}, ByRecovery, err
	}
	found, err := s.Store.Authenticator(r.Context(), userID)
	if errors.Is(err, billing.ErrNotFound) {
		return db.SecondProof{}, "", refuse(WrongSecond, err)
	}
	if err != nil {
		return db.SecondProof{}, "", err
	}
	proof, err := s.checkStep(r, userID, found, code)
	return proof, ByTOTP, err
}

// checkStep finds the time step that a code is of.
func (s *Service) checkStep(r *http.Request, userID string, found db.Authenticator, code string) (db.SecondProof, error) {
	now := s.Now()
	if err := s.Store.TakeSecondTry(r.Context(), userID, now); errors.Is(err, billing.ErrDenied) {
		return db.SecondProof{}, &Refusal{Reason: TooMany, RetryAfter: time.Hour, Cause: err}
	} else if err != nil {
		return db.SecondProof{}, err
	}
	secret, err := s.unseal(userID, found.Sealed)
	if err != nil {
		return db.SecondProof{}, err
	}
	for late := int64(-stepsLate); late <= stepsLate; late++ {
		at := now.Add(time.Duration(late) * stepLife)
		want, err := totp.GenerateCode(secret, at)
		if err != nil {
			return db.SecondProof{}, fmt.Errorf("code of user %s: %w", userID, err)
		}
		step := at.Unix() / int64(stepLife/time.Second)
		if equal(code, want) && step > found.LastStep {
			return db.SecondProof{Sealed: found.Sealed, Step: step}, nil
		}
	}
	return db.SecondProof{}, refuse(WrongSecond, nil)
}

// secondCode tells a code of an authenticator from a recovery code, as they are typed.
func secondCode(typed string) (code string, recovery bool, err error) {
	code = bare(typed)
	switch {
	case len(code) == 6 && strings.Trim(code, "0123456789") == "":
		return code, false, nil
	case len(code) == recoveryChars && strings.Trim(code, codeAlphabet) == "":
		return code, true, nil
	}
	return "", false, fmt.Errorf("a second code of %d characters: %w", len(code), billing.ErrInvalid)
}
