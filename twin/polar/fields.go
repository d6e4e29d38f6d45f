package polar

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"counterfoil/twin"
)

// field is a question that checkouts ask.
type field struct {
	stamp
	ID             string          `json:"id"`
	Metadata       twin.Metadata   `json:"metadata"`
	Type           string          `json:"type"`
	Slug           string          `json:"slug"`
	Name           string          `json:"name"`
	OrganizationID string          `json:"organization_id"`
	Properties     json.RawMessage `json:"properties"`
}

func shapeField(v *twin.View, f *twin.CustomField) field {
	return field{stamped(f.Stamp), f.ID, f.Metadata, f.Type, f.Slug, f.Name, v.Organization().ID, f.Properties}
}

// attachedField is a question on a product.
type attachedField struct {
	CustomFieldID string `json:"custom_field_id"`
	CustomField   field  `json:"custom_field"`
	Order         int    `json:"order"`
	Required      bool   `json:"required"`
}

// attachedFields are the questions of a product, in order.
func attachedFields(v *twin.View, p *twin.Product) []any {
	out := []any{}
	for i, a := range p.Fields {
		if f, err := v.CustomField(a.FieldID); err == nil {
			out = append(out, attachedField{a.FieldID, shapeField(v, f), i, a.Required})
		}
	}
	return out
}

var fieldSorts = map[string]func(a, b *twin.CustomField) int{
	"slug":       byText(func(f *twin.CustomField) string { return f.Slug }),
	"name":       byText(func(f *twin.CustomField) string { return f.Name }),
	"type":       byText(func(f *twin.CustomField) string { return f.Type }),
	"created_at": byTime(func(f *twin.CustomField) time.Time { return f.CreatedAt }),
}

// listFields: GET /v1/custom-fields/
func (s *Server) listFields(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.CustomField]{
		rows: v.CustomFields(), sorts: fieldSorts, usual: "slug",
		keep:  func(f *twin.CustomField) bool { return q.allows("type", f.Type) && q.within(f.Name, f.Slug) },
		shape: func(f *twin.CustomField) any { return shapeField(v, f) },
	}.answer(q)
}

// getField: GET /v1/custom-fields/{id}
func (s *Server) getField(v *twin.View, r *http.Request, _ query) (any, error) {
	return shaped(v, shapeField)(v.CustomField(r.PathValue("id")))
}

// fieldType reads the type of a question.
func fieldType(b body) string {
	return b.choice("type", "text", "number", "date", "checkbox", "select")
}

// fieldProperties reads the properties of a question: an object; a selection needs its options.
func fieldProperties(b body, kind string) json.RawMessage {
	p := b.nested("properties")
	if kind == "select" && b.has("properties") {
		p.need("options")
		for _, option := range p.objects("options") {
			option.need("value")
			option.need("label")
		}
	}
	return b.fields["properties"]
}

// createField: POST /v1/custom-fields/
func (s *Server) createField(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.noOrganization()
	for _, key := range []string{"type", "slug", "name", "properties"} {
		b.need(key)
	}
	in := twin.CustomField{Type: fieldType(b), Slug: b.text("slug"), Name: b.text("name"), Metadata: b.metadata("metadata")}
	in.Properties = fieldProperties(b, in.Type)
	if err := b.err(); err != nil {
		return nil, err
	}
	f, err := s.engine.CreateCustomField(ctx, in)
	return shapeOf(f, shapeField), err
}

// updateField: PATCH /v1/custom-fields/{id}
func (s *Server) updateField(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	b.need("type")
	kind, slug, name, metadata := fieldType(b), b.str("slug"), b.str("name"), b.metadata("metadata")
	properties := fieldProperties(b, kind)
	if err := b.err(); err != nil {
		return nil, err
	}
	f, err := s.engine.UpdateCustomField(ctx, r.PathValue("id"), func(row *twin.CustomField) {
		row.Type = kind
		if slug != nil {
			row.Slug = *slug
		}
		if name != nil {
			row.Name = *name
		}
		if metadata != nil {
			row.Metadata = metadata
		}
		if b.has("properties") {
			row.Properties = properties
		}
	})
	return shapeOf(f, shapeField), err
}

// deleteField: DELETE /v1/custom-fields/{id}
func (s *Server) deleteField(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.DeleteCustomField(ctx, r.PathValue("id"))
}
