//go:build linux

package db_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterfoil/billing"
	"counterfoil/db"
	"counterfoil/db/dbtest"
)

// TestD2AcknowledgedIsDurable cuts the power, as far as a file can show it. A power cut keeps
// what SQLite had synced and any part of the rest. So an image whose log is whole up to where
// it had been synced at an acknowledgement, whatever comes after, must hold what was
// acknowledged, and be a prefix of what happened. With synchronous NORMAL, where a commit
// does not wait for the disk, the same images must be caught losing acknowledged writes.
func TestD2AcknowledgedIsDurable(t *testing.T) {
	dbtest.SQLiteOnly(t, "PostgreSQL has a log of its own")
	t.Run("as it is", func(t *testing.T) {
		if lost := losses(t, 1, func(*db.Store) error { return nil }); len(lost) > 0 {
			t.Errorf("%d images lose what was acknowledged, the first: %s", len(lost), lost[0])
		}
	})
	t.Run("control: synchronous NORMAL", func(t *testing.T) {
		lost := losses(t, 5, func(s *db.Store) error { return s.SyncNormal(t.Context()) })
		if len(lost) == 0 {
			t.Error("a store that does not wait for the disk was not caught: this test proves nothing")
		}
		t.Logf("%d images lose what was acknowledged, the first: %s", len(lost), lost[0])
	})
}

// losses runs a history on a store and returns in which images something is missing; of
// the images it looks at one in so many.
func losses(t *testing.T, oneIn int, prepare func(*db.Store) error) (lost []string) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 2))
	h := liveHistory(t, prepare)
	at := imagesOf(t, h)
	all := h.images(random)
	for i, image := range all {
		if i%oneIn != 0 {
			continue
		}
		state, err := at.open(image)
		if err != nil {
			t.Fatalf("image %d, %s: %v", i, image.name, err)
		}
		if fault := h.tornApart(state); fault != "" {
			t.Errorf("image %d, %s: %s", i, image.name, fault)
		}
		if missing := h.missing(state, image.whole); missing != "" {
			lost = append(lost, fmt.Sprintf("image %d, %s: %s", i, image.name, missing))
		}
	}
	if oneIn == 1 {
		h.openWhole(t, all[random.IntN(len(all))])
	}
	t.Logf("%d writes in a log of %d bytes, %d images", len(h.kept), len(h.log), len(all)/oneIn)
	return lost
}

// said is a write that a caller was told to be kept.
type said struct {
	id           string
	asked, acked int64 // in one count of all askings and acknowledgements
	moment       int   // of the recording, when it was acknowledged
}

// story is what a store did to its log, and what it said meanwhile.
type story struct {
	base string // the database as it was before; nothing was written into it since
	log  []byte // the whole log at the end
	kept []said
	sync []int64 // by moment of the recording: how much of the log was on disk
}

// liveHistory writes as a portal does: alone, and many at once who share commits.
func liveHistory(t *testing.T, prepare func(*db.Store) error) *story {
	t.Helper()
	folder := t.TempDir()
	url := "file:" + filepath.Join(folder, "live.db")
	if err := dbtest.OpenAt(t, url).Close(); err != nil { // the schema is no part of the history
		t.Fatal(err)
	}
	h := &story{base: filepath.Join(t.TempDir(), "base.db")}
	copyOf(t, filepath.Join(folder, "live.db"), h.base)
	stop := recordDisk(t, folder)
	store := dbtest.OpenAt(t, url)
	if err := prepare(store); err != nil {
		t.Fatal(err)
	}
	h.write(t, store)
	ops := recordedOps()
	log, err := os.ReadFile(filepath.Join(folder, "live.db-wal")) // closing writes it back and removes it
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	stop()
	var size, safe int64
	for _, op := range ops {
		if op.file != "live.db-wal" || op.kind == cut {
			t.Fatalf("%s of %s: the history was to stay within one log, so write less", op.kind, op.file)
		}
		if op.kind == synced {
			safe = size
		} else {
			size = max(size, op.at+int64(len(op.data)))
			h.log = append(h.log, make([]byte, max(0, int(size)-len(h.log)))...)
			copy(h.log[op.at:], op.data)
		}
		h.sync = append(h.sync, safe)
	}
	if !bytes.Equal(log, h.log) {
		t.Fatal("the log is not what was recorded of it")
	}
	return h
}

