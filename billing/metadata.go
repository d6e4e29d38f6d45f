package billing

import (
	"encoding/json"
	"strconv"
	"strings"
)

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
	switch raw := string(wire.Value); {
	case strings.HasPrefix(raw, `"`):
		var text string
		if err := json.Unmarshal(wire.Value, &text); err != nil {
			return err
		}
		c.Value = text
	case raw == "true", raw == "false":
		c.Value = raw == "true"
	default:
		if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
			c.Value = n
		}
	}
	return nil
}
