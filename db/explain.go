package db

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
)

// Result codes of SQLite for files that it may not use (sqlite.org/rescode.html).
const (
	codeReadOnly = 8
	codeCantOpen = 14
)

// explained adds what to do to an error of opening the files of a database.
func explained(path string, err error) error {
	folder := filepath.Dir(path)
	code := 0
	if failure, ok := errors.AsType[*sqlite.Error](err); ok {
		code = failure.Code() & 0xff
	}
	switch {
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: the folder %s is mounted read-only: mount it writable, or name another one (COUNTERFOIL_DATA)", err, folder)
	case errors.Is(err, os.ErrPermission), code == codeReadOnly, code == codeCantOpen:
		return fmt.Errorf("%w: the user who runs this program (id %d) must own the folder %s and all that is in it: "+
			"chown -R %d %s, or name another folder (COUNTERFOIL_DATA)", err, os.Geteuid(), folder, os.Geteuid(), folder)
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: make the folder %s, or name another one (COUNTERFOIL_DATA)", err, folder)
	}
	return err
}
