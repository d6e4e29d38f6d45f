package twin

import (
	"context"
	"encoding/json"
	"slices"
)

// CustomField is a question that checkouts ask. Properties are those of its type, as they were given.
type CustomField struct {
	ID string
	Stamp
	Type       string // text, number, date, checkbox, select
	Slug, Name string
	Metadata   Metadata
	Properties json.RawMessage
}

// AttachedField is a question on one product.
type AttachedField struct {
	FieldID  string
	Required bool
}

// CustomField returns a field, or ErrNotFound.
func (v *View) CustomField(id string) (*CustomField, error) { return v.fields.get(id) }

// CustomFields returns all fields.
func (v *View) CustomFields() []*CustomField { return v.fields.all() }

// CreateCustomField makes a field. Errors: *Invalid.
func (e *Engine) CreateCustomField(ctx context.Context, f CustomField) (CustomField, error) {
	err := e.write(ctx, func(x *tx) error {
		f.ID, f.Stamp = newID(), x.made()
		if f.Metadata == nil {
			f.Metadata = Metadata{}
		}
		if err := x.checkField(f); err != nil {
			return err
		}
		put(x, x.fields, f)
		return nil
	})
	return f, err
}

// UpdateCustomField changes a field through change, which gets a copy. Errors: ErrNotFound, *Invalid.
func (e *Engine) UpdateCustomField(ctx context.Context, id string, change func(*CustomField)) (CustomField, error) {
	var f CustomField
	err := e.write(ctx, func(x *tx) error {
		row, err := x.fields.get(id)
		if err != nil {
			return err
		}
		f = *row
		change(&f)
		if f.Type != row.Type {
			return invalid("The type of a custom field can't be changed.", "type")
		}
		if err := x.checkField(f); err != nil {
			return err
		}
		f.Stamp = x.touched(f.Stamp)
		put(x, x.fields, f)
		return nil
	})
	return f, err
}

// DeleteCustomField removes a field and takes it off all products. Errors: ErrNotFound.
func (e *Engine) DeleteCustomField(ctx context.Context, id string) error {
	return e.write(ctx, func(x *tx) error {
		if _, err := x.fields.get(id); err != nil {
			return err
		}
		for _, row := range x.products.all() {
			at := slices.IndexFunc(row.Fields, func(a AttachedField) bool { return a.FieldID == id })
			if at >= 0 {
				p := *row
				p.Fields = slices.Delete(slices.Clone(p.Fields), at, at+1)
				put(x, x.products, p)
			}
		}
		remove(x, x.fields, id)
		return nil
	})
}

// checkField holds the rules on fields.
func (v *View) checkField(f CustomField) error {
	if f.Slug == "" {
		return invalid("String should have at least 1 character", "slug")
	}
	if f.Name == "" {
		return invalid("String should have at least 1 character", "name")
	}
	for _, other := range v.fields.rows {
		if other.Slug == f.Slug && other.ID != f.ID {
			return invalid("Custom field with this slug already exists.", "slug")
		}
	}
	return nil
}

// unanswered are the required questions of a product that the data leaves open, by slug.
func (v *View) unanswered(p Product, data Metadata) []string {
	var open []string
	for _, a := range p.Fields {
		f, ok := v.fields.rows[a.FieldID]
		if ok && a.Required && (data[f.Slug] == nil || data[f.Slug] == "" || data[f.Slug] == false) {
			open = append(open, f.Slug)
		}
	}
	return open
}
