//go:build !windows

package db

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// diskOf looks at the disk that a file is on, or will be.
func diskOf(path string) (Disk, error) {
	var about syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &about); err != nil {
		return Disk{}, fmt.Errorf("look at the disk of %s: %w", path, err)
	}
	unit := int64(about.Bsize) //nolint:unconvert // 32 bits on some systems
	return Disk{Known: true, Free: int64(about.Bavail) * unit, Size: int64(about.Blocks) * unit}, nil
}
