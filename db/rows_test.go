package db

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"counterfoil/db/gen"
)

// TestManyRows: each row has its own arguments, in the order of the text, one that is
// used twice included, and the rest of the text stays what it was.
func TestManyRows(t *testing.T) {
	m, err := manyRows("INSERT INTO x (a, b, c)\nVALUES (?2, ?1, ?1)\nON CONFLICT (a) DO NOTHING\n", 16)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(m.text, "INSERT INTO x (a, b, c)\nVALUES (?, ?, ?), (?, ?, ?), (") ||
		!strings.HasSuffix(m.text, ", (?, ?, ?)\nON CONFLICT (a) DO NOTHING\n") || strings.Count(m.text, "(?, ?, ?)") != 16 {
		t.Error(m.text)
	}
	if got := fmt.Sprint(m.order([][]any{{"a", "b"}, {"c", "d"}})); got != "[b a a d c c]" {
		t.Error(got)
	}
	for _, other := range []string{"UPDATE x SET a = ?1", "INSERT INTO x (a)\nVALUES (?1, 'b')\n", "INSERT INTO x (a)\nSELECT ?1", "INSERT INTO x (a)\nVALUES (?1)\nON CONFLICT (a) DO UPDATE SET b = ?2"} {
		if m, err := manyRows(other, 4); err == nil {
			t.Errorf("%q became %q", other, m.text)
		}
	}
	both := &rowsTogether{}
	q := gen.New(both)
	if _, err := q.ReceiveDelivery(context.Background(), gen.ReceiveDeliveryParams{}); err != nil {
		t.Fatal(err)
	}
	if err := q.ReleaseDelivery(context.Background(), gen.ReleaseDeliveryParams{}); err == nil {
		t.Error("two queries were taken for one")
	}
}

// TestRowsOfOneStatementAreToldApart: of deliveries that share a statement, those that
// were there before and the second of two alike are known, and the others are fresh.
func TestRowsOfOneStatementAreToldApart(t *testing.T) {
	store, err := Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	receive := func(ids ...int) (fresh []bool) {
		var batch []*member[receipt]
		for _, id := range ids {
			batch = append(batch, &member[receipt]{item: receipt{row: gen.ReceiveDeliveryParams{
				ID: NewID(), Provider: "polar", Endpoint: "/", DeliveryID: fmt.Sprint(id), Body: []byte("{}"), SentAt: millis(now), ReceivedAt: millis(now),
			}}})
		}
		store.receiveTogether(batch)
		for _, m := range batch {
			if m.err != nil {
				t.Fatal(m.err)
			}
			fresh = append(fresh, m.item.fresh)
		}
		return fresh
	}
	receive(5, 20, 34)
	ids := make([]int, 2*16+4+3)
	for i := range ids {
		ids[i] = i
	}
	ids[8] = 7
	for i, fresh := range receive(ids...) {
		if want := i != 5 && i != 20 && i != 34 && i != 8; fresh != want {
			t.Errorf("delivery %d is fresh: %v", i, fresh)
		}
	}
	for i, fresh := range receive(ids...) {
		if fresh {
			t.Errorf("delivery %d is fresh again", i)
		}
	}
}
