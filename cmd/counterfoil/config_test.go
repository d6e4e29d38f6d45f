package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/joho/godotenv"

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
		{"only passkeys, which nobody has yet", map[string]string{"COUNTERFOIL_SIGN_IN": "passkey"}, "nobody could sign in"},
		{"a way in that is none", map[string]string{"COUNTERFOIL_SIGN_IN": "code,pigeon"}, "COUNTERFOIL_SIGN_IN"},
		{"a provider that is not configured", map[string]string{"COUNTERFOIL_SIGN_IN": "code,github"}, "COUNTERFOIL_SIGN_IN"},
		{"passwords without mail", map[string]string{
			"POLAR_ACCESS_TOKEN": "polar_oat_secret", "POLAR_WEBHOOK_SECRET": "whsec_secret", "GITHUB_KEY": "k", "GITHUB_SECRET": "s", "COUNTERFOIL_SIGN_IN": "password,github",
		}, "SMTP_URL"},
		{"a provider alone", map[string]string{
			"POLAR_ACCESS_TOKEN": "polar_oat_secret", "POLAR_WEBHOOK_SECRET": "whsec_secret", "GITHUB_KEY": "k", "GITHUB_SECRET": "s", "COUNTERFOIL_SIGN_IN": "github",
		}, ""},
		{"links and passkeys, closed to strangers", map[string]string{"COUNTERFOIL_SIGN_IN": "Link, passkey", "COUNTERFOIL_SIGN_UP": "false"}, ""},
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
		{"no duration", map[string]string{"COUNTERFOIL_RECONCILE_EVERY": "soon"}, "COUNTERFOIL_RECONCILE_EVERY is \"soon\""},
		{"no yes or no", map[string]string{"COUNTERFOIL_SIGN_UP": "yes"}, "COUNTERFOIL_SIGN_UP is \"yes\": give true or false"},
		{"no number", map[string]string{"COUNTERFOIL_TAX_YEARS": "ten"}, "COUNTERFOIL_TAX_YEARS is \"ten\""},
		{"a trusted origin without a scheme", map[string]string{"COUNTERFOIL_TRUSTED_ORIGINS": "app.example.com"}, "COUNTERFOIL_TRUSTED_ORIGINS"},
		{"an address where networks belong", map[string]string{"COUNTERFOIL_TRUSTED_PROXIES": "10.0.0.1"}, "10.0.0.0/8"},
		{"spaces in lists, and around values", map[string]string{
			"COUNTERFOIL_TRUSTED_PROXIES": " 10.0.0.0/8, 192.168.0.0/16 ", "COUNTERFOIL_ADDR": " localhost:8080 ", "COUNTERFOIL_BASE_URL": "http://localhost:8080/ ",
		}, ""},
		{"every interface, and no public origin", map[string]string{
			"POLAR_ACCESS_TOKEN": "polar_oat_secret", "POLAR_WEBHOOK_SECRET": "whsec_secret", "SMTP_URL": "smtp://localhost", "COUNTERFOIL_ADDR": ":8080",
		}, "COUNTERFOIL_BASE_URL is not set"},
		{"a demo on every interface, by its address alone", map[string]string{"COUNTERFOIL_ADDR": ":8080"}, "COUNTERFOIL_ADDR"},
		{"a twin of the demo that others can reach", map[string]string{"COUNTERFOIL_TWIN_ADDR": "0.0.0.0:8081"}, "COUNTERFOIL_TWIN_ADDR"},
		{"no such port", map[string]string{"COUNTERFOIL_ADDR": "localhost:99999"}, "COUNTERFOIL_ADDR"},
		{"an origin with a user", map[string]string{"COUNTERFOIL_BASE_URL": "http://me:pw@localhost:8080"}, "COUNTERFOIL_BASE_URL"},
		{"an origin with a query", map[string]string{"COUNTERFOIL_BASE_URL": "http://localhost:8080?a=b"}, "COUNTERFOIL_BASE_URL"},
		{"an origin of another scheme", map[string]string{"COUNTERFOIL_BASE_URL": "ftp://localhost:8080"}, "COUNTERFOIL_BASE_URL"},
		{"an issuer without a client", map[string]string{"OIDC_ISSUER": "https://id.example.com"}, "OIDC_KEY"},
		{"two products with one slug", real(map[string]string{"COUNTERFOIL_PRODUCTS": "pro=a,pro=b"}), "COUNTERFOIL_PRODUCTS"},
		{"a product without a slug", real(map[string]string{"COUNTERFOIL_PRODUCTS": " =a"}), "COUNTERFOIL_PRODUCTS"},
		{"a token that would go in clear", real(map[string]string{"POLAR_SERVER": "http://polar.example.com"}), "POLAR_SERVER"},
		{"a server that is none", real(map[string]string{"POLAR_SERVER": "prod"}), "POLAR_SERVER"},
		{"a mail server without its scheme", real(map[string]string{"SMTP_URL": "mail.example.com:587"}), "SMTP_URL"},
		{"a sender that is none", real(map[string]string{"COUNTERFOIL_MAIL_FROM": "billing"}), "COUNTERFOIL_MAIL_FROM"},
		{"a support address that is none", real(map[string]string{"COUNTERFOIL_SUPPORT_EMAIL": "help"}), "COUNTERFOIL_SUPPORT_EMAIL"},
		{"a hook without a secret", real(map[string]string{"COUNTERFOIL_HOOK_URL": "https://example.com/billing"}), "COUNTERFOIL_HOOK_SECRET"},
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

