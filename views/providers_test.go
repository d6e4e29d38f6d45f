package views

import (
	"strings"
	"testing"
)

func TestMonogram(t *testing.T) {
	for name, want := range map[string]string{
		"GitHub": "GH", "Google": "Go", "DigitalOcean": "DO", "Amazon Cognito": "AC", "LINE": "LI", "X": "X", "Battle.net": "Ba", "vk": "Vk",
		"your organisation": "YO", "Über-Uns GmbH": "ÜU", "会社": "会社", " ": "", "": "", "4711": "47",
	} {
		if got := Monogram(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

// Many ways in are folded, none is lost, and a short list is never folded.
func TestProvidersAreFolded(t *testing.T) {
	list := []LoginProvider{}
	for n := range 60 {
		first, rest := folded(list)
		if len(first)+len(rest) != n || len(rest) > 0 && (n <= providersAtOnce || len(first) != providersFirst) {
			t.Errorf("%d providers: %d and %d", n, len(first), len(rest))
		}
		list = append(list, LoginProvider{ID: strings.Repeat("p", n+1)})
	}
}