// write makes the history: deliveries, usage with its debits, and what deliveries bring.
func (h *story) write(t *testing.T, store *db.Store) {
	var tick atomic.Int64
	var mu sync.Mutex
	keep := func(id string, work func() error) {
		s := said{id: id, asked: tick.Add(1)}
		if err := work(); err != nil {
			t.Errorf("%s: %v", id, err)
			return
		}
		s.moment, s.acked = diskMoment(), tick.Add(1)
		mu.Lock()
		defer mu.Unlock()
		h.kept = append(h.kept, s)
	}
	receive := func(id string) {
		keep("received "+id, func() error {
			_, err := store.Receive(t.Context(), delivery(id, "subscription.updated"), "/webhooks/polar", nine)
			return err
		})
	}
	record := func(id string) {
		keep("used "+id, func() error {
			_, err := store.RecordUsage(t.Context(), use(id, "ada", noon, 1), "polar", allMeters, noon)
			return err
		})
	}
	for i := range 6 {
		receive(fmt.Sprint("d", i))
		record(fmt.Sprint("e", i))
	}
	due, err := claim(store, 6, nine)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range due {
		keep("applied "+d.ID, func() error {
			_, err := store.ApplyDelivery(t.Context(), d, billing.Change{Object: subscription(billing.Active, int64(i+1))}, nine)
			return err
		})
	}
	var callers sync.WaitGroup
	for c := range 12 {
		callers.Go(func() {
			for i := range 2 {
				receive(fmt.Sprintf("d%d-%d", c, i))
				record(fmt.Sprintf("e%d-%d", c, i))
			}
		})
	}
	callers.Wait()
}

// image is a log as it may be found after a power cut.
type image struct {
	name  string
	log   []byte
	whole int64 // so much of its beginning is as it was
}

const (
	logHeader, frameHeader, pageSize = 32, 24, 4096 // SQLite, "WAL-mode File Format", sections 4.1 and 4.2
	sector                           = 512
)

// images cut the log at every border of a frame and at random places, and garble sectors.
func (h *story) images(random *rand.Rand) (list []image) {
	var cuts []int64
	for at := int64(logHeader); at <= int64(len(h.log)); at += frameHeader + pageSize {
		cuts = append(cuts, at)
	}
	for range 200 {
		cuts = append(cuts, random.Int64N(int64(len(h.log))))
	}
	slices.Sort(cuts)
	for _, at := range slices.Backward(cuts) { // each a beginning of the one before
		list = append(list, image{fmt.Sprintf("cut at %d", at), h.log[:at], at})
	}
	for range 60 {
		first := random.Int64N(int64(len(h.log)) / sector)
		log := append([]byte(nil), h.log...)
		for n := range 1 + random.Int64N(8) {
			garbled := log[min((first+n*random.Int64N(20))*sector, int64(len(log)-1)):]
			for i := range garbled[:min(sector, len(garbled))] {
				garbled[i] = byte(random.Uint32())
			}
		}
		list = append(list, image{fmt.Sprintf("garbled from %d", first*sector), log, first * sector})
	}
	return list
}

// missing is the first write that was acknowledged when no more of the log was on disk than
// an image has whole, and that the image has not; else "".
func (h *story) missing(state map[string]bool, whole int64) string {
	for _, s := range h.kept {
		if safe := h.syncedAt(s.moment); safe <= whole && !state[s.id] {
			return fmt.Sprintf("%q was acknowledged when %d bytes were on disk", s.id, safe)
		}
	}
	return ""
}

