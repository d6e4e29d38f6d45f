package twin

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// MarshalJSON writes a clause, or the nested filter it stands for, as the provider shows it.
func (c Clause) MarshalJSON() ([]byte, error) {
	if c.Nested != nil {
		return json.Marshal(c.Nested)
	}
	return json.Marshal(map[string]any{"property": c.Property, "operator": c.Operator, "value": c.Value})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Clause) UnmarshalJSON(data []byte) error {
	var m Metadata
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	if m["conjunction"] != nil {
		c.Nested = new(Filter)
		return json.Unmarshal(data, c.Nested)
	}
	c.Property, c.Operator, c.Value = m.String("property"), m.String("operator"), m["value"]
	return nil
}

// matches reports whether the event passes. A filter without clauses passes everything.
func (f Filter) matches(v *Event) bool {
	for _, c := range f.Clauses {
		if ok := c.matches(v); ok != (f.Conjunction != "or") {
			return ok
		}
	}
	return f.Conjunction != "or" || len(f.Clauses) == 0
}

// matches compares one property. Values of different kinds never match; like compares text.
func (c Clause) matches(v *Event) bool {
	if c.Nested != nil {
		return c.Nested.matches(v)
	}
	have, ok := v.property(c.Property)
	if !ok {
		return false
	}
	switch c.Operator {
	case "like":
		return like(fmt.Sprint(have), fmt.Sprint(c.Value))
	case "not_like":
		return !like(fmt.Sprint(have), fmt.Sprint(c.Value))
	}
	order, ok := compare(have, c.Value)
	if !ok {
		return false
	}
	switch c.Operator {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gt":
		return order > 0
	case "gte":
		return order >= 0
	case "lt":
		return order < 0
	case "lte":
		return order <= 0
	}
	return false
}

// compare orders two values of the same kind; false when they are of different kinds.
func compare(a, b any) (int, bool) {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	case bool:
		b, ok := b.(bool)
		if a == b {
			return 0, ok
		}
		return 1, ok
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return 0, false
		}
		x, okX := new(big.Rat).SetString(a.String())
		y, okY := new(big.Rat).SetString(b.String())
		if !okX || !okY {
			return 0, false
		}
		return x.Cmp(y), true
	}
	return 0, false
}

// like matches text against a pattern in which % stands for anything, ignoring case. A pattern without %
// means "contains".
func like(text, pattern string) bool {
	text, pattern = strings.ToLower(text), strings.ToLower(pattern)
	if !strings.Contains(pattern, "%") {
		return strings.Contains(text, pattern)
	}
	parts := strings.Split(pattern, "%")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = rest
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// property finds name, source, timestamp (Unix seconds) or a metadata key; dots reach into objects.
func (v *Event) property(path string) (any, bool) {
	switch path {
	case "name":
		return v.Name, true
	case "source":
		return v.Source, true
	case "timestamp":
		return json.Number(strconv.FormatInt(v.Timestamp.Unix(), 10)), true
	}
	path = strings.TrimPrefix(path, "metadata.")
	if value, ok := v.Metadata[path]; ok {
		return value, true
	}
	var at any = map[string]any(v.Metadata)
	for key := range strings.SplitSeq(path, ".") {
		m, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = m[key]; !ok {
			return nil, false
		}
	}
	return at, true
}

// value is what the event adds to the meter; false when the property is missing or not a number.
func (m Meter) value(v *Event) (Quantity, bool) {
	if m.Func == "count" || m.Func == "unique" {
		return Units(1), true
	}
	have, ok := v.property(m.Property)
	if !ok {
		return 0, false
	}
	switch have := have.(type) {
	case json.Number:
		return parseQuantity(have.String())
	case string: // _cost.amount is a decimal string
		if strings.HasPrefix(m.Property, "_") {
			return parseQuantity(have)
		}
	}
	return 0, false
}

// distinct counts the different values of a property.
func distinct(events []*Event, property string) int64 {
	seen := map[string]bool{}
	for _, v := range events {
		if value, ok := v.property(property); ok {
			seen[fmt.Sprintf("%T %v", value, value)] = true
		}
	}
	return int64(len(seen))
}
