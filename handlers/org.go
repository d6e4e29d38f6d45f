package handlers

import (
	"errors"
	"fmt"
	"net/http"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/views"
)

// orgHandler is a page or form about an organisation that the reader belongs to.
type orgHandler func(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error

// org finds the organisation that a path names. One that the reader does not belong to
// is a missing page, like one that is not there.
func (s *Server) org(h orgHandler) handler {
	return func(w http.ResponseWriter, r *http.Request, who auth.Visitor) error {
		o, err := s.Store.OrganizationOf(r.Context(), who.UserID, r.PathValue("slug"))
		if err != nil {
			return err
		}
		return h(w, r, who, o)
	}
}

// owned is org for what only an owner does. The statements that change something look
// again; this spares others the difference between what is there and what is not.
func (s *Server) owned(h orgHandler) handler {
	return s.org(func(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
		if !o.Role.Manages() {
			return fmt.Errorf("role %s: %w", o.Role, billing.ErrNotFound)
		}
		return h(w, r, who, o)
	})
}

// showOrg handles GET /orgs/{slug}: who belongs, and who is asked to.
func (s *Server) showOrg(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	return s.orgPage(w, r, who, o, http.StatusOK, views.Org{})
}

// orgPage fills in all but what a form that failed brought along.
func (s *Server) orgPage(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization, status int, m views.Org) error {
	page := s.frame(r, who, "orgs.title", "")
	page.Title = o.Name
	notice(r, &page)
	t := page.T
	m.ID, m.Slug, m.Name, m.Role = o.ID, o.Slug, o.Name, roleName(t, o.Role)
	m.Manages, m.Current = o.Role.Manages(), o.ID == who.OrganizationID
	members, err := s.Store.Members(r.Context(), o.ID)
	if err != nil {
		return err
	}
	owners := 0
	for _, member := range members {
		if member.Role.Manages() {
			owners++
		}
		m.People = append(m.People, views.OrgMember{
			UserID: member.UserID, Name: member.Name, Email: member.Email, Role: roleName(t, member.Role), RoleValue: string(member.Role),
			Since: t.Date(member.Since), You: member.UserID == who.UserID,
		})
	}
	m.Last = m.Manages && owners == 1
	for _, role := range roles {
		choice := views.Choice{Value: string(role), Text: roleName(t, role)}
		m.Roles = append(m.Roles, choice)
		if !role.Manages() {
			m.Invite.Roles = append(m.Invite.Roles, choice)
		}
	}
	var open []db.Invitation
	if o.Role.Bills() {
		if open, err = s.Store.Invitations(r.Context(), o.ID, s.Now()); err != nil {
			return err
		}
	}
	if err := s.seats(r.Context(), t, who, o, &m, members, open); err != nil {
		return err
	}
	if m.Manages {
		for _, i := range open {
			m.Invitations = append(m.Invitations, views.OrgInvitation{
				ID: i.ID, Email: i.Email, Role: roleName(t, i.Role), Sent: t.Ago(i.CreatedAt, s.Now()), Ends: t.Date(i.ExpiresAt),
			})
		}
	}
	if m.Invite.Error != "" {
		m.Invite.Error = t.T(m.Invite.Error)
	}
	if m.NameError != "" {
		m.NameError = t.T(m.NameError)
	}
	return s.render(w, r, status, views.OrgPage(page, m))
}

// orgDone leads back to the page of an organisation.
func (s *Server) orgDone(w http.ResponseWriter, o db.Organization, what string) error {
	redirect(w, "/orgs/"+o.Slug+"?done="+what)
	return nil
}

// renameOrg handles POST /orgs/{slug}/name.
func (s *Server) renameOrg(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	err := s.Auth.RenameOrganization(r.Context(), who, o.ID, r.PostFormValue("name"))
	if errors.Is(err, billing.ErrInvalid) {
		return s.orgPage(w, r, who, o, http.StatusBadRequest, views.Org{NameError: "orgs.bad_name"})
	}
	if err != nil {
		return err
	}
	return s.orgDone(w, o, "org_changed")
}

// invite handles POST /orgs/{slug}/invitations.
func (s *Server) invite(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	err := s.Auth.Invite(r, who, o, r.PostFormValue("email"), billing.Role(r.PostFormValue("role")))
	return s.invited(w, r, who, o, err)
}

// invited answers for a mail that was sent, or not.
func (s *Server) invited(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization, err error) error {
	form := views.OrgInvite{Email: clip(r.PostFormValue("email"), 1000)}
	status := http.StatusBadRequest
	switch refusal := auth.ReasonOf(err); {
	case err == nil:
		return s.orgDone(w, o, "org_invited")
	case refusal != nil && refusal.Reason == auth.BadEmail:
		form.Error = "orgs.bad_email"
	case refusal != nil && refusal.Reason == auth.TooMany:
		form.Error, status = "org.invite.many", http.StatusTooManyRequests
	case errors.Is(err, billing.ErrInvalid):
		form.Error = "org.invite.role"
	case errors.Is(err, billing.ErrConflict):
		form.Error, status = "org.invite.member", http.StatusConflict
	default:
		return err
	}
	return s.orgPage(w, r, who, o, status, views.Org{Invite: form})
}

// resendInvitation handles POST /orgs/{slug}/invitations/{id}/resend.
func (s *Server) resendInvitation(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	return s.invited(w, r, who, o, s.Auth.Resend(r, who, o, r.PathValue("id")))
}

// revokeInvitation handles POST /orgs/{slug}/invitations/{id}/revoke.
func (s *Server) revokeInvitation(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	if err := s.Store.RevokeInvitation(r.Context(), o.ID, r.PathValue("id"), who.UserID, s.Now()); err != nil {
		return err
	}
	return s.orgDone(w, o, "org_revoked")
}

// changeRole handles POST /orgs/{slug}/members/{user}/role.
func (s *Server) changeRole(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	role := billing.Role(r.PostFormValue("role"))
	if !role.Valid() {
		return say(billing.ErrInvalid, "org.invite.role")
	}
	if err := keepsOwner(s.Store.ChangeRole(r.Context(), o.ID, r.PathValue("user"), role, who.UserID, s.Now())); err != nil {
		return err
	}
	return s.orgDone(w, o, "org_changed")
}

// removeMember handles POST /orgs/{slug}/members/{user}/remove.
func (s *Server) removeMember(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	if err := keepsOwner(s.Store.RemoveMember(r.Context(), o.ID, r.PathValue("user"), who.UserID, s.Now())); err != nil {
		return err
	}
	return s.orgDone(w, o, "org_removed")
}

// leaveOrg handles POST /orgs/{slug}/leave.
func (s *Server) leaveOrg(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	if err := keepsOwner(s.Store.RemoveMember(r.Context(), o.ID, who.UserID, who.UserID, s.Now())); err != nil {
		return err
	}
	redirect(w, "/orgs?done=org_left")
	return nil
}

// transferOrg handles POST /orgs/{slug}/transfer.
func (s *Server) transferOrg(w http.ResponseWriter, r *http.Request, who auth.Visitor, o db.Organization) error {
	if err := keepsOwner(s.Store.TransferOwnership(r.Context(), o.ID, who.UserID, r.PostFormValue("user"), s.Now())); err != nil {
		return err
	}
	return s.orgDone(w, o, "org_changed")
}

// keepsOwner adds the reader's sentence where the last owner would fall.
func keepsOwner(err error) error {
	if errors.Is(err, billing.ErrConflict) {
		return errors.Join(say(billing.ErrConflict, "org.last_owner"), err)
	}
	return err
}
