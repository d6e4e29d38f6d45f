// Command counterfoil is the whole product in one binary: the portal, its worker, and
// the offline twin of the billing provider that stands in when none is configured.
// This package reads the configuration, wires the others together, and knows no rule
// of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

const usage = `Counterfoil is a self-hosted billing portal.

  counterfoil                          start the portal; with no provider configured, on the offline twin
  counterfoil twin                     start the offline twin of Polar alone
  counterfoil backup FILE              copy the database into a new file, while the portal runs or not
  counterfoil restore [-replace] FILE  put a backup where the database belongs; the portal must be stopped
  counterfoil restored TIME            tell a PostgreSQL database from when the copy is that pg_restore put back
  counterfoil reconcile [-dry-run] [-customer ID]
                                       read everything at the provider, or one customer, and print what differed
  counterfoil replay -id ID | -from TIME -to TIME [-type TYPE] [-apply]
                                       print what applying deliveries again would change, and have it done
  counterfoil doctor                   check database, disk, provider, webhooks and mail, with a remedy for each failure
  counterfoil help                     show this

Settings are environment variables: see README.md. Backup and restore: docs/operations.md.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends at once
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "counterfoil:", inWords(ctx, err))
	}
	os.Exit(exitCode(ctx, err))
}

// errUsage marks a command line that is not one.
var errUsage = errors.New("see counterfoil help")

// inWords is what is said of an error: of what a signal cut short, that it was.
func inWords(ctx context.Context, err error) string {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return "stopped before it was done; run it again"
	}
	return err.Error()
}

// exitCode tells a shell how it ended: 2 is a wrong command line, 130 a signal before it
// was done, 1 anything else that failed.
func exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		return 2
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return 130
	}
	return 1
}

// command is one word of the command line. flags adds what it takes; done runs it with the
// arguments that are left, as many as names says.
type command struct {
	about string   // what it does, for its own help
	names []string // of its arguments, for the usage
	flags func(*flag.FlagSet)
	read  func() (config, error) // of its settings; readConfig unless it needs fewer
	run   func(ctx context.Context, c config, out io.Writer, args []string) error
}

// commands are all of them. Each call makes them anew, with what their flags set.
func commands() map[string]command {
	var replace bool
	var wish reconcileWish
	var again replayWish
	return map[string]command{
		"serve": {
			about: "Starts the portal, as counterfoil alone does: with no provider configured, on the offline twin.",
			run: func(ctx context.Context, c config, out io.Writer, _ []string) error {
				err := serve(ctx, c, newLog(c), out)
				if errors.Is(err, context.Canceled) {
					return nil
				}
				return err
			},
		},
		"twin": {
			about: "Starts the offline twin of Polar alone (docs/twin.md). Settings: COUNTERFOIL_TWIN_ADDR, COUNTERFOIL_TWIN_WEBHOOK_URL, COUNTERFOIL_DATA.",
			read:  readTwinConfig,
			run: func(ctx context.Context, c config, out io.Writer, _ []string) error {
				err := runTwin(ctx, c, newLog(c), out)
				if errors.Is(err, context.Canceled) {
					return nil
				}
				return err
			},
		},
		"doctor": {
			about: "Checks database, disk, provider, webhooks and mail, and says what to do about each failure. Run it beside the portal.",
			run: func(ctx context.Context, c config, out io.Writer, _ []string) error {
				return doctor(ctx, c, newLog(c), out)
			},
		},
		"backup": {
			about: "Copies the database into a new file, while the portal runs or not.",
			names: []string{"FILE"},
			run: func(ctx context.Context, c config, out io.Writer, args []string) error {
				return backup(ctx, c, out, args[0])
			},
		},
		"restore": {
			about: "Puts a backup where the database belongs. The portal must be stopped.",
			names: []string{"FILE"},
			flags: func(f *flag.FlagSet) {
				f.BoolVar(&replace, "replace", false, "keep an existing database under another name and restore all the same")
			},
			run: func(ctx context.Context, c config, out io.Writer, args []string) error {
				return restore(ctx, c, out, args[0], replace)
			},
		},
		"restored": {
			about: "Tells a PostgreSQL database from when the copy is that pg_restore put back, in UTC, such as 2026-11-22T09:30.",
			names: []string{"TIME"},
			run: func(ctx context.Context, c config, out io.Writer, args []string) error {
				return restored(ctx, c, out, args[0])
			},
		},
		"replay": {
			about: "Prints what applying deliveries again would change: one (-id), or a stretch of time (-from and -to). With -apply it is done.",
			flags: func(f *flag.FlagSet) {
				f.StringVar(&again.id, "id", "", "one delivery, by the id that /admin/deliveries shows in its address")
				f.StringVar(&again.from, "from", "", "received from this time on, in UTC, such as 2026-11-22T09:30")
				f.StringVar(&again.to, "to", "", "received before this time")
				f.StringVar(&again.kind, "type", "", "of this type alone, such as order.paid")
				f.BoolVar(&again.apply, "apply", false, "have them applied again; without it nothing is written")
			},
			run: func(ctx context.Context, c config, out io.Writer, _ []string) error {
				return replay(ctx, c, newLog(c), out, again)
			},
		},
		"reconcile": {
			about: "Reads everything at the provider, or one customer, and prints what differed. A running portal does it.",
			flags: func(f *flag.FlagSet) {
				f.BoolVar(&wish.dry, "dry-run", false, "change nothing, report only")
				f.StringVar(&wish.customer, "customer", "", "read the customer of ours with this id alone")
			},
			run: func(ctx context.Context, c config, out io.Writer, _ []string) error {
				return reconcile(ctx, c, newLog(c), out, wish)
			},
		},
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	name := "serve"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, name) {
		_, err := io.WriteString(out, usage)
		return err
	}
	command, ok := commands()[name]
	if !ok {
		return fmt.Errorf("%q is not a command: %w", name, errUsage)
	}
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // what it would say is in its error
	if command.flags != nil {
		command.flags(flags)
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return command.help(out, name, flags)
	} else if err != nil {
		return fmt.Errorf("%s: %w: %w", name, err, errUsage)
	}
	if flags.NArg() != len(command.names) {
		return fmt.Errorf("%s takes %s, and %d were given; settings are environment variables: %w",
			name, strings.Join(append(command.names, "no other arguments"), " and "), flags.NArg(), errUsage)
	}
	if command.read == nil {
		command.read = readConfig
	}
	c, err := command.read()
	if err != nil {
		return err
	}
	return command.run(ctx, c, out, flags.Args())
}

// help prints what a command does and takes.
func (c command) help(out io.Writer, name string, flags *flag.FlagSet) error {
	words := append([]string{"counterfoil", name}, c.names...)
	if c.flags != nil {
		words = slices.Insert(words, 2, "[flags]")
	}
	_, err := fmt.Fprintf(out, "%s\n\n%s\n", strings.Join(words, " "), c.about)
	flags.SetOutput(out)
	flags.PrintDefaults()
	return err
}

// newLog writes to standard error, as text for people or as JSON for machines.
func newLog(c config) *slog.Logger {
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}
