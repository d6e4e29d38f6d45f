package db

import (
	"errors"
	"os"
)

// syncPath has a file written to disk. Windows keeps the names of a folder itself, and
// flushes only what is open for writing. It is for files of ours that no connection has open.
func syncPath(path string) error {
	about, err := os.Stat(path)
	if err != nil || about.IsDir() {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
