package auth

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"counterfoil/billing"
)

// CodeLink is what the page behind the link of a code's mail must say. It spends nothing.
type CodeLink struct {
	Here      bool   // this browser asked for it, and may spend it
	Code      string // as shown; for the browser that asked, when it is not this one
	Email     string // only Here
	UserAgent string // of the browser that asked
	AskedAt   time.Time
}

// OpenCodeLink tells where a link may be spent. Only the browser that asked can do that:
// whoever is sent another's link, or forwards his own, signs nobody in. Refusals: WayOff,
// LinkDead.
func (s *Service) OpenCodeLink(r *http.Request, id, typed string) (CodeLink, error) {
	if !s.Offers(WayLink) {
		return CodeLink{}, refuse(WayOff, nil)
	}
	plain, err := plainCode(typed)
	if err != nil {
		return CodeLink{}, refuse(LinkDead, err)
	}
	code, err := s.Store.Code(r.Context(), id)
	if errors.Is(err, billing.ErrNotFound) {
		return CodeLink{}, refuse(LinkDead, err)
	}
	if err != nil {
		return CodeLink{}, err
	}
	if !code.UsedAt.IsZero() || !s.Now().Before(code.ExpiresAt) {
		return CodeLink{}, refuse(LinkDead, errors.New("the code was used or has ended"))
	}
	browser, err := s.browserOf(r)
	if err != nil {
		return CodeLink{}, err
	}
	link := CodeLink{Here: browser == code.BrowserHash, UserAgent: code.UserAgent, AskedAt: code.CreatedAt}
	if link.Here {
		link.Email = code.Email
	}
	if s.Offers(WayCode) {
		link.Code = shownCode(plain)
	}
	return link, nil
}

// VerifyCodeLink spends the code of a link in the browser that asked for it. Refusals:
// WayOff, LinkDead, and those of VerifyCode.
func (s *Service) VerifyCodeLink(w http.ResponseWriter, r *http.Request, id, typed string) (Arrival, error) {
	link, err := s.OpenCodeLink(r, id, typed)
	if err != nil {
		return Arrival{}, err
	}
	if !link.Here {
		return Arrival{}, refuse(ForeignBrowser, nil)
	}
	return s.redeem(w, r, link.Email, typed, ByLink)
}

// browserOf is the hash of the value that codes and links bind this browser by; empty
// when it holds none.
func (s *Service) browserOf(r *http.Request) (string, error) {
	h, err := s.cookies.held(r)
	if err != nil {
		return "", fmt.Errorf("session: %w", err)
	}
	browser, _, err := h.bound()
	return browser, err
}
