package main

import (
	"strings"
	"testing"
)

// TestConfigRefusesWhatCannotWork: one line that names the setting, and no secret in it.
func TestConfigRefusesWhatCannotWork(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want string // part of the error; "" for none
	}{
		{"nothing set: the demo", nil, ""},
		{"a public portal without a provider", map[string]string{"COUNTERFOIL_BASE_URL": "https://billing.example.com"}, "POLAR_ACCESS_TOKEN"},
		{"a public portal without https", map[string]string{"COUNTERFOIL_BASE_URL": "http://billing.example.com"}, "https"},
		{"a base URL with a path", map[string]string{"COUNTERFOIL_BASE_URL": "https://example.com/billing"}, "COUNTERFOIL_BASE_URL"},
		{"a token without a webhook secret", map[string]string{"POLAR_ACCESS_TOKEN": "polar_oat_secret", "SMTP_URL": "smtp://localhost"}, "POLAR_WEBHOOK_SECRET"},
		{"no way to sign in", map[string]string{"POLAR_ACCESS_TOKEN": "polar_oat_secret", "POLAR_WEBHOOK_SECRET": "whsec_secret"}, "SMTP_URL"},
		{"a misspelt setting", map[string]string{"COUNTERFOIL_ADDRESS": ":80"}, "COUNTERFOIL_ADDRESS"},
		{"too eager", map[string]string{"COUNTERFOIL_RECONCILE_EVERY": "1s"}, "COUNTERFOIL_RECONCILE_EVERY"},
		{"no duration", map[string]string{"COUNTERFOIL_RECONCILE_EVERY": "soon"}, "ReconcileEvery"},
		{"a log nobody can read", map[string]string{"COUNTERFOIL_LOG": "xml"}, "COUNTERFOIL_LOG"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir()) // no .env
			for _, name := range []string{"POLAR_ACCESS_TOKEN", "POLAR_WEBHOOK_SECRET", "SMTP_URL", "COUNTERFOIL_BASE_URL"} {
				t.Setenv(name, "")
			}
			for name, value := range tt.env {
				t.Setenv(name, value)
			}
			_, err := readConfig()
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one that names %s", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") && strings.Contains(err.Error(), "polar_oat_") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}
