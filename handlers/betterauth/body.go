package betterauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// maxBody is the most that a request may send, in bytes.
const maxBody = 1 << 20

// read decodes the JSON object of a request into target, a pointer to a struct. Only its
// fields count, under exactly the names of their json tags; whatever else is sent is
// dropped. A field tagged wire:"required" must be there, one tagged wire:"nullable" may
// be null and then counts as missing, one tagged wire:"null" reads null itself. Targets of redirects that a body names are checked first, whatever target
// has. An empty body is an empty object only where the endpoint says so.
func (s *Server) read(w http.ResponseWriter, r *http.Request, target any, mayBeEmpty bool) error {
	return s.readAs(w, r, target, mayBeEmpty, "application/json")
}

// readForm is read for an endpoint that takes a browser's form as well.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request, target any) error {
	return s.readAs(w, r, target, false, "application/x-www-form-urlencoded, application/json")
}

func (s *Server) readAs(w http.ResponseWriter, r *http.Request, target any, mayBeEmpty bool, allowed string) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE", fmt.Sprintf("The body is longer than %d bytes", large.Limit))
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "BAD_REQUEST", "The body could not be read")
	}
	if len(body) == 0 {
		if mayBeEmpty {
			return nil
		}
		return noObject(target, "undefined")
	}
	sent, kind, err := fieldsOf(body, r.Header.Get("Content-Type"), allowed)
	if err != nil {
		return err
	}
	if kind != "object" {
		return noObject(target, kind)
	}
	if err := s.checkTargets(sent); err != nil {
		return err
	}
	return bind(sent, target)
}

// open is embedded in targets of endpoints that, in the original, keep fields of their
// owner's own: those want a record besides an object, and say both.
type open struct{}

// noObject refuses a body that is none.
func noObject(target any, kind string) error {
	message := "[body] Invalid input: expected object, received " + kind
	for i := range reflect.TypeOf(target).Elem().NumField() {
		if reflect.TypeOf(target).Elem().Field(i).Type == reflect.TypeFor[open]() {
			message += "; [body] Invalid input: expected record, received " + kind
		}
	}
	return invalid(message)
}

// fieldsOf takes a body apart into its fields, if it is an object, and says what it is.
func fieldsOf(body []byte, contentType, allowed string) (fields map[string]json.RawMessage, kind string, err error) {
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case contentType == "":
		return nil, "", refuse(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Content-Type is required. Allowed types: "+allowed)
	case err != nil || !slices.Contains(strings.Split(allowed, ", "), media):
		return nil, "", refuse(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE",
			fmt.Sprintf("Content-Type \"%s\" is not allowed. Allowed types: %s", contentType, allowed))
	case media != "application/json":
		fields, err = formFields(string(body))
		return fields, "object", err
	case !json.Valid(body):
		return nil, "", refuse(http.StatusBadRequest, "BAD_REQUEST", "Invalid JSON in request body")
	}
	if kind := kindOf(body); kind != "object" {
		return nil, kind, nil
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, "", refuse(http.StatusBadRequest, "BAD_REQUEST", "Invalid JSON in request body")
	}
	return fields, "object", nil
}

// formFields are the fields of a form; of several of one name the last counts.
func formFields(body string) (map[string]json.RawMessage, error) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "BAD_REQUEST", "Invalid form in request body")
	}
	fields := map[string]json.RawMessage{}
	for name, values := range form {
		if fields[name], err = json.Marshal(values[len(values)-1]); err != nil {
			return nil, fmt.Errorf("read a form: %w", err)
		}
	}
	return fields, nil
}

// bind fills the fields of target in their order, and tells all that do not fit.
func bind(sent map[string]json.RawMessage, target any) error {
	into := reflect.ValueOf(target).Elem()
	var misfits []string
	for i := range into.NumField() {
		field, rule := into.Type().Field(i), into.Type().Field(i).Tag.Get("wire")
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		raw, there := sent[name]
		null := there && string(raw) == "null"
		switch {
		case name == "" || name == "-" || !there && rule != "required" || null && rule == "nullable":
			continue
		case !there || null && rule != "null":
			if choice, ok := into.Field(i).Addr().Interface().(interface{ options() string }); ok {
				misfits = append(misfits, "[body."+name+"] "+choice.options())
				continue
			}
		}
		switch {
		case !there:
			misfits = append(misfits, fmt.Sprintf("[body.%s] Invalid input: expected %s, received undefined", name, typeName(field.Type)))
			continue
		case null && rule != "null":
			misfits = append(misfits, fmt.Sprintf("[body.%s] Invalid input: expected %s, received null", name, typeName(field.Type)))
			continue
		}
		if err := json.Unmarshal(raw, into.Field(i).Addr().Interface()); err != nil {
			misfits = append(misfits, misfit(name, field.Type, raw, err))
		}
	}
	if len(misfits) > 0 {
		return invalid(strings.Join(misfits, "; "))
	}
	return nil
}

// misfit tells why a value does not fit its field, or what is inside of it.
func misfit(name string, want reflect.Type, raw json.RawMessage, err error) string {
	if choice, ok := reflect.New(want).Interface().(interface{ options() string }); ok {
		return "[body." + name + "] " + choice.options() // one of a few texts
	}
	if said, ok := errors.AsType[*refusal](err); ok {
		return said.Message // of a type that reads itself
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return fmt.Sprintf("[body.%s.%s] Invalid input: expected %s, received %s", name, wrong.Field, typeName(wrong.Type), wrong.Value)
	}
	return fmt.Sprintf("[body.%s] Invalid input: expected %s, received %s", name, typeName(want), kindOf(raw))
}

func invalid(message string) error {
	return refuse(http.StatusBadRequest, "VALIDATION_ERROR", message)
}

// kindOf names the type of a JSON value as the wire does.
func kindOf(body []byte) string {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return "unknown"
	}
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// typeName names a Go type as the wire does.
func typeName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Map:
		return "record"
	case reflect.Struct, reflect.Interface:
		return "object"
	}
	return "number"
}
