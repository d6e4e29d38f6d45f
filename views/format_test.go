package views_test

import (
	"strings"
	"testing"
	"time"

	"counterfoil/views"
)

func TestMoney(t *testing.T) {
	tr := newSampler(t).t
	tests := []struct{ name, got, want string }{
		{"lower-case code", tr.Money(2400, "usd"), "$24.00"},
		{"thousands", tr.Money(123456789, "usd"), "$1,234,567.89"},
		{"below zero", tr.Money(-480, "usd"), "−$4.80"},
		{"with a plus", tr.SignedMoney(480, "usd"), "+$4.80"},
		{"no minor unit", tr.Money(500, "jpy"), "¥500"},
		{"three decimals", tr.Money(1234, "kwd"), "KWD\u00a01.234"},
		{"a price without cents", tr.Price(2400, "usd"), "$24"},
		{"a price with cents", tr.Price(2450, "usd"), "$24.50"},
		{"stablecoin", tr.Money(125000000, "usdc"), "12.50\u00a0USDC"},
		{"smallest step of an asset", tr.Money(1, "XLM"), "0.0000001\u00a0XLM"},
		{"below zero in an asset", tr.Money(-15000000, "XLM"), "−1.50\u00a0XLM"},
		{"unknown code", tr.Money(2400, "zzz"), "2,400\u00a0ZZZ"},
		{"no code", tr.Money(2400, ""), "2,400"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, test.got, test.want)
		}
	}
}

func TestCredits(t *testing.T) {
	tr := newSampler(t).t
	tests := []struct {
		micro int64
		want  string
	}{
		{0, "0"}, {1, "0.000001"}, {-1, "−0.000001"}, {1_500_000, "1.5"}, {1_000_000, "1"}, {999_999, "0.999999"},
		{1_234_567_000_000, "1,234,567"}, {-12_500_000, "−12.5"},
		{9_223_372_036_854_775_807, "9,223,372,036,854.775807"}, {-9_223_372_036_854_775_808, "−9,223,372,036,854.775808"},
	}
	for _, test := range tests {
		if got := tr.Credits(test.micro); got != test.want {
			t.Errorf("Credits(%d) = %q, want %q", test.micro, got, test.want)
		}
	}
	if got := tr.SignedCredits(2_000_000_000); got != "+2,000" {
		t.Errorf("SignedCredits = %q", got)
	}
}

func TestTimes(t *testing.T) {
	catalogue, err := views.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	utc := catalogue.Translator("en", nil)
	east := catalogue.Translator("en", time.FixedZone("EAST", 5*3600))
	late := time.Date(2026, 12, 3, 22, 5, 0, 0, time.UTC)
	tests := []struct{ name, got, want string }{
		{"date", utc.Date(late).Text, "3 December 2026"},
		{"date elsewhere", east.Date(late).Text, "4 December 2026"},
		{"machine form keeps the zone", east.Date(late).Machine, "2026-12-04T03:05:00+05:00"},
		{"moment", utc.DateTime(late).Text, "3 Dec 2026, 22:05"},
		{"clock", east.Clock(late).Text, "03:05"},
		{"day", utc.Day(late).Text, "Thursday, 3 December 2026"},
		{"day's machine form", east.Day(late).Machine, "2026-12-04"},
		{"axis", utc.ShortDay(late), "3 Dec"},
		{"axis of months", utc.ShortMonth(late), "Dec 2026"},
		{"no time", utc.Date(time.Time{}).Text, ""},
		{"no time ago", utc.Ago(time.Time{}, late).Text, ""},
		{"now", utc.Ago(late, late.Add(20*time.Second)).Text, "just now"},
		{"a clock that runs ahead", utc.Ago(late.Add(time.Minute), late).Text, "just now"},
		{"one minute", utc.Ago(late, late.Add(time.Minute)).Text, "1 minute ago"},
		{"hours", utc.Ago(late, late.Add(5*time.Hour)).Text, "5 hours ago"},
		{"days", utc.Ago(late, late.Add(3*24*time.Hour)).Text, "3 days ago"},
		{"long ago", utc.Ago(late, late.AddDate(0, 1, 0)).Text, "3 December 2026"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, test.got, test.want)
		}
	}
}

func TestInitials(t *testing.T) {
	tests := []struct{ name, email, want string }{
		{"Sam Okafor", "", "SO"},
		{"sam", "", "S"},
		{"Åsa von Örn", "", "ÅV"},
		{"", "pat.lindqvist@example.com", "PL"},
		{"", "noor@example.com", "N"},
		{"", "", ""},
	}
	for _, test := range tests {
		if got := views.Initials(test.name, test.email); got != test.want {
			t.Errorf("Initials(%q, %q) = %q, want %q", test.name, test.email, got, test.want)
		}
	}
}

func TestSignInMail(t *testing.T) {
	mail, err := views.SignInMail(t.Context(), newSampler(t).t, views.Brand{Name: "A <b>", Support: "help@example.com"}, views.SignInCode{Code: "ABCD2345", Minutes: 10})
	if err != nil {
		t.Fatal(err)
	}
	want := "This is your code to sign in to A <b>:\n\nABCD2345\n\nIt works for 10 minutes and can be used once.\n\n" +
		"You did not ask for it? Then somebody mistyped an address. Ignore this mail; nobody gets in without the code.\n\n" +
		"Questions? Write to help@example.com.\n"
	if mail.Subject != "ABCD2345 is your code for A <b>" || mail.Text != want {
		t.Errorf("got %q\n%s", mail.Subject, mail.Text)
	}
}

func TestMailsOfPasswords(t *testing.T) {
	for _, kind := range []string{"verify", "reset", "known", "unknown", "closed"} {
		m := views.LinkMail{Kind: kind, URL: "https://billing.example.com/login/verify?token=a&b"}
		mail, err := views.PasswordMail(t.Context(), newSampler(t).t, views.Brand{Name: "A <b>"}, m)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(mail.Subject, "A <b>") || !strings.Contains(mail.Text, m.URL) || !strings.Contains(mail.Text, "It was not you?") {
			t.Errorf("%s: %q\n%s", kind, mail.Subject, mail.Text)
		}
		if !strings.Contains(mail.HTML, `href="https://billing.example.com/login/verify?token=a&amp;b"`) || strings.Contains(mail.HTML, "<b>") {
			t.Errorf("%s: %s", kind, mail.HTML)
		}
	}
	link, err := views.SignInMail(t.Context(), newSampler(t).t, views.Brand{}, views.SignInCode{URL: "https://x.example", Minutes: 10})
	if err != nil || strings.Contains(link.Subject, "is your code") || !strings.Contains(link.Text, "https://x.example") {
		t.Errorf("a link alone: %+v, %v", link, err)
	}
}
