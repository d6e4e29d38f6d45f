package betterauth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// object is the provider's JSON of one object, taken apart.
type object map[string]json.RawMessage

func readObject(body string) (object, error) {
	var o object
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		return nil, fmt.Errorf("an object in the provider's words: %w", err)
	}
	return o, nil
}

// text is a field that holds a string; empty if it does not.
func (o object) text(field string) string {
	var text string
	if json.Unmarshal(o[field], &text) != nil {
		return ""
	}
	return text
}

// writer builds a JSON object field by field. A field ends up once, in the order in which
// it was first written.
type writer struct{ bytes.Buffer }

// put writes a field whose value is JSON already.
func (w *writer) put(name string, value []byte) {
	if w.Len() == 0 {
		w.WriteByte('{')
	} else {
		w.WriteByte(',')
	}
	w.WriteByte('"')
	w.WriteString(name)
	w.WriteString(`":`)
	w.Write(value)
}

// end closes the object.
func (w *writer) end() json.RawMessage {
	if w.Len() == 0 {
		w.WriteByte('{')
	}
	w.WriteByte('}')
	return w.Bytes()
}

// take copies listed fields of an object under the names of the wire. What the provider
// leaves out stays out; null stays null. A name with a question mark may be missing, one
// without that is missing becomes null, since clients read it.
func (w *writer) take(o object, fields string) error {
	for name := range strings.FieldsSeq(fields) {
		name, optional := strings.CutSuffix(name, "?")
		value, there := o[name]
		if !there && optional {
			continue
		}
		if !there {
			value = json.RawMessage("null")
		}
		shaped, err := shape(name, value)
		if err != nil {
			return err
		}
		w.put(camel(name), shaped)
	}
	return nil
}

// picked is an object of listed fields.
func picked(o object, fields string) (json.RawMessage, error) {
	var w writer
	if err := w.take(o, fields); err != nil {
		return nil, err
	}
	return w.end(), nil
}

// free are the fields whose keys are somebody's own and stay as they are.
var free = map[string]bool{"metadata": true, "custom_field_data": true, "benefit_metadata": true, "oauth_accounts": true, "archived": true}

// camel turns snake_case into camelCase.
func camel(name string) string {
	if !strings.Contains(name, "_") {
		return name
	}
	var out strings.Builder
	upper := false
	for i, c := range name {
		switch {
		case c == '_' && i > 0:
			upper = true
		case upper && c >= 'a' && c <= 'z':
			out.WriteRune(c - 'a' + 'A')
			upper = false
		default:
			out.WriteRune(c)
			upper = false
		}
	}
	return out.String()
}

// shape brings a value into the form of the wire: keys in camelCase, times with three
// digits of a second, the only form that its clients read right.
func shape(name string, value json.RawMessage) (json.RawMessage, error) {
	value = bytes.TrimSpace(value)
	if len(value) == 0 || free[name] {
		return value, nil
	}
	switch value[0] {
	case '{':
		return shapeObject(value)
	case '[':
		return shapeList(name, value)
	case '"':
		return shapeTime(name, value), nil
	}
	return value, nil
}

// shapeObject keeps the order of the keys.
func shapeObject(value json.RawMessage) (json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(value))
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("an object in the provider's words: %w", err)
	}
	var w writer
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("an object in the provider's words: %w", err)
		}
		var inner json.RawMessage
		if err := decoder.Decode(&inner); err != nil {
			return nil, fmt.Errorf("an object in the provider's words: %w", err)
		}
		name, _ := key.(string)
		shaped, err := shape(name, inner)
		if err != nil {
			return nil, err
		}
		quoted, err := json.Marshal(camel(name))
		if err != nil {
			return nil, err
		}
		w.put(string(quoted[1:len(quoted)-1]), shaped)
	}
	return w.end(), nil
}

func shapeList(name string, value json.RawMessage) (json.RawMessage, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(value, &items); err != nil {
		return nil, fmt.Errorf("a list in the provider's words: %w", err)
	}
	for i := range items {
		var err error
		if items[i], err = shape(name, items[i]); err != nil {
			return nil, err
		}
	}
	return list(items), nil
}

func list(items []json.RawMessage) json.RawMessage {
	return append(append([]byte{'['}, bytes.Join(asBytes(items), []byte{','})...), ']')
}

func asBytes(items []json.RawMessage) [][]byte {
	out := make([][]byte, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

// shapeTime gives a time three digits; any other text is left alone.
func shapeTime(name string, value json.RawMessage) json.RawMessage {
	timed := strings.HasSuffix(name, "_at") || strings.HasSuffix(name, "_start") || strings.HasSuffix(name, "_end")
	if !timed || len(value) < 22 || len(value) > 40 {
		return value
	}
	at, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(value))
	if err != nil {
		return value
	}
	return at.UTC().AppendFormat(nil, `"`+instant+`"`)
}

// instant is how the wire writes times.
const instant = "2006-01-02T15:04:05.000Z"
