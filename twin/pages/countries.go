package pages

import (
	"slices"
	"strings"
)

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
