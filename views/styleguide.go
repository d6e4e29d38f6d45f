package views

import (
	"maps"
	"slices"
)

// orderedStatuses are all that a subscription can have, as a life would go.
var orderedStatuses = []SubscriptionStatus{
	SubscriptionIncomplete, SubscriptionTrialing, SubscriptionActive,
	SubscriptionEnding, SubscriptionPastDue, SubscriptionCanceled,
}

func iconNames() []string { return slices.Sorted(maps.Keys(icons)) }

// styleBars is two weeks of nothing in particular, stacked.
func styleBars(p Page) BarChart {
	chart := BarChart{ID: "style", Title: p.t("usage.title"), Unit: p.t("nav.credits")}
	for i := range int64(14) {
		value := (i*37 + 11) % 90
		chart.Bars = append(chart.Bars, Bar{
			Label: p.T.Number(i + 1), Name: p.T.Number(i + 1), Value: value, Second: value / 3, Text: p.T.Number(value + value/3),
		})
	}
	return chart
}
