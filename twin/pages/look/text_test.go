package look

import "testing"

func TestMoney(t *testing.T) {
	for _, test := range []struct {
		amount   int64
		currency string
		want     string
	}{
		{0, "usd", "$0.00"}, {5, "usd", "$0.05"}, {2400, "USD", "$24.00"}, {-480, "eur", "−€4.80"},
		{123456789, "gbp", "£1,234,567.89"}, {100000, "sek", "1,000.00 SEK"},
	} {
		if got := Money(test.amount, test.currency); got != test.want {
			t.Errorf("Money(%d, %s) = %s, want %s", test.amount, test.currency, got, test.want)
		}
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Noor Haddad": "NH", "lumen": "L", "Ana María de la Cruz": "AC", "Øyvind Å.": "ØÅ", "": "?", "—": "?",
	} {
		if got := Initials(name); got != want {
			t.Errorf("Initials(%q) = %s, want %s", name, got, want)
		}
	}
}
