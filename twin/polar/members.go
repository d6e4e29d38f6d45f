package polar

import (
	"context"
	"net/http"
	"time"

	"counterfoil/twin"
)

var memberSorts = map[string]func(a, b *twin.Member) int{
	"created_at": byTime(func(m *twin.Member) time.Time { return m.CreatedAt }),
	"email":      byText(func(m *twin.Member) string { return m.Email }),
	"name":       byText(func(m *twin.Member) string { return m.Name }),
	"role":       byText(func(m *twin.Member) string { return m.Role }),
}

// listMembers: GET /v1/members
func (s *Server) listMembers(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.Member]{
		rows: v.Members(q.owner(v)), sorts: memberSorts, usual: "-created_at",
		keep:  func(m *twin.Member) bool { return q.allowsCustomer(v, m.CustomerID) && q.allows("role", m.Role) },
		shape: func(m *twin.Member) any { return shapeMember(v, m) },
	}.answer(q)
}

// getMember: GET /v1/members/{id}
func (s *Server) getMember(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeMember)(v.Member(r.PathValue("id")))
}

// memberInput reads a new member.
func memberInput(b body) twin.MemberInput {
	b.need("email")
	return twin.MemberInput{Email: b.text("email"), Name: b.text("name"), ExternalID: b.text("external_id"), Role: role(b)}
}

// role reads a role, "" when it is not given.
func role(b body) string { return b.choice("role", twin.RoleOwner, twin.RoleBilling, twin.RoleMember) }

// createMember: POST /v1/members
func (s *Server) createMember(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.need("customer_id")
	customer, in := b.text("customer_id"), memberInput(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	m, err := s.engine.CreateMember(ctx, customer, in)
	return shapeOf(m, shapeMember), err
}

// updateMember: PATCH /v1/members/{id}
func (s *Server) updateMember(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	name, wanted := b.str("name"), role(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	m, err := s.engine.UpdateMember(ctx, r.PathValue("id"), name, given(wanted))
	return shapeOf(m, shapeMember), err
}

// given is &v, or nil for "".
func given(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// deleteMember: DELETE /v1/members/{id}
func (s *Server) deleteMember(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.DeleteMember(ctx, r.PathValue("id"))
}

// notTeam refuses members of a customer who is one person.
var notTeam = &twin.Refused{
	Class: "NotPermitted", Detail: "Member management is only available for team customers. Purchase a seat-based product to enable team features.",
}

// portalMembers: GET /v1/customer-portal/members
func (s *Server) portalMembers(v *twin.View, me twin.Actor, _ *http.Request, q query) (any, error) {
	if !me.Customer.Team {
		return nil, notTeam
	}
	return listing[twin.Member]{
		rows: v.Members(me.Customer.ID), sorts: memberSorts, usual: "created_at",
		shape: func(m *twin.Member) any { return shapeMember(v, m) },
	}.answer(q)
}

// portalAddMember: POST /v1/customer-portal/members
func (s *Server) portalAddMember(ctx context.Context, me twin.Actor, _ *http.Request, b body) (func(*twin.View) any, error) {
	in := memberInput(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	m, err := s.engine.CreateMember(ctx, me.Customer.ID, in)
	return shapeOf(m, shapeMember), err
}

// otherMember is the member that the path names, who is not the actor.
func (s *Server) otherMember(me twin.Actor, r *http.Request, refusal string) (twin.Member, error) {
	if !me.Customer.Team {
		return twin.Member{}, notTeam
	}
	m, err := checkOwn(s, me, r, func(v *twin.View, me twin.Actor, r *http.Request) (*twin.Member, error) {
		return own(me, func(m *twin.Member) string { return m.CustomerID })(v.Member(r.PathValue("id")))
	})
	if err == nil && m.ID == me.Member.ID {
		err = wrong("value_error", refusal, m.ID, "path", "id")
	}
	return m, err
}

// portalUpdateMember: PATCH /v1/customer-portal/members/{id}
func (s *Server) portalUpdateMember(ctx context.Context, me twin.Actor, r *http.Request, b body) (func(*twin.View) any, error) {
	wanted := role(b)
	if err := b.err(); err != nil {
		return nil, err
	}
	m, err := s.otherMember(me, r, "You cannot modify your own role.")
	if err != nil {
		return nil, err
	}
	m, err = s.engine.UpdateMember(ctx, m.ID, nil, given(wanted))
	return shapeOf(m, shapeMember), err
}

// portalRemoveMember: DELETE /v1/customer-portal/members/{id}
func (s *Server) portalRemoveMember(ctx context.Context, me twin.Actor, r *http.Request, _ body) (func(*twin.View) any, error) {
	m, err := s.otherMember(me, r, "You cannot remove yourself from the team.")
	if err != nil {
		return nil, err
	}
	if m.Role == twin.RoleOwner {
		return nil, wrong("value_error", "Cannot remove the only owner. Transfer ownership first.", m.ID, "path", "id")
	}
	return nil, s.engine.DeleteMember(ctx, m.ID)
}
