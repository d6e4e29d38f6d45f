package views

import (
	"context"
	"fmt"
	"strings"
)

// Acting says for whom the reader acts, and for whom else he may. ActingFor forms post
// "organization" (empty: himself) to /orgs/act.
type Acting struct {
	Name  string // of the organisation; "" for himself
	Role  string // his there, in words
	Slug  string
	Other []OrgRow // those that he does not act for
}

// OrgRow is one organisation of the reader.
type OrgRow struct {
	ID, Slug, Name string
	Role           string // in words
	Current        bool   // he acts for it
}

// Orgs are the reader's organisations. The form posts "name" and "email" to /orgs.
type Orgs struct {
	Rows     []OrgRow
	Form     OrgForm
	Founding Founding // is shown in the place of the form, when it has a name
	Close    string   // why he cannot make one; "" when he can
}

// OrgForm is what was typed to make an organisation.
type OrgForm struct {
	Name, Email string
	Error       string // may be ""
	Shown       bool   // it was just refused, so it is shown though another one waits
}

// Org is one organisation and who belongs to it.
type Org struct {
	ID, Slug, Name string
	Role           string // the reader's, in words
	Manages        bool   // he says who belongs
	Current        bool   // he acts for it
	Last           bool   // he is its only owner
	People         []OrgMember
	Invitations    []OrgInvitation
	Roles          []Choice // that a member can be given
	Invite         OrgInvite
	Seats          []Seats // of each plan that is bought by the seat
	NoSeats        bool    // there is none, and the reader could choose one
	NameError      string
}

// OrgMember is somebody who belongs.
type OrgMember struct {
	UserID, Name, Email string
	Role                string // in words
	RoleValue           string
	Since               Time
	You                 bool
}

// OrgInvitation is one that is open.
type OrgInvitation struct {
	ID, Email, Role string
	Sent, Ends      Time
}

// OrgInvite is what was typed to invite somebody.
type OrgInvite struct {
	Email string
	Roles []Choice
	Error string
}

// Invite is the page that the link of an invitation leads to.
type Invite struct {
	Token        string
	Organization string // "" when it no longer counts
	Role         string // in words
	Email        string // whom it was sent to
	SignInURL    string // "" when somebody is signed in
	Other        bool   // by another address than that
	Unproven     bool   // by that address, never proven
}

// InvitationMail carries an invitation. days is how long it counts.
func InvitationMail(ctx context.Context, t *Translator, brand Brand, organization, inviter, url string, days int) (Mail, error) {
	name := Page{Brand: brand}.brand()
	lines := []string{
		t.T("mail.invitation.lead", "Brand", name, "Organization", organization, "Inviter", inviter),
		url,
		t.N("mail.invitation.counts", int64(days)),
		t.T("mail.invitation.ignore"),
	}
	if brand.Support != "" {
		lines = append(lines, t.T("mail.code.support", "Support", brand.Support))
	}
	var html strings.Builder
	if err := plainMail(t.Lang(), name, lines).Render(ctx, &html); err != nil {
		return Mail{}, fmt.Errorf("invitation mail: %w", err)
	}
	return Mail{
		Subject: t.T("mail.invitation.subject", "Brand", name, "Organization", organization),
		Text:    strings.Join(lines, "\n\n") + "\n",
		HTML:    html.String(),
	}, nil
}

// DeleteOrg is the page before an organisation is deleted.
type DeleteOrg struct {
	Slug, Name string
	Hindrances []Hindrance // what must end first; then no form is shown
	People     string      // "3 people"
	Who        []string    // what becomes of them
	Error      string      // about what was typed; may be ""
}
