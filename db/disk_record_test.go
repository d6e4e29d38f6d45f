//go:build linux

package db_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// diskOp is one call of SQLite to the operating system about a file, after it succeeded.
type diskOp struct {
	file string // its base name
	kind diskOpKind
	at   int64  // where was written, or the size that a file was cut to
	data []byte // what was written
}

type diskOpKind string

const (
	wrote  diskOpKind = "write"
	cut    diskOpKind = "truncate"
	synced diskOpKind = "sync"
)

// disk stands between SQLite and the operating system while a test records: a VFS that is
// the default one but for what it writes down (sqlite.org/vfs.html). A file opened through
// it is the default's in every byte of its state; only its table of methods is a copy in
// which writing, truncating and syncing lead here.
var disk struct {
	mu     sync.Mutex
	folder string
	ops    []diskOp

	layer              uintptr             // our sqlite3_vfs, made once
	open               uintptr             // the default's xOpen
	methods            map[uintptr]uintptr // the default's table of methods, and our copy
	files              map[uintptr]string  // sqlite3_file to path
	write, trunc, sync uintptr             // the default's
}

// recordDisk records what SQLite does to the files of a folder that are opened until the
// test's end, or until it is stopped.
func recordDisk(t *testing.T, folder string) (stop func()) {
	t.Helper()
	folder, err := filepath.EvalSymlinks(folder) // as SQLite names it
	if err != nil {
		t.Fatal(err)
	}
	tls := libc.NewTLS()
	disk.mu.Lock()
	defer disk.mu.Unlock()
	disk.folder, disk.ops = folder, nil
	if disk.layer == 0 {
		makeLayer(t, tls)
	}
	if rc := sqlite3.Xsqlite3_vfs_register(tls, disk.layer, 1); rc != sqlite3.SQLITE_OK {
		t.Fatalf("register the recording layer: SQLite says %d", rc)
	}
	stop = sync.OnceFunc(func() {
		sqlite3.Xsqlite3_vfs_unregister(tls, disk.layer) // the default is the default again
		tls.Close()
	})
	t.Cleanup(stop)
	return stop
}

// makeLayer copies the default layer into memory that SQLite may keep, and never frees it.
func makeLayer(t *testing.T, tls *libc.TLS) {
	const size = libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{}))
	name, err := libc.CString("recording")
	original := sqlite3.Xsqlite3_vfs_find(tls, 0)
	layer := libc.Xmalloc(tls, size)
	if err != nil || original == 0 || layer == 0 {
		t.Fatalf("SQLite has no default layer, or no memory: %v", err)
	}
	libc.Xmemcpy(tls, layer, original, size)
	open := layer + unsafe.Offsetof(sqlite3.Tsqlite3_vfs{}.FxOpen)
	disk.layer, disk.open = layer, libc.AtomicLoadPUintptr(open)
	disk.methods, disk.files = map[uintptr]uintptr{}, map[uintptr]string{}
	libc.AtomicStorePUintptr(open, inC(recordOpen))
	libc.AtomicStorePUintptr(layer+unsafe.Offsetof(sqlite3.Tsqlite3_vfs{}.FzName), name)
}

// inC is a Go function as translated C holds it, and fromC the way back.
func inC(function any) uintptr { return (*[2]uintptr)(unsafe.Pointer(&function))[1] }

func fromC[F any](pointer uintptr) F { return *(*F)(unsafe.Pointer(&struct{ uintptr }{pointer})) }

func recordOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	open := fromC[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](disk.open)
	rc := open(tls, vfs, name, file, flags, out)
	if rc != sqlite3.SQLITE_OK || name == 0 {
		return rc
	}
	path := libc.GoString(name)
	disk.mu.Lock()
	defer disk.mu.Unlock()
	if filepath.Dir(path) != disk.folder || strings.HasSuffix(path, "-shm") {
		return rc
	}
	disk.files[file] = path
	table := libc.AtomicLoadPUintptr(file) // the first field of every sqlite3_file
	if disk.methods[table] == 0 {
		disk.methods[table] = recordingMethods(tls, table)
	}
	libc.AtomicStorePUintptr(file, disk.methods[table])
	return rc
}

func recordingMethods(tls *libc.TLS, original uintptr) uintptr {
	var m sqlite3.Tsqlite3_io_methods
	table := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(m)))
	libc.Xmemcpy(tls, table, original, libc.Tsize_t(unsafe.Sizeof(m)))
	for _, replaced := range []struct {
		offset uintptr
		kept   *uintptr
		ours   any
	}{
		{unsafe.Offsetof(m.FxWrite), &disk.write, recordWrite},
		{unsafe.Offsetof(m.FxTruncate), &disk.trunc, recordTruncate},
		{unsafe.Offsetof(m.FxSync), &disk.sync, recordSync},
	} {
		// All tables of the default share these three; they differ in how they lock.
		*replaced.kept = libc.AtomicLoadPUintptr(original + replaced.offset)
		libc.AtomicStorePUintptr(table+replaced.offset, inC(replaced.ours))
	}
	return table
}

func recordWrite(tls *libc.TLS, file, buffer uintptr, n int32, at int64) int32 {
	rc := fromC[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](disk.write)(tls, file, buffer, n, at)
	return recorded(file, rc, diskOp{kind: wrote, at: at, data: bytes.Clone(libc.GoBytes(buffer, int(n)))})
}

func recordTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	rc := fromC[func(*libc.TLS, uintptr, int64) int32](disk.trunc)(tls, file, size)
	return recorded(file, rc, diskOp{kind: cut, at: size})
}

func recordSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	rc := fromC[func(*libc.TLS, uintptr, int32) int32](disk.sync)(tls, file, flags)
	return recorded(file, rc, diskOp{kind: synced})
}

func recorded(file uintptr, rc int32, op diskOp) int32 {
	disk.mu.Lock()
	defer disk.mu.Unlock()
	if rc == sqlite3.SQLITE_OK {
		op.file = filepath.Base(disk.files[file])
		disk.ops = append(disk.ops, op)
	}
	return rc
}

// diskMoment is how many operations have happened.
func diskMoment() int {
	disk.mu.Lock()
	defer disk.mu.Unlock()
	return len(disk.ops)
}

func recordedOps() []diskOp {
	disk.mu.Lock()
	defer disk.mu.Unlock()
	return disk.ops
}
