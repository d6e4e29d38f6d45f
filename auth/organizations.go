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

// CreateOrganization makes an organisation that the visitor owns and acts for from now
// on. Its bills go to an address of its own: a provider keeps one customer to an address,
// and his is his. ErrInvalid: the name; refusal BadEmail: the address; ErrConflict: it is
// his own; ErrDenied: he has not proven his own address, which is how
// nobody makes customers at the provider in a stranger's name, or he owns too many.
func (s *Service) CreateOrganization(w http.ResponseWriter, r *http.Request, who Visitor, name, billingEmail string) (db.Organization, error) {
	ctx := r.Context()
	if !who.EmailVerified {
		return db.Organization{}, fmt.Errorf("create an organisation: the address is not proven: %w", billing.ErrDenied)
	}
	name, err := organizationName(name)
	if err != nil {
		return db.Organization{}, err
	}
	billingEmail, err = normalEmail(billingEmail)
	if err != nil {
		return db.Organization{}, refuse(BadEmail, err)
	}
	if billingEmail == who.Email {
		return db.Organization{}, fmt.Errorf("create an organisation with the address of a person: %w", billing.ErrConflict)
	}
	o := db.Organization{ID: db.NewID(), Name: name, CreatedAt: s.Now(), Role: billing.RoleOwner}
	for try := range slugTries {
		o.Slug = slugOf(name, try > 0)
		err = s.Store.AddOrganization(ctx, o, who.UserID, billingEmail, !s.SkipCreateCustomer, s.Now())
		if !errors.Is(err, billing.ErrConflict) {
			break
		}
	}
	if err != nil {
		return db.Organization{}, fmt.Errorf("create an organisation: %w", err)
	}
	s.Log.InfoContext(ctx, "organisation created", "organization", o.ID, "user", who.UserID)
	s.Poke()
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
