package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
)

// TestEverySettingIsDocumented: README.md and .env.example name each setting, and name
// none that is not there.
func TestEverySettingIsDocumented(t *testing.T) {
	params, err := env.GetFieldParams(&config{})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, p := range params {
		known[p.Key] = true
	}
	for _, name := range []string{"README.md", ".env.example"} {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		for key := range known {
			if !regexp.MustCompile(`\b` + key + `\b`).Match(text) {
				t.Errorf("%s does not name %s", name, key)
			}
		}
		for _, key := range regexp.MustCompile(`COUNTERFOIL_[A-Z_]+`).FindAllString(string(text), -1) {
			if !known[strings.TrimSuffix(key, "_")] {
				t.Errorf("%s names %s, which is no setting", name, key)
			}
		}
	}
}
