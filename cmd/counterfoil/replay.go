package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"counterfoil/db"
	"counterfoil/twin/server"
	"counterfoil/worker"
)

// replayWish is what counterfoil replay was asked for: one delivery, or those received in
// a stretch of time.
type replayWish struct {
	id             string
	from, to, kind string
	apply          bool
}

// replayTimes are the ways to write a time, all in UTC but the first.
var replayTimes = []string{time.RFC3339, "2006-01-02T15:04", time.DateOnly}

// stretch reads the times of a wish.
func (w replayWish) stretch() (db.Range, error) {
	r := db.Range{Type: w.kind}
	for _, side := range []struct {
		name, text string
		into       *time.Time
	}{{"-from", w.from, &r.From}, {"-to", w.to, &r.To}} {
		var err error
		if *side.into, err = parseTime(side.text); err != nil {
			return r, fmt.Errorf("%s is %q: give a time in UTC, such as 2026-11-22T09:30", side.name, side.text)
		}
	}
	if !r.From.Before(r.To) {
		return r, errors.New("-from must come before -to")
	}
	return r, nil
}

// parseTime reads a time that somebody typed.
func parseTime(text string) (at time.Time, err error) {
	for _, layout := range replayTimes {
		if at, err = time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return at, err
}

// replay prints what applying deliveries again would change and, with -apply, has that
// done: the running portal does it at once, or the next one when it starts.
func replay(ctx context.Context, c config, log *slog.Logger, out io.Writer, wish replayWish) error {
	if (wish.id == "") == (wish.from == "" && wish.to == "") {
		return fmt.Errorf("say what to replay, by -id ID or by -from TIME and -to TIME: %w", errUsage)
	}
	var stretch db.Range
	if wish.id == "" {
		var err error
		if stretch, err = wish.stretch(); err != nil {
			return err
		}
	}
	store, _, err := openBeside(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer store.Close()
	list, count, err := wished(ctx, store, wish.id, stretch)
	if err != nil {
		return err
	}
	if err := rehearse(ctx, c, log, store, out, list, count); err != nil {
		return err
	}
	switch {
	case !wish.apply:
		fmt.Fprintln(out, "Nothing was written. Add -apply to have it done.")
		return nil
	case wish.id != "":
		err = store.ReplayDelivery(ctx, wish.id, time.Now())
	default:
		count, err = store.ReplayRange(ctx, stretch, time.Now())
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d deliveries wait to be applied: the running portal does it now, or the next one when it starts.\n", count)
	return nil
}

// wished are the deliveries to look at, and how many there are.
func wished(ctx context.Context, store *db.Store, id string, stretch db.Range) ([]db.DeliveryRecord, int, error) {
	if id != "" {
		one, err := store.Delivery(ctx, id)
		return []db.DeliveryRecord{one}, 1, err
	}
	count, err := store.CountRange(ctx, stretch)
	if err != nil {
		return nil, 0, err
	}
	list, err := store.DeliveriesOf(ctx, stretch, nil, worker.RehearseMost)
	return list, count, err
}

// rehearse prints what applying deliveries again would change. Objects are read anew from
// the provider; what cannot be read counts as the delivery has it.
func rehearse(ctx context.Context, c config, log *slog.Logger, store *db.Store, out io.Writer, list []db.DeliveryRecord, count int) error {
	if c.demo() { // the twin of the demo that runs, or nobody
		c.PolarToken, c.PolarSecrets, c.PolarServer = server.OrganizationToken, []string{server.WebhookSecret}, "http://"+c.TwinAddr
	}
	provider, err := newProvider(c, log)
	if err != nil {
		return err
	}
	if _, err := tellHooks(ctx, c, store, log); err != nil { // so that it can say who would be told
		return err
	}
	all, err := worker.New(worker.Config{Store: store, Provider: provider, Now: time.Now, Log: log}).Rehearse(ctx, list)
	if err != nil {
		return err
	}
	changing := 0
	for i, r := range all {
		if !r.Changes() {
			continue
		}
		changing++
		fmt.Fprintf(out, "%s %s %s\n", list[i].RowID, list[i].Type, list[i].Object.ProviderID)
		for _, f := range r.Fields {
			fmt.Fprintf(out, "  %s: %q -> %q\n", f.Name, f.Before, f.After)
		}
		for _, f := range r.Told {
			fmt.Fprintf(out, "  new fact %s, told to: %s\n", f.Type, strings.Join(f.Targets, ", "))
		}
	}
	fmt.Fprintf(out, "%d deliveries, %d looked at, %d of these would change something.\n", count, len(all), changing)
	return nil
}
