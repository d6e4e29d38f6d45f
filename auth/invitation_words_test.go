package auth

import (
	"testing"

	"counterfoil/billing"
	"counterfoil/db"
)

// An invitation goes to strangers, in words of ours but for the name of the organisation:
// that must not become a link there.
func TestTheNameInAnInvitationBecomesNoLink(t *testing.T) {
	told := ""
	w := newWorld(t, func(c *Config) {
		c.InvitationMail = func(m InvitationMail) (db.Mail, error) {
			told = m.Organization
			return db.Mail{Subject: "Invitation", Text: m.URL}, nil
		}
	})
	_, owner := acme(t, w)
	for name, want := range map[string]string{
		"Overdue: pay at evil.example/now": "Overdue: pay at evil.\u200bexample/now",
		"a.b.example":                      "a.\u200bb.\u200bexample",
		"Acme Inc. & Co.":                  "Acme Inc. & Co.",
	} {
		o, err := owner.found(name, "billing@acme.example")
		if err != nil {
			t.Fatal(err)
		}
		w.invited(owner, o, "guest@example.com", billing.RoleMember)
		if told != want {
			t.Errorf("%q is told as %q, want %q", name, told, want)
		}
	}
}
