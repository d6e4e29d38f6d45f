package main

import (
	"strings"
	"testing"

	"counterfoil/twin/server"
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
		{"a demo that others can reach", map[string]string{"COUNTERFOIL_ADDR": "0.0.0.0:8080", "COUNTERFOIL_BASE_URL": "http://localhost:8080"}, "COUNTERFOIL_ADDR"},
		{"a demo on every interface", map[string]string{"COUNTERFOIL_ADDR": ":8080", "COUNTERFOIL_BASE_URL": "http://localhost:8080"}, "COUNTERFOIL_ADDR"},
		{"no port", map[string]string{"COUNTERFOIL_ADDR": "localhost"}, "COUNTERFOIL_ADDR"},
		{"half a provider", map[string]string{"POLAR_WEBHOOK_SECRET": "whsec_secret"}, "POLAR_ACCESS_TOKEN"},
		{"the twin's token where others can reach it", map[string]string{
			"POLAR_ACCESS_TOKEN": server.OrganizationToken, "POLAR_WEBHOOK_SECRET": "whsec_secret", "SMTP_URL": "smtp://localhost",
			"COUNTERFOIL_ADDR": "0.0.0.0:8080", "COUNTERFOIL_BASE_URL": "http://localhost:8080",
		}, "offline twin"},
		{"the twin's webhook secret on a public address", map[string]string{
			"POLAR_ACCESS_TOKEN": "polar_oat_mine", "POLAR_WEBHOOK_SECRET": "whsec_mine," + server.WebhookSecret, "SMTP_URL": "smtp://localhost",
			"COUNTERFOIL_BASE_URL": "https://billing.example.com",
		}, "offline twin"},
		{"everybody is a trusted proxy", map[string]string{"COUNTERFOIL_TRUSTED_PROXIES": "10.0.0.0/8,0.0.0.0/0"}, "COUNTERFOIL_TRUSTED_PROXIES"},
		{"a misspelt setting", map[string]string{"COUNTERFOIL_ADDRESS": ":80"}, "COUNTERFOIL_ADDRESS"},
		{"a database of another kind", map[string]string{"DATABASE_URL": "mysql://me:polar_oat_secret@localhost/x"}, "DATABASE_URL"},
		{"a path without its scheme", map[string]string{"DATABASE_URL": "data/counterfoil.db"}, "DATABASE_URL"},
		{"PostgreSQL", map[string]string{"DATABASE_URL": "postgres://me:secret@localhost/x"}, ""},
		{"no requests to the provider", map[string]string{"POLAR_REQUESTS_PER_MINUTE": "1"}, "POLAR_REQUESTS_PER_MINUTE"},
		{"less than the whole limit", map[string]string{"POLAR_REQUESTS_PER_MINUTE": "250"}, ""},
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

// TestDemoKeepsToItself: what the demo invents is not found again when a provider is
// configured in the same folder.
func TestDemoKeepsToItself(t *testing.T) {
	t.Chdir(t.TempDir()) // no .env
	for _, name := range []string{"POLAR_ACCESS_TOKEN", "POLAR_WEBHOOK_SECRET", "SMTP_URL", "COUNTERFOIL_BASE_URL", "DATABASE_URL"} {
		t.Setenv(name, "")
	}
	demo, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("POLAR_ACCESS_TOKEN", "polar_oat_mine")
	t.Setenv("POLAR_WEBHOOK_SECRET", "whsec_mine")
	t.Setenv("SMTP_URL", "smtp://localhost")
	t.Setenv("COUNTERFOIL_BASE_URL", "https://billing.example.com")
	live, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	if !demo.demo() || live.demo() || demo.DatabaseURL == live.DatabaseURL {
		t.Errorf("the demo's database is %s, and with a provider it is %s", demo.DatabaseURL, live.DatabaseURL)
	}
	if doubts := live.doubts(); len(doubts) != 1 || len(demo.doubts()) != 0 {
		t.Errorf("a public portal that trusts no proxy raises %q", doubts)
	}
}
