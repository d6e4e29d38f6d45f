package polar

import (
	"net/http"
	"time"

	"counterfoil/twin"
)

var organizationSorts = map[string]func(a, b *twin.Organization) int{
	"created_at": byTime(func(o *twin.Organization) time.Time { return o.CreatedAt }),
	"name":       byText(func(o *twin.Organization) string { return o.Name }),
	"slug":       byText(func(o *twin.Organization) string { return o.Slug }),
}

// listOrganizations: GET /v1/organizations/
func (s *Server) listOrganizations(v *twin.View, _ *http.Request, q query) (any, error) {
	o := v.Organization()
	return listing[twin.Organization]{
		rows: []*twin.Organization{&o}, sorts: organizationSorts, usual: "created_at",
		keep:  func(o *twin.Organization) bool { return q.allows("slug", o.Slug) },
		shape: func(o *twin.Organization) any { return shapeOrganization(*o) },
	}.answer(q)
}

// getOrganization: GET /v1/organizations/{id}
func (s *Server) getOrganization(v *twin.View, r *http.Request, _ query) (any, error) {
	if o := v.Organization(); o.ID == r.PathValue("id") {
		return shapeOrganization(o), nil
	}
	return nil, twin.ErrNotFound
}