// real adds settings to those of a portal with a provider.
func real(more map[string]string) map[string]string {
	all := map[string]string{"POLAR_ACCESS_TOKEN": "polar_oat_mine", "POLAR_WEBHOOK_SECRET": "whsec_mine", "SMTP_URL": "smtp://localhost"}
	maps.Copy(all, more)
	return all
}

// TestPublicOriginIsWrittenAsBrowsersDo: cookies, passkeys and the comparison of origins
// go by its text.
func TestPublicOriginIsWrittenAsBrowsersDo(t *testing.T) {
	for given, want := range map[string]string{
		"HTTPS://Billing.Example.com/": "https://billing.example.com", "https://billing.example.com:443": "https://billing.example.com",
		"http://localhost:80": "http://localhost", "https://billing.example.com:8443": "https://billing.example.com:8443", "http://[::1]:8080//": "http://[::1]:8080",
	} {
		if u, err := origin(given); err != nil || u.String() != want {
			t.Errorf("%s is read as %v, %v", given, u, err)
		}
	}
}

// TestDotenvTellsNoSecrets: of a file that cannot be read the line is named, not its text.
func TestDotenvTellsNoSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"# mine\nPOLAR ACCESS TOKEN=x\nPOLAR_WEBHOOK_SECRET=whsec_mine\n":   "line 2",
		"COUNTERFOIL_BRAND_NAME=\"Lumen\nPOLAR_WEBHOOK_SECRET=whsec_mine\n": "quotation mark",
	} {
		t.Chdir(t.TempDir())
		t.Setenv("POLAR_WEBHOOK_SECRET", "")
		if err := os.WriteFile(".env", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readConfig(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "whsec") {
			t.Errorf("error %v, want one that says %s", err, want)
		}
	}
}

// TestExampleCanBeUncommented: every line of .env.example is a setting as it stands, once
// its # is taken away.
func TestExampleCanBeUncommented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", ".env.example"))
	if err != nil {
		t.Fatal(err)
	}
	read, err := godotenv.Unmarshal(regexp.MustCompile(`(?m)^# ([A-Z_]+=)`).ReplaceAllString(string(text), "$1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range read {
		if strings.Contains(value, " ") {
			t.Errorf("%s would be %q", name, value)
		}
	}
	c := config{}
	if err := parse(&c, read); err != nil {
		t.Error(err)
	}
}

// TestTwinAloneNeedsNoPortal: beside the program that somebody tests with the twin, that
// one's settings of Polar do not have to make a portal.
func TestTwinAloneNeedsNoPortal(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("POLAR_ACCESS_TOKEN", "polar_oat_mine")
	t.Setenv("GITHUB_SECRET", "")
	if _, err := readTwinConfig(); err != nil {
		t.Error(err)
	}
	t.Setenv("COUNTERFOIL_TWIN_WEBHOOK_URL", "localhost:3000/webhooks")
	if _, err := readTwinConfig(); err == nil || !strings.Contains(err.Error(), "COUNTERFOIL_TWIN_WEBHOOK_URL") {
		t.Errorf("a webhook address that is none: %v", err)
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
	if *demo.OperatorFactor || !*live.OperatorFactor {
		t.Error("operators need a second factor in the demo, or none on a public address")
	}
	if doubts := live.doubts(); len(doubts) != 1 || len(demo.doubts()) != 0 {
		t.Errorf("a public portal that trusts no proxy raises %q", doubts)
	}
}