func (h *story) syncedAt(moment int) int64 {
	if moment == 0 {
		return 0
	}
	return h.sync[moment-1]
}

// tornApart says how a state is no prefix of the history: it has a write, but not one that
// was acknowledged before anybody asked for it.
func (h *story) tornApart(state map[string]bool) string {
	var last said
	for _, s := range h.kept {
		if state[s.id] && s.asked > last.asked {
			last = s
		}
	}
	for _, s := range h.kept {
		if !state[s.id] && s.acked < last.asked {
			return fmt.Sprintf("it has %q, which was asked for after %q was acknowledged, and not that", last.id, s.id)
		}
	}
	return ""
}

// openWhole starts the product itself on an image.
func (h *story) openWhole(t *testing.T, i image) {
	path := filepath.Join(t.TempDir(), "whole.db")
	copyOf(t, h.base, path)
	if err := os.WriteFile(path+"-wal", i.log, 0o600); err != nil {
		t.Fatal(err)
	}
	store := dbtest.OpenAt(t, "file:"+path)
	if err := store.CheckIntegrity(t.Context()); err != nil {
		t.Errorf("image %s: %v", i.name, err)
	}
	check(t, store, "ada")
}

// imageFolder is where images are opened, one after the other.
type imageFolder struct {
	t    *testing.T
	path string
	log  []byte // that is there
}

func imagesOf(t *testing.T, h *story) *imageFolder {
	at := &imageFolder{t: t, path: filepath.Join(t.TempDir(), "image.db")}
	copyOf(t, h.base, at.path)
	return at
}

// lay puts the log of an image there; of a longer one that begins with it the rest is cut off.
func (at *imageFolder) lay(log []byte) error {
	same := len(log) > 0 && len(at.log) >= len(log) && &at.log[0] == &log[0]
	at.log = log
	if same {
		return os.Truncate(at.path+"-wal", int64(len(log)))
	}
	return os.WriteFile(at.path+"-wal", log, 0o600)
}

// open lets the product's driver recover an image and reads what is there. The connection
// only reads, so the database file stays what it was for the next image.
func (at *imageFolder) open(i image) (state map[string]bool, err error) {
	if err := at.lay(i.log); err != nil {
		return nil, err
	}
	if err := os.Remove(at.path + "-shm"); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	conn, err := sql.Open("sqlite", "file:"+at.path+"?mode=ro&_pragma=query_only(1)")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return stateOf(at.t, conn)
}

// stateOf names all writes that a database has. A use without its debit is an error.
func stateOf(t *testing.T, conn *sql.DB) (map[string]bool, error) {
	rows, err := conn.QueryContext(t.Context(), `
		SELECT 'received ' || delivery_id FROM inbox UNION ALL SELECT 'applied ' || delivery_id FROM inbox WHERE state = 'done'
		UNION ALL SELECT 'used ' || id FROM usage_events`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	state, uses, applied := map[string]bool{}, 0, int64(0)
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		state[id] = true
		if strings.HasPrefix(id, "used ") {
			uses++
		} else if strings.HasPrefix(id, "applied ") {
			applied++
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var balance, entries, version int64
	err = conn.QueryRowContext(t.Context(), `SELECT
		(SELECT COALESCE(SUM(balance), 0) FROM ledger_accounts WHERE kind = 'wallet' AND provider_meter_id = 'tokens'),
		(SELECT COUNT(*) FROM ledger_entries), (SELECT COALESCE(MAX(version), 0) FROM subscriptions)`).Scan(&balance, &entries, &version)
	if want := -int64(uses) * int64(billing.CreditScale); err == nil && (balance != want || entries != int64(2*uses) || version != applied) {
		err = fmt.Errorf("half a write: %d uses with a balance of %d and %d entries, %d deliveries applied with version %d", uses, balance, entries, applied, version)
	}
	return state, err
}

func copyOf(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
