package billing

// Uncountable names the metadata of an event whose number is larger than the meter of a
// provider that sums it can count, or is empty. Such an event would cost nothing here, and
// something at the provider.
func Uncountable(e Event, meters []Meter, provider string) string {
	for _, m := range meters {
		if m.Provider != provider || m.Archived || m.Aggregation != AggregateSum || !m.Matches(e) {
			continue
		}
		if _, ok := m.Units(e); !ok {
			return trimMetadata(m.Property)
		}
	}
	return ""
}
