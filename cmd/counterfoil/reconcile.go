package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"counterfoil/billing/polar"
	"counterfoil/db"
	"counterfoil/worker"
)

// reconcileWish is what counterfoil reconcile was asked for.
type reconcileWish struct {
	dry      bool
	customer string // ours; empty for everything
}

func (w reconcileWish) kind() string {
	if w.dry {
		return db.PassDry
	}
	return db.PassManual
}

// passPatience is how long a wish waits for a running portal to take it up, counted anew
// whenever that has another pass under way.
const passPatience = 10 * time.Second

// reconcile reads the provider anew and prints what differed. A running portal does it,
// since it alone may work on its database and its share of the provider's limit; with none
// running it is done here.
func reconcile(ctx context.Context, c config, log *slog.Logger, out io.Writer, wish reconcileWish) error {
	store, alone, err := openBeside(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer store.Close()
	if alone && c.demo() {
		return errors.New("the demo is not running, and its provider runs inside it: start counterfoil first")
	}
	if wish.customer != "" {
		if _, err := store.Customer(ctx, wish.customer); err != nil {
			return fmt.Errorf("-customer takes an id of this portal's own: %w", err)
		}
	}
	id, err := store.AskForPass(ctx, polar.Name, wish.kind(), wish.customer, time.Now())
	if err != nil {
		return err
	}
	if alone {
		fmt.Fprintln(out, "No portal is running: reading the provider from here.")
		err = runHere(ctx, c, log, store, id)
	} else {
		fmt.Fprintln(out, "Asked the running portal to read the provider.")
		err = awaitPass(ctx, out, store, id)
	}
	if errors.Is(err, errNobody) {
		fmt.Fprintln(out, "No portal has taken it up: reading the provider from here.")
		err = runHere(ctx, c, log, store, id)
	}
	if err != nil {
		return err
	}
	return printPass(ctx, out, store, id)
}

// openBeside opens the database for this process alone, or as a guest of the portal that
// has it. PostgreSQL does not tell whether anybody else works on it.
func openBeside(ctx context.Context, url string) (store *db.Store, alone bool, err error) {
	if path, isFile := strings.CutPrefix(url, "file:"); isFile {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, false, fmt.Errorf("there is no database %s: give the same COUNTERFOIL_DATA, DATABASE_URL and POLAR_ACCESS_TOKEN as the portal has, or start that once", path)
		}
		store, err = db.Open(ctx, url)
		if !errors.Is(err, db.ErrLocked) {
			return store, true, err
		}
	}
	store, err = db.OpenGuest(ctx, url)
	return store, false, err
}

var errNobody = errors.New("nobody took the pass up")

// passes tells how a pass stands, and whether any of its provider is under way.
type passes interface {
	Pass(ctx context.Context, id string) (db.Pass, error)
	PassRunning(ctx context.Context, provider string) (bool, error)
}

// awaitPass waits for the portal to end a pass, and says what holds it up.
func awaitPass(ctx context.Context, out io.Writer, store passes, id string) error {
	said := ""
	for idle := time.Duration(0); ; idle += time.Second {
		pass, err := store.Pass(ctx, id)
		if err != nil || pass.State == db.StateDone || pass.State == db.StateFailed {
			return err
		}
		if pass.Error != "" && pass.Error != said {
			fmt.Fprintln(out, "  held up, and tried again:", pass.Error)
			said = pass.Error
		}
		busy, err := store.PassRunning(ctx, pass.Provider)
		switch {
		case err != nil:
			return err
		case busy:
			idle = 0
		case pass.State == db.StateWaiting && idle >= passPatience:
			return errNobody
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no longer waiting; the portal goes on with it: %w", ctx.Err())
		case <-time.After(time.Second):
		}
	}
}

// runHere runs a pass in this process. Hooks are called by the portal, when it starts.
func runHere(ctx context.Context, c config, log *slog.Logger, store *db.Store, id string) error {
	provider, err := newProvider(c, log)
	if err != nil {
		return err
	}
	if _, err := tellHooks(ctx, c, store, log); err != nil {
		return err
	}
	w := worker.New(worker.Config{Store: store, Provider: provider, Now: time.Now, Log: log, ReconcileEvery: c.ReconcileEvery})
	return w.RunPass(ctx, id)
}

// driftsShown is how many differences are printed; the operator's page has all.
const driftsShown = 500

// printPass prints what a pass found.
func printPass(ctx context.Context, out io.Writer, store *db.Store, id string) error {
	pass, err := store.Pass(ctx, id)
	if err != nil {
		return err
	}
	drifts, err := store.Drifts(ctx, id, "", driftsShown)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Read %d objects in %d calls, in %s.\n", pass.Objects, pass.Calls, pass.FinishedAt.Sub(pass.StartedAt).Round(time.Millisecond))
	if pass.Kind == db.PassDry {
		fmt.Fprintf(out, "%d copies are not as the provider has them; %d differences should have been known. Nothing was changed.\n", pass.Changed, pass.Found)
	} else {
		fmt.Fprintf(out, "%d copies were not as the provider has them, and are now; %d of them should have been known. %d were found and left.\n", pass.Changed, pass.Healed, pass.Found)
	}
	for _, d := range drifts {
		fmt.Fprintln(out, "  "+driftLine(d))
	}
	if len(drifts) == driftsShown {
		fmt.Fprintf(out, "  ... the latest %d of them\n", driftsShown)
	}
	if pass.State == db.StateFailed {
		return fmt.Errorf("the pass failed: %s", pass.Error)
	}
	if pass.Error != "" {
		fmt.Fprintln(out, pass.Error)
	}
	return nil
}

// driftLine is one difference in one line.
func driftLine(d db.Drift) string {
	line := fmt.Sprintf("%-8s %s %s", d.Change, d.Ref.Kind, d.Ref.ProviderID)
	if d.CustomerID != "" {
		line += " of customer " + d.CustomerID
	}
	if d.StatusBefore != d.StatusAfter && d.Change == db.DriftChanged {
		line += fmt.Sprintf(", status %s -> %s", d.StatusBefore, d.StatusAfter)
	}
	if len(d.Fields) > 0 {
		line += ": " + strings.Join(d.Fields, ", ")
	}
	if d.VersionAfter != 0 {
		line += " (changed there " + time.UnixMicro(d.VersionAfter).UTC().Format(time.DateTime) + ")"
	}
	return line
}
