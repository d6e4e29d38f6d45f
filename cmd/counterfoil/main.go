// Command counterfoil is the whole product in one binary: the portal, its worker, and
// the offline twin of the billing provider that stands in when none is configured.
// This package reads the configuration, wires the others together, and knows no rule
// of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

const usage = `Counterfoil is a self-hosted billing portal.

  counterfoil          start the portal; with no provider configured, on the offline twin
  counterfoil twin     start the offline twin of Polar alone
  counterfoil help     show this

Settings are environment variables: see README.md.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends at once
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "counterfoil:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	command := "serve"
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	if len(args) > 0 {
		return fmt.Errorf("%s takes no arguments: settings are environment variables, see README.md", command)
	}
	switch command {
	case "help", "-h", "--help":
		fmt.Print(usage)
		return nil
	case "serve", "twin":
	default:
		return fmt.Errorf("%q is not a command\n\n%s", command, usage)
	}
	c, err := readConfig()
	if err != nil {
		return err
	}
	log := newLog(c)
	if command == "twin" {
		return runTwin(ctx, c, log)
	}
	err = serve(ctx, c, log, os.Stdout)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// newLog writes to standard error, as text for people or as JSON for machines.
func newLog(c config) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}
