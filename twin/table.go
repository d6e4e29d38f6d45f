package twin

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// table holds all objects of one kind in memory, in order of creation, with look-ups by other keys. Rows are
// never changed in place. Only a tx may call set.
type table[T any] struct {
	kind    string // name in the file
	id      func(*T) string
	indexes []index[T]
	due     func(*T) time.Time // when the engine must look at the row again; zero for never; may be nil
	rows    map[string]*T
	order   []string
	version uint64 // counts changes
}

// index finds rows by a key other than the id. The empty key is not indexed.
type index[T any] struct {
	key func(*T) string
	ids map[string][]string
}

// newTable builds an empty table with one index per key function.
func newTable[T any](kind string, id func(*T) string, keys ...func(*T) string) *table[T] {
	t := &table[T]{kind: kind, id: id, rows: map[string]*T{}}
	for _, key := range keys {
		t.indexes = append(t.indexes, index[T]{key: key, ids: map[string][]string{}})
	}
	return t
}

// get returns the row, or ErrNotFound.
func (t *table[T]) get(id string) (*T, error) {
	if row, ok := t.rows[id]; ok {
		return row, nil
	}
	return nil, fmt.Errorf("%s %s: %w", t.kind, id, ErrNotFound)
}

// all returns the rows in order of creation.
func (t *table[T]) all() []*T {
	rows := make([]*T, 0, len(t.rows))
	for _, id := range t.order {
		rows = append(rows, t.rows[id])
	}
	return rows
}

// by returns the rows whose n-th key has the value, oldest first.
func (t *table[T]) by(n int, value string) []*T {
	ids := t.indexes[n].ids[value]
	rows := make([]*T, 0, len(ids))
	for _, id := range ids {
		rows = append(rows, t.rows[id])
	}
	return rows
}

// set replaces the row under id by row (nil removes it) and keeps order and indexes; it returns the old row.
func (t *table[T]) set(id string, row *T) *T {
	old, existed := t.rows[id]
	t.version++
	for _, ix := range t.indexes {
		ix.move(id, old, row)
	}
	switch {
	case row != nil:
		t.rows[id] = row
		if !existed {
			t.order = append(t.order, id)
		}
	case existed:
		delete(t.rows, id)
		at := len(t.order) - 1
		for t.order[at] != id { // what is removed is mostly young
			at--
		}
		t.order = slices.Delete(t.order, at, at+1)
	}
	return old
}

// move takes id from the key of old to the key of row.
func (ix index[T]) move(id string, old, row *T) {
	var from, to string
	if old != nil {
		from = ix.key(old)
	}
	if row != nil {
		to = ix.key(row)
	}
	if from == to {
		return
	}
	if from != "" {
		ids := ix.ids[from]
		if at := slices.Index(ids, id); at >= 0 { // mostly near the front: queues
			ix.ids[from] = slices.Delete(ids, at, at+1)
		}
		if len(ix.ids[from]) == 0 {
			delete(ix.ids, from)
		}
	}
	if to != "" {
		ix.ids[to] = append(ix.ids[to], id)
	}
}

// load decodes one stored row.
func (t *table[T]) load(id string, body []byte) (time.Time, error) {
	row := new(T)
	if err := json.Unmarshal(body, row); err != nil {
		return time.Time{}, fmt.Errorf("load %s %s: %w", t.kind, id, err)
	}
	t.set(id, row)
	return t.dueAt(row), nil
}

// dueAt is when row needs work; zero for never.
func (t *table[T]) dueAt(row *T) time.Time {
	if t.due == nil {
		return time.Time{}
	}
	return t.due(row)
}
