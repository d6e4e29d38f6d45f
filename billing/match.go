package billing

import (
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
