package auth

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"counterfoil/billing"
)

// maxImage is the longest address of a picture, in bytes.
const maxImage = 2048

// SetImage changes the address of the visitor's picture; empty takes it away. Nobody
// here ever fetches it. ErrInvalid: it is no https address of a fitting length.
func (s *Service) SetImage(ctx context.Context, who Visitor, image string) error {
	if !who.SignedIn() {
		return fmt.Errorf("picture of nobody: %w", billing.ErrDenied)
	}
	if err := CheckImage(image); err != nil {
		return err
	}
	return s.Store.SetUserImage(ctx, who.UserID, image, s.Now())
}

// CheckImage tells whether SetImage would take an address.
func CheckImage(image string) error {
	if image == "" {
		return nil
	}
	u, err := url.Parse(image)
	if err != nil || len(image) > maxImage || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsFunc(image, unicode.IsSpace) {
		return fmt.Errorf("address of a picture: %w", billing.ErrInvalid)
	}
	return nil
}
