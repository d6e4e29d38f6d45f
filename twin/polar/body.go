package polar

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"counterfoil/twin"
)

// body is a decoded request body. The getters collect what is wrong, so that one answer names every mistake;
// a caller asks err before it acts.
type body struct {
	fields map[string]json.RawMessage
	path   []any
	wrong  *[]twin.FieldError
}

// readBody decodes a JSON object. No body at all counts as {}.
func readBody(r *http.Request) (body, error) {
	b := body{fields: map[string]json.RawMessage{}, path: []any{"body"}, wrong: &[]twin.FieldError{}}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return b, wrong("json_invalid", "The body could not be read.", nil, "body")
	}
	if len(data) == 0 {
		return b, nil
	}
	if err := json.Unmarshal(data, &b.fields); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return b, wrong("json_invalid", "JSON decode error", nil, "body", syntax.Offset)
		}
		return b, wrong("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", nil, "body")
	}
	return b, nil
}

// err is everything that was wrong so far, or nil.
func (b body) err() error {
	if len(*b.wrong) == 0 {
		return nil
	}
	return &twin.Invalid{Fields: *b.wrong}
}

// say adds a complaint about a field.
func (b body) say(key, kind, msg string) {
	loc := append(append([]any{}, b.path...), key)
	var input any
	if raw, ok := b.fields[key]; ok {
		input = raw
	}
	*b.wrong = append(*b.wrong, twin.FieldError{Loc: loc, Msg: msg, Type: kind, Input: input})
}

// has reports whether the key is there and not null; null reports whether it is there and null.
func (b body) has(key string) bool {
	raw, ok := b.fields[key]
	return ok && string(raw) != "null"
}

func (b body) null(key string) bool { return string(b.fields[key]) == "null" }

// decode reads key into out, or complains that it is not what.
func (b body) decode(key string, out any, kind, msg string) bool {
	if !b.has(key) {
		return false
	}
	if err := json.Unmarshal(b.fields[key], out); err != nil {
		b.say(key, kind, msg)
		return false
	}
	return true
}

// str, whole, flag, moment: optional values, nil when absent or null.
func (b body) str(key string) *string {
	var v string
	if !b.decode(key, &v, "string_type", "Input should be a valid string") {
		return nil
	}
	return &v
}

func (b body) whole(key string) *int64 {
	var v int64
	if !b.decode(key, &v, "int_type", "Input should be a valid integer") {
		return nil
	}
	return &v
}

func (b body) flag(key string) *bool {
	var v bool
	if !b.decode(key, &v, "bool_type", "Input should be a valid boolean") {
		return nil
	}
	return &v
}

func (b body) moment(key string) time.Time {
	text := b.str(key)
	if text == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, *text)
	if err != nil {
		b.say(key, "datetime_from_date_parsing", "Input should be a valid datetime with timezone info")
		return time.Time{}
	}
	return at.UTC().Truncate(time.Microsecond)
}

// strs is a list of strings; nil when absent.
func (b body) strs(key string) []string {
	var v []string
	b.decode(key, &v, "list_type", "Input should be a valid list of strings")
	return v
}

// text is str with "" for absent; need complains when it is absent.
func (b body) text(key string) string {
	if v := b.str(key); v != nil {
		return *v
	}
	return ""
}

func (b body) need(key string) {
	if !b.has(key) {
		b.say(key, "missing", "Field required")
	}
}

// metadata reads a metadata map within the limits; nil when absent.
func (b body) metadata(key string) twin.Metadata {
	var v twin.Metadata
	if !b.decode(key, &v, "dict_type", "Input should be a valid dictionary") {
		return nil
	}
	for _, bad := range twin.CheckMetadata(v, false) {
		bad.Loc = append(append(append([]any{}, b.path...), key), bad.Loc...)
		*b.wrong = append(*b.wrong, bad)
	}
	return v
}

// address reads a postal address; nil when absent.
func (b body) address(key string) *twin.Address {
	var v twin.Address
	if !b.decode(key, &v, "model_type", "Input should be a valid address") {
		return nil
	}
	if len(v.Country) != 2 {
		at := append(append([]any{}, b.path...), key, "country")
		*b.wrong = append(*b.wrong, twin.FieldError{Loc: at, Msg: "Input should be a valid country code", Type: "missing"})
		return nil
	}
	return &v
}

// nested is the object under key; an empty one when absent.
func (b body) nested(key string) body {
	out := body{fields: map[string]json.RawMessage{}, path: append(append([]any{}, b.path...), key), wrong: b.wrong}
	b.decode(key, &out.fields, "model_type", "Input should be a valid object")
	return out
}

// objects is the list of objects under key.
func (b body) objects(key string) []body {
	var raw []map[string]json.RawMessage
	b.decode(key, &raw, "list_type", "Input should be a valid list of objects")
	out := make([]body, 0, len(raw))
	for i, fields := range raw {
		out = append(out, body{fields: fields, path: append(append([]any{}, b.path...), key, i), wrong: b.wrong})
	}
	return out
}

// choice checks that a string is one of the allowed.
func (b body) choice(key string, allowed ...string) string {
	v := b.str(key)
	if v == nil {
		return ""
	}
	for _, ok := range allowed {
		if *v == ok {
			return ok
		}
	}
	b.say(key, "enum", "Input should be one of the known values")
	return ""
}

// only complains about every key that is not allowed, as Polar's strict unions do.
func (b body) only(allowed ...string) {
	for key := range b.fields {
		known := false
		for _, ok := range allowed {
			known = known || key == ok
		}
		if !known {
			b.say(key, "extra_forbidden", "Extra inputs are not permitted")
		}
	}
}

// noOrganization refuses organization_id: an organization token already says it.
func (b body) noOrganization() {
	if b.has("organization_id") {
		b.say("organization_id", "value_error", "Setting organization_id is disallowed when using an organization token.")
	}
}
