package views

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"encoding/json"

	"github.com/bojanz/currency"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages/*.json
var embedded embed.FS

// Catalogue holds every text that a reader can see, in every language that we
// speak. English is complete; a text that another language lacks falls back to it.
type Catalogue struct {
	bundle  *i18n.Bundle
	tongues []*tongue
	match   language.Matcher
}

// tongue is one language, prepared so that the common texts cost a map lookup.
type tongue struct {
	tag       language.Tag
	texts     map[string]text // all but plurals
	localizer *i18n.Localizer // plurals
	money     *currency.Formatter
	price     *currency.Formatter // without the cents of a round amount
	calendar  calendar
	group     string // between thousands
	point     string // before the fraction
}

// LoadCatalogue reads the embedded message files.
func LoadCatalogue() (*Catalogue, error) {
	dir, err := fs.Sub(embedded, "messages")
	if err != nil {
		return nil, fmt.Errorf("embedded messages: %w", err)
	}
	return ReadCatalogue(dir)
}

// ReadCatalogue reads one file per language from dir: en.json, de.json and so
// on, in go-i18n's format. It fails without en.json, and on a text that does
// not parse.
func ReadCatalogue(dir fs.FS) (*Catalogue, error) {
	files, err := fs.Glob(dir, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	c := &Catalogue{bundle: i18n.NewBundle(language.English)}
	c.bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	parsed := map[language.Tag]map[string]text{}
	for _, name := range files {
		raw, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		file, err := c.bundle.ParseMessageFileBytes(raw, name)
		if err != nil {
			return nil, fmt.Errorf("messages %s: %w", name, err)
		}
		if parsed[file.Tag], err = compile(file.Messages); err != nil {
			return nil, fmt.Errorf("messages %s: %w", name, err)
		}
	}
	if parsed[language.English] == nil {
		return nil, fmt.Errorf("messages: en.json is missing")
	}
	c.prepare(parsed)
	return c, nil
}

// prepare builds the tongues, English first: it is what an unknown language gets.
func (c *Catalogue) prepare(parsed map[language.Tag]map[string]text) {
	tags := slices.SortedFunc(maps.Keys(parsed), func(a, b language.Tag) int {
		if a == language.English {
			return -1
		}
		if b == language.English {
			return 1
		}
		return strings.Compare(a.String(), b.String())
	})
	for _, tag := range tags {
		texts := maps.Clone(parsed[language.English])
		maps.Copy(texts, parsed[tag])
		t := &tongue{
			tag: tag, texts: texts, localizer: i18n.NewLocalizer(c.bundle, tag.String()),
			group: texts["number.group"].plain, point: texts["number.point"].plain,
			calendar: newCalendar(texts),
		}
		locale := currency.NewLocale(tag.String())
		t.money, t.price = currency.NewFormatter(locale), currency.NewFormatter(locale)
		t.price.MinDigits = 0
		c.tongues = append(c.tongues, t)
	}
	c.match = language.NewMatcher(tags)
}

// Translator returns the words for a reader who accepts these languages (an
// Accept-Language header, or one tag) and lives in zone; nil means UTC.
func (c *Catalogue) Translator(accept string, zone *time.Location) *Translator {
	if zone == nil {
		zone = time.UTC
	}
	_, i := language.MatchStrings(c.match, accept)
	return &Translator{tongue: c.tongues[i], zone: zone}
}

// Translator speaks one language in one time zone. It is safe for concurrent use.
type Translator struct {
	tongue *tongue
	zone   *time.Location
}

// Lang is the language as the lang attribute wants it.
func (t *Translator) Lang() string { return t.tongue.tag.String() }

// T returns the text of that id. args are pairs of a placeholder's name and its
// value: T("renews", "Date", "3 May", "Amount", "$24.00"). An unknown id is
// returned as it is, so that it is seen and not a blank.
func (t *Translator) T(id string, args ...any) string {
	text, ok := t.tongue.texts[id]
	if !ok {
		return id
	}
	return text.fill(args)
}

// N returns the text of that id in the plural form that count asks for. The
// text may use {{.Count}}, which is count with its thousands grouped.
func (t *Translator) N(id string, count int64, args ...any) string {
	data := map[string]any{"Count": t.Number(count)}
	for i := 0; i+1 < len(args); i += 2 {
		data[fmt.Sprint(args[i])] = args[i+1]
	}
	text, err := t.tongue.localizer.Localize(&i18n.LocalizeConfig{
		MessageID: id, PluralCount: count, TemplateData: data,
	})
	if err != nil && text == "" {
		return id
	}
	return text
}
