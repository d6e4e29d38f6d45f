package views_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"counterfoil/views"
)

// TestSecurityMailsSayWhatHappened: every event has words, and each mail says when, from
// where and what to do, in both forms, with a stranger's words as text and no link but
// the one to the account.
func TestSecurityMailsSayWhatHappened(t *testing.T) {
	source, err := os.ReadFile("../auth/notices.go")
	if err != nil {
		t.Fatal(err)
	}
	events := regexp.MustCompile(`Event = "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(events) < 16 {
		t.Fatalf("%d events found: the test does not read the list", len(events))
	}
	s := newSampler(t)
	for _, event := range events {
		mail, err := views.SecurityMail(t.Context(), s.t, views.Brand{Name: "Lumen", Support: "help@lumen.example"}, views.SecurityNotice{
			Event: event[1], Detail: "<b>Laptop</b>", At: time.Date(2026, 11, 3, 23, 5, 0, 0, time.FixedZone("", 3600)),
			UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", Address: "203.0.113.7", URL: "https://billing.example.com/account",
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"2026-11-03 22:05 UTC", "Firefox on Linux", "203.0.113.7", "Lumen", "help@lumen.example"} {
			if !strings.Contains(mail.Text, want) || !strings.Contains(mail.HTML, want) {
				t.Errorf("%s: the mail lacks %q:\n%s", event[1], want, mail.Text)
			}
		}
		if strings.Contains(mail.Subject, "notice.") || strings.Contains(mail.Text, "notice.") {
			t.Errorf("%s has no words: %q\n%s", event[1], mail.Subject, mail.Text)
		}
		if strings.Contains(mail.HTML, "<b>Laptop") || strings.Contains(mail.HTML, "href") {
			t.Errorf("%s: a stranger's words are markup, or there is a link:\n%s", event[1], mail.HTML)
		}
		if links := strings.Count(mail.Text, "https://"); event[1] != "erased" && links != 1 {
			t.Errorf("%s: %d addresses in the mail, want the one of the account", event[1], links)
		}
	}
}
