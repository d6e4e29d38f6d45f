//go:build !windows

package db

import (
	"errors"
	"os"
)

// syncPath has a file, or the names in a folder, written to disk. It is for files of ours
// that no connection has open.
func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
