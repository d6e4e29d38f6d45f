package main

import (
	"io"
	"log/slog"
	"strings"
	"testing"
)

// TestDoctor: all is well on the demo, and a wrong secret fails the round trip alone,
// by name, without being printed.
func TestDoctor(t *testing.T) {
	startApp(t)
	c, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	var out strings.Builder
	err = doctor(t.Context(), c, log, &out)
	for line := range strings.Lines(out.String()) {
		// That of the machine may be nearly full, for which the demo can do nothing.
		if strings.HasPrefix(line, "FAILED") && !strings.Contains(line, "disk") {
			t.Errorf("%v\n%s", err, &out)
		}
	}
	if !strings.Contains(out.String(), "ok      webhook round trip") {
		t.Errorf("%v\n%s", err, &out)
	}
	c.PolarSecrets = []string{"whsec_d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmc="}
	if f := roundTrip(t.Context(), c); f.OK || !strings.Contains(f.Remedy, "POLAR_WEBHOOK_SECRET") {
		t.Errorf("a wrong secret: %+v", f)
	}
	c.SMTPURL = "smtp://me:hidden-password@127.0.0.1:1"
	out.Reset()
	if err := doctor(t.Context(), c, log, &out); err == nil || !strings.Contains(out.String(), "FAILED  mail") || strings.Contains(out.String(), "hidden-password") {
		t.Errorf("mail refused: %v\n%s", err, &out)
	}
}
