package server

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"counterfoil/twin"
)

// start runs a twin for a test.
func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	cfg.Addr, cfg.Log = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stop closes it.
func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestEveryPartAnswers: API, pages, OpenID provider and control share one address.
func TestEveryPartAnswers(t *testing.T) {
	s := start(t, Config{Seed: true})
	defer stop(t, s)
	for path, want := range map[string]string{
		"/v1/products":           `{"error":"Unauthorized"`,
		"/_twin/":                "<html",
		"/_twin/mail.json":       "[]",
		"/_twin/clock":           `"now"`,
		"/_twin/state.json":      `"organization":"lumen"`,
		"/checkout/unknown":      "<html",
		"/lumen/portal":          "<html",
		"/_twin/invoices/absent": "404",
		"/_twin/oidc/.well-known/openid-configuration": `"issuer":"` + s.Issuer + `"`,
	} {
		res, err := http.Get(s.BaseURL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %.200s, want %s", path, res.StatusCode, body, want)
		}
	}
	if !strings.HasPrefix(s.SMTPURL, "smtp://127.0.0.1:") {
		t.Errorf("mail at %s", s.SMTPURL)
	}
}

// TestRestart: a file is seeded once, kept, and its endpoint follows the product to another address.
func TestRestart(t *testing.T) {
	cfg := Config{Seed: true, Path: filepath.Join(t.TempDir(), "twin.db"), WebhookURL: "http://127.0.0.1:9/first"}
	leftover := cfg.Path + ".seeding"
	if err := os.WriteFile(leftover, []byte("a start cut short"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, cfg)
	before := s.Engine.Customers()
	stop(t, s)
	cfg.WebhookURL = "http://127.0.0.1:9/second"
	s = start(t, cfg)
	defer stop(t, s)
	if after := s.Engine.Customers(); len(after) != len(before) || after[0].ID != before[0].ID {
		t.Errorf("customers %v became %v", before, after)
	}
	err := s.Engine.Read(func(v *twin.View) error {
		if list := v.Endpoints(); len(list) != 1 || list[0].URL != cfg.WebhookURL || list[0].Secret != WebhookSecret {
			t.Errorf("endpoints %+v", list)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("leftover: %v", err)
	}
}

// TestTemporaryFileGoes with the twin that made it.
func TestTemporaryFileGoes(t *testing.T) {
	s := start(t, Config{})
	folder := s.remove
	stop(t, s)
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder: %v", err)
	}
}

// TestStartThatFails says why and leaves nothing running.
func TestStartThatFails(t *testing.T) {
	if _, err := Start(t.Context(), Config{Addr: "127.0.0.1:-1", Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("started on port -1")
	}
	if _, err := Start(t.Context(), Config{Addr: "127.0.0.1:0", Path: t.TempDir(), Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a folder was opened as a file")
	}
}
