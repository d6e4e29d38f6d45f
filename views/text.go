package views

import (
	"fmt"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// text is a message cut at its placeholders, so that filling it costs one pass.
// go-i18n would execute a template each time.
type text struct {
	plain string // when there is no placeholder
	parts []part
}

// part is a piece of fixed text followed by a placeholder; the last has no name.
type part struct {
	fixed string
	name  string
}

// compile cuts all messages that have no plural forms; go-i18n keeps the others.
func compile(messages []*i18n.Message) (map[string]text, error) {
	texts := make(map[string]text, len(messages))
	for _, m := range messages {
		if m.One != "" || m.Few != "" || m.Many != "" || m.Two != "" || m.Zero != "" {
			continue
		}
		t, err := cut(m.Other)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.ID, err)
		}
		texts[m.ID] = t
	}
	return texts, nil
}

// cut understands {{.Name}} and nothing else of a template.
func cut(message string) (text, error) {
	if !strings.Contains(message, "{{") {
		return text{plain: message}, nil
	}
	var t text
	for {
		fixed, rest, found := strings.Cut(message, "{{.")
		if !found {
			t.parts = append(t.parts, part{fixed: fixed})
			return t, nil
		}
		name, after, closed := strings.Cut(rest, "}}")
		if !closed || name == "" || strings.ContainsAny(name, " |.(") {
			return text{}, fmt.Errorf("placeholder near %q: want {{.Name}}", rest)
		}
		t.parts = append(t.parts, part{fixed: fixed, name: name})
		message = after
	}
}

// fill puts the values of args, pairs of name and value, in their places.
func (t text) fill(args []any) string {
	if t.parts == nil {
		return t.plain
	}
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.fixed)
		if p.name != "" {
			b.WriteString(valueOf(p.name, args))
		}
	}
	return b.String()
}

// valueOf finds a placeholder's value; a missing one shows its name.
func valueOf(name string, args []any) string {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != name {
			continue
		}
		if s, ok := args[i+1].(string); ok {
			return s
		}
		return fmt.Sprint(args[i+1])
	}
	return "{" + name + "}"
}
