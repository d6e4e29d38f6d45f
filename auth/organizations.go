package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"counterfoil/billing"
	"counterfoil/db"
)

// errName refuses the name of an organisation: it is empty, too long, or holds control
// characters or what mail programs make a link of.
var errName = fmt.Errorf("name of an organisation: %w", billing.ErrInvalid)

// slugTries is how many slugs are tried for one organisation: the plain one, then with
// 20 random bits behind it.
const slugTries = 4

// CreateOrganization makes the organisation that waits in this session, by the code that
// was mailed to its address. The visitor owns it and acts for it from now on. Its bills go
// to an address of its own: a provider keeps one customer to an address, and his is his.
// Refusals: BadCode, WrongCode, CodeDead, CodeExpired, CodeUsed, ForeignBrowser for none
// that waits, TakenEmail for an address that is another user's, TooMany; ErrDenied: he
// owns too many. Of any number of requests with the code one makes it.
func (s *Service) CreateOrganization(w http.ResponseWriter, r *http.Request, who Visitor, typed string) (db.Organization, error) {
	ctx := r.Context()
	f, code, err := s.provenFounding(r, who, typed)
	if err != nil {
		return db.Organization{}, err
	}
	switch user, err := s.Store.UserByEmail(ctx, f.Email); {
	case err == nil && !user.EmailVerifiedAt.IsZero():
		return db.Organization{}, refuse(TakenEmail, nil)
	case err != nil && !errors.Is(err, billing.ErrNotFound):
		return db.Organization{}, err
	}
	o := db.Organization{ID: db.NewID(), Name: f.Name, CreatedAt: s.Now(), Role: billing.RoleOwner}
	for try := range slugTries {
		o.Slug = slugOf(f.Name, try > 0)
		err = s.Store.AddOrganization(ctx, o, who.UserID, db.BillingAddress{Email: f.Email, CodeID: code.ID}, !s.SkipCreateCustomer, s.Now())
		if !errors.Is(err, billing.ErrConflict) {
			break
		}
	}
	if errors.Is(err, db.ErrCodeUsed) {
		return db.Organization{}, refuse(CodeUsed, err) // another request was faster
	}
	if err != nil {
		return db.Organization{}, fmt.Errorf("create an organisation: %w", err)
	}
	s.Log.InfoContext(ctx, "organisation created", "organization", o.ID, "user", who.UserID)
	s.Poke()
	if err := s.DropFounding(w, r); err != nil {
		return o, err
	}
	_, err = s.ActFor(w, r, who, o.ID)
	return o, err
}

// RenameOrganization gives an organisation another name; its slug stays. ErrInvalid: the
// name; ErrDenied: the visitor is no owner.
func (s *Service) RenameOrganization(ctx context.Context, who Visitor, id, name string) error {
	name, err := organizationName(name)
	if err != nil {
		return err
	}
	return s.Store.RenameOrganization(ctx, id, who.UserID, name)
}

// organizationName cleans a name. It stands in mails to strangers, so nothing that
// becomes a link there may be in it.
func organizationName(typed string) (string, error) {
	name, err := cleanName(typed)
	if err != nil {
		return "", err
	}
	lower := strings.ToLower(name)
	if name == "" || strings.Contains(lower, "://") || strings.Contains(lower, "www.") || strings.Contains(lower, "@") {
		return "", errName
	}
	return name, nil
}

// maxSlug is the longest slug made of a name, in bytes.
const maxSlug = 40

// slugOf is a name in a-z, 0-9 and hyphens, with four random characters behind it when
// the plain one is taken.
func slugOf(name string, taken bool) string {
	var b strings.Builder
	for _, c := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case !unicode.IsMark(c) && b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= maxSlug {
			break
		}
	}
	slug := strings.TrimSuffix(b.String(), "-")
	if slug == "" {
		slug = "team"
	}
	if taken {
		slug += "-" + strings.ToLower(rand.Text()[:4])
	}
	return slug
}
