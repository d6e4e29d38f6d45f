package billing

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Operators of a Clause.
const (
	opEqual        = "eq"
	opNotEqual     = "ne"
	opGreater      = "gt"
	opGreaterEqual = "gte"
	opLess         = "lt"
	opLessEqual    = "lte"
	opLike         = "like"
	opNotLike      = "not_like"
)

// Matches reports whether the meter counts the event.
func (m Meter) Matches(e Event) bool { return m.Filter.matches(&e) }

// Units is what the event adds to the meter, rounded to a millionth. It is false for
// an aggregation that cannot be counted event by event, and for a number that does
// not fit. An event without a number under the meter's property adds nothing. Call
// it for events that Matches.
func (m Meter) Units(e Event) (Credits, bool) {
	switch m.Aggregation {
	case AggregateCount:
		return CreditScale, true
	case AggregateSum:
		value, found := property(e.Metadata, trimMetadata(m.Property))
		text, isNumber := numberText(value)
		if !found || !isNumber {
			return 0, true
		}
		units, err := RoundCredits(text)
		return units, err == nil
	default:
		return 0, false
	}
}

func (f Filter) matches(e *Event) bool {
	for i := range f.Clauses {
		if f.Clauses[i].matches(e) == f.Any {
			return f.Any // one that holds decides "any", one that fails decides "all"
		}
	}
	for i := range f.Nested {
		if f.Nested[i].matches(e) == f.Any {
			return f.Any
		}
	}
	return !f.Any || len(f.Clauses)+len(f.Nested) == 0
}

// matches compares as Polar's meters do (polarsource/polar, server/polar/meter/filter.py,
// 2026-08): a missing property never matches, not even ne; text is compared as text
// with whatever the value is; a number matches a number only, where true counts as 1;
// a boolean matches a boolean only; like and not_like treat everything as text.
func (c *Clause) matches(e *Event) bool {
	switch name := trimMetadata(c.Property); name {
	case "name":
		text, ok := c.Value.(string)
		return ok && c.text(e.Name, text)
	case "source":
		text, ok := c.Value.(string)
		return ok && c.text("user", text) // events of customers; system events are no usage
	case "timestamp":
		return c.number(strconv.FormatInt(e.OccurredAt.Unix(), 10))
	default:
		value, found := property(e.Metadata, name)
		return found && c.metadata(value)
	}
}

func (c *Clause) metadata(value any) bool {
	number, isNumber := numberText(value)
	like := c.Operator == opLike || c.Operator == opNotLike
	switch v := value.(type) {
	case string:
		return c.text(v, valueText(c.Value))
	case bool:
		if like {
			return c.text(strconv.FormatBool(v), valueText(c.Value))
		}
		want, ok := c.Value.(bool)
		return ok && c.order(boolInt(v), boolInt(want))
	}
	switch {
	case !isNumber:
		return false
	case like:
		return c.text(number, valueText(c.Value))
	default:
		return c.number(number)
	}
}

func (c *Clause) number(text string) bool {
	var want int64
	switch v := c.Value.(type) {
	case int64:
		want = v
	case bool:
		want = int64(boolInt(v))
	default:
		return false
	}
	d, ok := parseDecimal(text)
	return ok && c.order(d.compareInt(want), 0)
}

func (c *Clause) text(have, want string) bool {
	switch c.Operator {
	case opLike:
		return like(have, "%"+want+"%")
	case opNotLike:
		return !like(have, "%"+want+"%")
	default:
		return c.order(strings.Compare(have, want), 0)
	}
}

func (c *Clause) order(have, want int) bool {
	switch c.Operator {
	case opEqual:
		return have == want
	case opNotEqual:
		return have != want
	case opGreater:
		return have > want
	case opGreaterEqual:
		return have >= want
	case opLess:
		return have < want
	case opLessEqual:
		return have <= want
	default:
		return false
	}
}

// like is SQL's LIKE: % stands for any text, _ for any one character, a backslash
// takes the next one literally.
func like(text, pattern string) bool {
	have, want := []rune(text), []rune(pattern)
	i, j, star, from := 0, 0, -1, 0
	for i < len(have) {
		switch {
		case j < len(want) && want[j] == '%':
			star, from = j, i
			j++
		case j < len(want) && want[j] == '\\' && j+1 < len(want) && want[j+1] == have[i]:
			i, j = i+1, j+2
		case j < len(want) && want[j] != '\\' && (want[j] == '_' || want[j] == have[i]):
			i, j = i+1, j+1
		case star >= 0: // let the last % swallow one more
			from++
			i, j = from, star+1
		default:
			return false
		}
	}
	for j < len(want) && want[j] == '%' {
		j++
	}
	return j == len(want)
}

// property finds a metadata value: by the whole key, else along its dots into
// nested objects ("_llm.total_tokens").
func property(metadata map[string]any, name string) (any, bool) {
	if value, ok := metadata[name]; ok {
		return value, true
	}
	head, rest, nested := strings.Cut(name, ".")
	if !nested {
		return nil, false
	}
	inner, ok := metadata[head].(map[string]any)
	if !ok {
		return nil, false
	}
	return property(inner, rest)
}

func trimMetadata(name string) string { return strings.TrimPrefix(name, "metadata.") }

// numberText is the decimal text of a metadata number.
func numberText(value any) (string, bool) {
	switch v := value.(type) {
	case int64:
		return strconv.FormatInt(v, 10), true
	case int:
		return strconv.Itoa(v), true
	case json.Number:
		return v.String(), true
	default:
		return "", false
	}
}

// valueText is a clause's value as Polar writes it into a text comparison.
func valueText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		if v {
			return "t"
		}
		return "f"
	default:
		return ""
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// UnmarshalJSON keeps a whole number as int64, so that no value goes through a float.
// A value of any other shape becomes nil, which matches nothing.
func (c *Clause) UnmarshalJSON(data []byte) error {
	var wire struct {
		Property string          `json:"property"`
		Operator string          `json:"operator"`
		Value    json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*c = Clause{Property: wire.Property, Operator: wire.Operator}
	var text string
	var truth bool
	switch {
	case json.Unmarshal(wire.Value, &text) == nil && len(wire.Value) > 0 && wire.Value[0] == '"':
		c.Value = text
	case string(wire.Value) == "true" || string(wire.Value) == "false":
		truth = string(wire.Value) == "true"
		c.Value = truth
	default:
		if n, err := strconv.ParseInt(string(wire.Value), 10, 64); err == nil {
			c.Value = n
		}
	}
	return nil
}

// Event gives a foreign event the form that meters match. Its ID is the one that we
// or somebody else sent it with, else the provider's.
func (f ForeignEvent) Event() Event {
	id := f.ExternalID
	if id == "" {
		id = f.ProviderID
	}
	return Event{ID: id, Name: f.Name, Metadata: f.Metadata, OccurredAt: f.OccurredAt}
}
