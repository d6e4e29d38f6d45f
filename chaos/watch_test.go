//go:build linux

package chaos

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// watch calls write for every write to a file of a folder, or to any if it is not named,
// until it answers false. The
// returned function ends it. It is how the harness kills in the middle of something
// that no line of our code is in the middle of.
func watch(dir, name string, write func() bool) (end func(), err error) {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", err)
	}
	file := os.NewFile(uintptr(fd), "inotify")
	if _, err := syscall.InotifyAddWatch(fd, dir, syscall.IN_MODIFY); err != nil {
		file.Close()
		return nil, fmt.Errorf("watch %s: %w", dir, err)
	}
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := file.Read(buffer)
			if err != nil {
				return // closed
			}
			for at := 0; at < n; {
				event := (*syscall.InotifyEvent)(unsafe.Pointer(&buffer[at]))
				start := at + syscall.SizeofInotifyEvent
				at = start + int(event.Len)
				written := strings.TrimRight(string(buffer[start:at]), "\x00")
				if (name == "" || written == name) && !write() {
					return
				}
			}
		}
	}()
	return func() { file.Close() }, nil
}

// inCheckpoint reports whether the process that had the database died in the middle of
// a checkpoint: the index of the write-ahead log says that frames were to be copied and
// not that they are (SQLite, "WAL-mode File Format", section 2.1: nBackfillAttempted at
// byte 128 and nBackfill at byte 96).
func (s *site) inCheckpoint() bool {
	index, err := os.ReadFile(s.database() + "-shm")
	if err != nil || len(index) < 136 {
		return false
	}
	return binary.NativeEndian.Uint32(index[128:]) > binary.NativeEndian.Uint32(index[96:])
}
