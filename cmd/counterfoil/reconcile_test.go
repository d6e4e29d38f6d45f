package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"counterfoil/db"
	"counterfoil/twin/server"
)

// TestReconcileBesideAPortal: the command leaves its wish with the portal that has the
// database, waits for the end and prints the report.
func TestReconcileBesideAPortal(t *testing.T) {
	startApp(t)
	c, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	for _, wish := range []reconcileWish{{dry: true}, {}} {
		var out strings.Builder
		if err := reconcile(t.Context(), c, log, &out, wish); err != nil {
			t.Fatalf("%+v: %v\n%s", wish, err, &out)
		}
		for _, part := range []string{"Asked the running portal", "Read ", map[bool]string{true: "Nothing was changed", false: "and are now"}[wish.dry]} {
			if !strings.Contains(out.String(), part) {
				t.Errorf("%+v: no %q in\n%s", wish, part, &out)
			}
		}
	}
	err = reconcile(t.Context(), c, log, io.Discard, reconcileWish{customer: "nobody"})
	if err == nil || !strings.Contains(err.Error(), "-customer") {
		t.Errorf("an unknown customer: %v", err)
	}
}

// slowPortal is busy with a pass for a minute, and takes the next one up five seconds later.
type slowPortal struct{ began time.Time }

func (p slowPortal) Pass(context.Context, string) (db.Pass, error) {
	if time.Since(p.began) < 65*time.Second {
		return db.Pass{State: db.StateWaiting}, nil
	}
	return db.Pass{State: db.StateDone}, nil
}

func (p slowPortal) PassRunning(context.Context, string) (bool, error) {
	return time.Since(p.began) < time.Minute, nil
}

// TestReconcileWaitsForABusyPortal: a portal that has just ended a long pass gets its time to
// take up the next one; one that takes up nothing is waited for no longer than that.
func TestReconcileWaitsForABusyPortal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := awaitPass(t.Context(), io.Discard, slowPortal{time.Now()}, "x"); err != nil {
			t.Error(err)
		}
		tireless := slowPortal{time.Now().Add(time.Hour)}
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Minute)
		defer stop()
		if err := awaitPass(ctx, io.Discard, tireless, "x"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a portal that works all the time: %v", err)
		}
		began := time.Now()
		if err := awaitPass(t.Context(), io.Discard, deadPortal{}, "x"); !errors.Is(err, errNobody) || time.Since(began) != passPatience {
			t.Errorf("nobody took it up: %v after %s", err, time.Since(began))
		}
	})
}

// deadPortal takes up nothing.
type deadPortal struct{}

func (deadPortal) Pass(context.Context, string) (db.Pass, error) {
	return db.Pass{State: db.StateWaiting}, nil
}

func (deadPortal) PassRunning(context.Context, string) (bool, error) { return false, nil }

// TestReconcileWithoutAPortal: it does the work itself, and a second time finds nothing.
func TestReconcileWithoutAPortal(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	twin, err := server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", Path: filepath.Join(t.TempDir(), "twin.db"), Seed: true, Log: log, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer twin.Close()
	c := config{
		DatabaseURL: "file:" + filepath.Join(t.TempDir(), "portal.db"), ReconcileEvery: 15 * time.Minute,
		PolarToken: server.OrganizationToken, PolarSecrets: []string{server.WebhookSecret}, PolarServer: twin.BaseURL,
	}
	store, err := db.Open(t.Context(), c.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		var out strings.Builder
		if err := reconcile(t.Context(), c, log, &out, reconcileWish{}); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		nothing := strings.Contains(out.String(), "\n0 copies were not")
		if !strings.Contains(out.String(), "No portal is running") || nothing != (round == 1) {
			t.Errorf("round %d:\n%s", round, &out)
		}
	}
	c.PolarToken = ""
	if err := reconcile(t.Context(), c, log, io.Discard, reconcileWish{}); err == nil || !strings.Contains(err.Error(), "demo") {
		t.Errorf("a demo that is not running: %v", err)
	}
}
