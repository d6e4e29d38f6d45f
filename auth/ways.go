package auth

import (
	"errors"
	"fmt"
	"slices"
)

// Way is a way in that can be switched off.
type Way string

// The ways in besides identity providers.
const (
	WayCode     Way = "code"     // a code that is mailed and typed
	WayLink     Way = "link"     // the same mail's link
	WayPassword Way = "password" // needs LinkMail
	WayPasskey  Way = "passkey"
)

// Ways are all of them.
var Ways = []Way{WayCode, WayLink, WayPassword, WayPasskey}

// Offers tells whether this installation lets people in that way.
func (s *Service) Offers(way Way) bool {
	if way == WayPassword && s.LinkMail == nil {
		return false
	}
	return s.Ways == nil || slices.Contains(s.Ways, way)
}

// mailsIn tells whether a proven address is enough to come in.
func (s *Service) mailsIn() bool { return s.Offers(WayCode) || s.Offers(WayLink) }

// checkWays refuses ways that there are none of, and an installation that nobody could
// sign in to: a passkey is added only by who is in already.
func (s *Service) checkWays() error {
	for _, way := range s.Ways {
		if !slices.Contains(Ways, way) {
			return fmt.Errorf("auth: no way in is called %q", way)
		}
	}
	if !s.mailsIn() && !s.Offers(WayPassword) && len(s.providers) == 0 {
		return errors.New("auth: nobody could sign in: no code, no link, no password and no identity provider is on")
	}
	return nil
}
