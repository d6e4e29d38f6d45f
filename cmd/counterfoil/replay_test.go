package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"counterfoil/db"
)

// TestReplayBesideAPortal: the command says what would change and writes nothing, until it
// is told to apply; then the portal that runs does it.
func TestReplayBesideAPortal(t *testing.T) {
	a := startApp(t)
	c, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	body := `{"type":"moon.landed","timestamp":"2026-11-22T09:30:00Z","data":{"id":"moon_1"}}`
	if status := a.deliver("msg_moon", body, true); status != http.StatusAccepted {
		t.Fatalf("the delivery was answered %d", status)
	}
	store, err := db.OpenGuest(t.Context(), c.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	moon := func() db.DeliveryRecord {
		list, _, err := store.Deliveries(t.Context(), db.DeliveryFilter{Type: "moon.landed"}, "", 1)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d deliveries, %v", len(list), err)
		}
		return list[0]
	}
	a.until("it is applied", func() bool { return moon().State == db.StateDone })
	first := moon()
	say := func(wish replayWish) string {
		t.Helper()
		var out strings.Builder
		if err := replay(t.Context(), c, log, &out, wish); err != nil {
			t.Fatalf("%+v: %v\n%s", wish, err, &out)
		}
		return out.String()
	}
	came := first.ReceivedAt.UTC() // perhaps before midnight
	day := replayWish{from: came.Format(time.DateOnly), to: came.AddDate(0, 0, 1).Format(time.DateOnly), kind: "moon.landed"}
	for _, wish := range []replayWish{{id: first.RowID}, day} {
		if text := say(wish); !strings.Contains(text, "1 deliveries, 1 looked at, 0 of these would change something.\nNothing was written.") {
			t.Errorf("%+v says:\n%s", wish, text)
		}
	}
	if again := moon(); again.State != db.StateDone || !again.DoneAt.Equal(first.DoneAt) {
		t.Errorf("a dry run changed the delivery: %+v", again)
	}
	for _, wish := range []replayWish{{id: first.RowID, apply: true}, {from: day.from, to: day.to, kind: day.kind, apply: true}} {
		before := moon()
		if text := say(wish); !strings.Contains(text, "1 deliveries wait to be applied") {
			t.Errorf("%+v says:\n%s", wish, text)
		}
		a.until("the portal applies it again", func() bool { d := moon(); return d.State == db.StateDone && d.DoneAt.After(before.DoneAt) })
	}
	for _, bad := range []replayWish{{}, {id: "x", from: day.from}, {id: "none"}, {from: "yesterday", to: day.to}, {from: day.to, to: day.from}} {
		if err := replay(context.Background(), c, log, io.Discard, bad); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
