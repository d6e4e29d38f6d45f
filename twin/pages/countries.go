package pages

import (
	_ "embed"
	"slices"
	"strings"
)

// country is one line of the country list.
type country struct{ Code, Name string }

//go:embed countries.tab
var countryTable string // ISO 3166 codes and English names, from the time zone database (public domain)

// countries are sorted by name, as the table is by code.
var countries = sortedCountries(countryTable)

// sortedCountries reads "code<tab>name" lines.
func sortedCountries(table string) []country {
	var list []country
	for line := range strings.Lines(table) {
		if code, name, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			list = append(list, country{code, name})
		}
	}
	slices.SortFunc(list, func(a, b country) int { return strings.Compare(a.Name, b.Name) })
	return list
}
