package auth

import (
	"errors"
	"fmt"
	"net/http"

	"counterfoil/billing"
)

// CheckCode tells whether a code that this browser asked for is right, without spending
// it; each look costs a try. Refusals: those of VerifyCode.
func (s *Service) CheckCode(r *http.Request, email, typed string) error {
	plain, err := plainCode(typed)
	if err != nil {
		return refuse(BadCode, err)
	}
	now := s.Now()
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), now); err != nil {
		return err
	}
	code, _, err := s.tried(r, email, now)
	if err != nil {
		return err
	}
	right, err := codeMatches(plain, code.Hash)
	switch {
	case err != nil:
		return fmt.Errorf("sign-in code %s: %w", code.ID, err)
	case !right && code.TriesLeft == 0:
		return refuse(CodeDead, nil)
	case !right:
		return &Refusal{Reason: WrongCode, TriesLeft: code.TriesLeft}
	}
	return nil
}

// ResetPasswordByCode spends a code that this browser asked for, signs its address in, and
// gives it a password, first or new; all other sessions end, and its owner is told by
// mail. Refusals: WayOff, ShortPassword, LongPassword, CommonPassword, all before the code
// is looked at, and those of VerifyCode. Who must still pass a second step keeps his
// password: the code is spent then. The password is not held against the owner's name,
// since an answer before the proof would tell it.
func (s *Service) ResetPasswordByCode(w http.ResponseWriter, r *http.Request, email, typed, password string) (Arrival, error) {
	if !s.Offers(WayPassword) {
		return Arrival{}, refuse(WayOff, nil)
	}
	plain, err := s.newPassword(password, email, "")
	if err != nil {
		return Arrival{}, err
	}
	arrival, err := s.VerifyCode(w, r, email, typed)
	if err != nil {
		return arrival, err
	}
	who, err := s.Who(r)
	if err != nil || !who.SignedIn() {
		return arrival, err
	}
	before, event := "", EventPasswordSet
	old, err := s.Store.PasswordOf(r.Context(), who.UserID)
	switch {
	case err == nil:
		before, event = old.Hash, EventPasswordChanged
	case !errors.Is(err, billing.ErrNotFound):
		return arrival, err
	}
	return arrival, s.changePassword(r, who, before, plain, event)
}
