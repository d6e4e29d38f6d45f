package polar

import (
	"context"
	"net/http"

	"counterfoil/twin"
)

// The merchant's own id of a member is only unique within its customer, so that the query has to name one.

// externalMember is the member that path and query name together.
func externalMember(v *twin.View, r *http.Request) (*twin.Member, error) {
	q := query{r.URL.Query(), &[]twin.FieldError{}}
	id, external := q.Get("customer_id"), q.Get("external_customer_id")
	switch {
	case id == "" && external == "":
		return nil, wrong("missing", "One of customer_id or external_customer_id must be provided.", nil, "query")
	case id != "" && external != "":
		return nil, wrong("value_error", "Only one of customer_id or external_customer_id may be provided.", nil, "query")
	}
	if owner := q.owner(v); owner != "" {
		for _, m := range v.Members(owner) {
			if m.ExternalID == r.PathValue("external") {
				return m, nil
			}
		}
	}
	return nil, twin.ErrNotFound
}

// getExternalMember: GET /v1/members/external/{external_id}
func (s *Server) getExternalMember(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeMember)(externalMember(v, r))
}

// byExternal turns an order about a member's id into one about its external id.
func (s *Server) byExternal(order orderOf) orderOf {
	return func(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
		err := s.engine.Read(func(v *twin.View) error {
			m, err := externalMember(v, r)
			if err == nil {
				r.SetPathValue("id", m.ID)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		return order(ctx, r, b)
	}
}
