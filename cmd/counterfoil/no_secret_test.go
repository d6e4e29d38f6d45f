package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// TestW11NoStartWithoutASecret: a portal with a provider and no webhook secret, or an empty
// one among several, ends with one line that names the setting.
func TestW11NoStartWithoutASecret(t *testing.T) {
	for name, secret := range map[string]string{
		"none": "", "blank": " ", "a comma": ",", "an empty one after a good one": "whsec_good,", "an empty one before it": ",whsec_good",
		"the prefix alone": "whsec_", "the old prefix alone": "polar_whs_", "a prefix among good ones": "whsec_good,whsec_",
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir()) // no .env
			for setting, value := range map[string]string{
				"COUNTERFOIL_ADDR": "localhost:0", "COUNTERFOIL_DATA": t.TempDir(), "COUNTERFOIL_BASE_URL": "http://localhost:8080", "DATABASE_URL": "",
				"POLAR_ACCESS_TOKEN": "polar_oat_mine", "POLAR_SERVER": "http://127.0.0.1:9", "SMTP_URL": "smtp://127.0.0.1:9", "POLAR_WEBHOOK_SECRET": secret,
			} {
				t.Setenv(setting, value)
			}
			ctx, stop := context.WithTimeout(t.Context(), patience) // ends one that started all the same
			defer stop()
			var out bytes.Buffer
			err := run(ctx, []string{"serve"}, &out)
			if err == nil || !strings.Contains(err.Error(), "POLAR_WEBHOOK_SECRET") || strings.Contains(err.Error(), "\n") {
				t.Errorf("serve ended with %v", err)
			}
		})
	}
}
