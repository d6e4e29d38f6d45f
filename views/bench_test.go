package views_test

import (
	"bytes"
	"testing"

	"counterfoil/views"
)

// BenchmarkPage renders whole pages; a signed-in one has half a millisecond in all.
func BenchmarkPage(b *testing.B) {
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range (sampler{catalogue.Translator("en", nil)}).all() {
		switch s.name {
		case "plans", "portal", "usage", "meter", "meter-90", "credits":
			b.Run(s.name, func(b *testing.B) {
				var buffer bytes.Buffer
				b.ReportAllocs()
				for b.Loop() {
					buffer.Reset()
					if err := s.view.Render(b.Context(), &buffer); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(buffer.Len()), "page-bytes")
			})
		}
	}
}

func BenchmarkWords(b *testing.B) {
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		b.Fatal(err)
	}
	tr := catalogue.Translator("en", nil)
	b.Run("text", func(b *testing.B) {
		for b.Loop() {
			tr.T("nav.plans")
		}
	})
	b.Run("placeholders", func(b *testing.B) {
		for b.Loop() {
			tr.T("usage.level", "Meter", "AI credits", "Consumed", "1,240", "Included", "2,000")
		}
	})
	b.Run("plural", func(b *testing.B) {
		for b.Loop() {
			tr.N("time.minutes_ago", 5)
		}
	})
	b.Run("money", func(b *testing.B) {
		for b.Loop() {
			tr.Money(123456, "usd")
		}
	})
	b.Run("date", func(b *testing.B) {
		for b.Loop() {
			tr.Date(now)
		}
	})
	b.Run("translator", func(b *testing.B) {
		for b.Loop() {
			catalogue.Translator("de-DE,de;q=0.9,en;q=0.8", nil)
		}
	})
}
