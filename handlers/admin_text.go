package handlers

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"

	"counterfoil/db"
	"counterfoil/views"
)

// secretLine is a line of indented JSON whose name says that its value opens something:
// a client secret, a session token, a link that holds one.
var secretLine = regexp.MustCompile(`(?im)^(\s*"[^"]*(?:secret|token|password|api_?key)[^"]*": )"(?:[^"\\]|\\.)*"`)

// shownJSON writes a body for reading: indented when it is JSON, without secrets, cut at a
// size in bytes. rest is how much was cut off.
func shownJSON(body []byte, most int) (text string, rest int) {
	var indented bytes.Buffer
	if json.Indent(&indented, body, "", "  ") == nil {
		body = secretLine.ReplaceAll(indented.Bytes(), []byte(`$1"…"`))
	}
	text = strings.ToValidUTF8(string(body), "\uFFFD")
	shown := short(text, most)
	if shown == text {
		return text, 0
	}
	return shown, len(text) - len(strings.TrimSuffix(shown, "…"))
}

// short cuts a text that somebody else wrote at a number of bytes, between characters, and
// shows that it did.
func short(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

// linkFields are fields of the mirror whose value opens something.
var linkFields = map[string]bool{"Url": true, "checkout Url": true}

// fieldMost is how much of one field is shown, in bytes.
const fieldMost = 300

// rehearsalOf puts into words what a change would do.
func rehearsalOf(t *views.Translator, r db.Rehearsal) views.Rehearsal {
	model := views.Rehearsal{Nothing: !r.Changes(), New: r.New}
	for _, f := range r.Fields {
		row := views.FieldRow{Name: f.Name, Before: short(f.Before, fieldMost), After: short(f.After, fieldMost)}
		if linkFields[f.Name] {
			row.Before, row.After = "", t.T("admin.rehearsal.link")
		}
		model.Fields = append(model.Fields, row)
	}
	for _, f := range r.Told {
		who := t.T("admin.rehearsal.untold")
		if len(f.Targets) > 0 {
			who = t.T("admin.rehearsal.told", "Hooks", strings.Join(f.Targets, ", "))
		}
		model.Told = append(model.Told, views.ToldRow{Type: short(f.Type, 100), Who: who})
	}
	for _, job := range r.Jobs {
		model.Jobs = append(model.Jobs, t.T("admin.job."+job.Kind))
	}
	return model
}
