package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"counterfoil/billing"
	"counterfoil/db"
)

// SetPassword gives the visitor a first password; all his other sessions end, and he is
// told by mail. The caller makes sure that he has just proven who he is. Refusals: WayOff,
// PasswordSet, ShortPassword, LongPassword, CommonPassword.
func (s *Service) SetPassword(r *http.Request, who Visitor, password string) error {
	if !s.Offers(WayPassword) {
		return refuse(WayOff, nil)
	}
	plain, err := s.newPassword(password, who.Email, who.Name)
	if err != nil {
		return err
	}
	return s.changePassword(r, who, "", plain, EventPasswordSet)
}

// ChangePassword exchanges the visitor's password; all his other sessions end, and he is
// told by mail. Refusals: WayOff, WrongPassword, TooMany, PasswordSet, ShortPassword,
// LongPassword, CommonPassword.
func (s *Service) ChangePassword(r *http.Request, who Visitor, current, password string) error {
	if !s.Offers(WayPassword) {
		return refuse(WayOff, nil)
	}
	plain, err := s.newPassword(password, who.Email, who.Name)
	if err != nil {
		return err // before the try is paid for
	}
	tried, err := s.tryPassword(r, who.Email, current)
	if err != nil {
		return err
	}
	return s.changePassword(r, who, tried.Hash, plain, EventPasswordChanged)
}

// changePassword puts a password that was judged in the place of the one with a hash.
func (s *Service) changePassword(r *http.Request, who Visitor, before, plain string, event Event) error {
	if !s.Offers(WayPassword) || !who.SignedIn() {
		return refuse(WayOff, nil)
	}
	hash, err := s.hasher.hash(r.Context(), plain)
	if err != nil {
		return err
	}
	return s.exchange(r, who, before, hash, event)
}

func (s *Service) exchange(r *http.Request, who Visitor, before, hash string, event Event) error {
	notice, err := s.notice(r, event, "")
	if err != nil {
		return err
	}
	err = s.Store.ChangePassword(r.Context(), db.PasswordChange{
		UserID: who.UserID, Before: before, Hash: hash, KeepSession: who.SessionID, Notice: notice, Now: s.Now(),
	})
	if errors.Is(err, billing.ErrConflict) {
		return refuse(PasswordSet, err)
	}
	if err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "password changed", "user", who.UserID, "event", event)
	s.Poke()
	return nil
}

// RemovePassword takes the visitor's password away; all his other sessions end, and he
// is told by mail. The caller makes sure that he has just proven who he is. ErrNotFound:
// he has none. Refusals: LastWay, PasswordSet.
func (s *Service) RemovePassword(r *http.Request, who Visitor) error {
	password, err := s.Store.PasswordOf(r.Context(), who.UserID)
	if err != nil {
		return err
	}
	otherwise, err := s.comesInOtherwise(r.Context(), who)
	if err != nil {
		return err
	}
	if !otherwise {
		return refuse(LastWay, nil)
	}
	return s.exchange(r, who, password.Hash, "", EventPasswordRemoved)
}

// comesInOtherwise tells whether a user can sign in without his password.
func (s *Service) comesInOtherwise(ctx context.Context, who Visitor) (bool, error) {
	if s.OffersPasskeys() {
		if keys, err := s.Store.PasskeysOf(ctx, who.UserID); err != nil || len(keys) > 0 {
			return err == nil, err
		}
	}
	return s.comesInByOthers(ctx, who)
}

// comesInByOthers tells whether a user can sign in with nothing of his own: by mail to an
// address that he has proven, or by an identity of a provider that is on.
func (s *Service) comesInByOthers(ctx context.Context, who Visitor) (bool, error) {
	if s.mailsIn() && who.EmailVerified {
		return true, nil
	}
	if s.OffersPasskeys() {
		keys, err := s.Passkeys(ctx, who)
		if err != nil || len(keys) > 0 {
			return err == nil, err
		}
	}
	authorities, err := s.Store.AuthoritiesOf(ctx, who.UserID)
	if err != nil {
		return false, fmt.Errorf("ways in of user %s: %w", who.UserID, err)
	}
	for _, p := range s.providers {
		if slices.Contains(authorities, p.authority) {
			return true, nil
		}
	}
	return false, nil
}

// OpenReset tells whose password a link can reset; it spends nothing. Refusals: WayOff,
// LinkDead.
func (s *Service) OpenReset(r *http.Request, token string) (email string, err error) {
	link, err := s.open(r.Context(), token, db.LinkReset)
	return link.Email, err
}

// ResetPassword spends a link, in any browser: its user gets the password, his address is
// proven, all his sessions end, and he is told by mail. It signs nobody in. Refusals:
// WayOff, LinkDead, ShortPassword, LongPassword, CommonPassword, TooMany.
func (s *Service) ResetPassword(r *http.Request, token, password string) error {
	link, err := s.open(r.Context(), token, db.LinkReset)
	if err != nil {
		return err
	}
	who, err := s.Store.UserByEmail(r.Context(), link.Email)
	if err != nil && !errors.Is(err, billing.ErrNotFound) {
		return err
	}
	plain, err := s.newPassword(password, link.Email, who.Name)
	if err != nil {
		return err
	}
	if err := s.limits.proofs.pass(ClientNetwork(r, s.Proxies), s.Now()); err != nil {
		return err
	}
	hash, err := s.hasher.hash(r.Context(), plain)
	if err != nil {
		return err
	}
	notice, err := s.notice(r, EventPasswordChanged, "")
	if err != nil {
		return err
	}
	who, err = s.Store.ResetPassword(r.Context(), link, hash, notice, !s.SkipCreateCustomer, s.Now())
	if errors.Is(err, billing.ErrDenied) {
		return refuse(LinkDead, err)
	}
	if err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "password reset", "user", who.ID)
	s.Poke()
	return nil
}
