package twin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
)

// The services that files are for.
const (
	FileDownload = "downloadable"
	FileMedia    = "product_media"
	FileAvatar   = "organization_avatar"
)

// File is something the merchant uploads: a download, a picture of a product. Secret is the unguessable part
// of the address it is read and written under.
type File struct {
	ID string
	Stamp
	Service        string
	Name, MimeType string
	Version        string
	Size           int64
	SHA256         []byte // set when the upload is complete
	Uploaded       bool
	Deleted        bool
	Secret         string
	Base           string // scheme and host it was uploaded to
}

// Content is the bytes of a file. Parts are kept in order of their numbers, from 1.
type Content struct {
	FileID string
	Parts  [][]byte
}

// File returns a file that is not deleted, or ErrNotFound.
func (v *View) File(id string) (*File, error) {
	f, err := v.files.get(id)
	if err != nil || f.Deleted {
		return nil, ErrNotFound
	}
	return f, nil
}

// Files returns all files, deleted ones included.
func (v *View) Files() []*File { return v.files.all() }

// CreateFile announces a file of a known size, which is then uploaded in parts. Errors: *Invalid.
func (e *Engine) CreateFile(ctx context.Context, f File) (File, error) {
	err := e.write(ctx, func(x *tx) error {
		if f.Name == "" {
			return invalid("String should have at least 1 character", "name")
		}
		f.ID, f.Stamp, f.Secret, f.Uploaded = newID(), x.made(), newToken("file_"), false
		put(x, x.files, f)
		return nil
	})
	return f, err
}

// WritePart keeps part number (from 1) of the file with the secret. Errors: ErrNotFound, *Refused once the
// upload is complete.
func (e *Engine) WritePart(ctx context.Context, secret string, number int, data []byte) error {
	return e.write(ctx, func(x *tx) error {
		rows := x.files.by(filesBySecret, secret)
		if secret == "" || len(rows) == 0 || number < 1 || number > 1000 {
			return ErrNotFound
		}
		if rows[0].Uploaded {
			return refused("NotPermitted", "The upload is complete.")
		}
		content := Content{FileID: rows[0].ID}
		if old, ok := x.contents.rows[content.FileID]; ok {
			content.Parts = slices.Clone(old.Parts)
		}
		for len(content.Parts) < number {
			content.Parts = append(content.Parts, nil)
		}
		content.Parts[number-1] = data
		put(x, x.contents, content)
		return nil
	})
}

// CompleteFile ends the upload. Errors: ErrNotFound; *Invalid when bytes are missing.
func (e *Engine) CompleteFile(ctx context.Context, id string) (File, error) {
	return e.changeFile(ctx, id, func(x *tx, f *File) error {
		var data []byte
		if content, ok := x.contents.rows[id]; ok {
			data = bytes.Join(content.Parts, nil)
		}
		if int64(len(data)) != f.Size {
			return invalid("The uploaded parts do not make up the announced size.", "parts")
		}
		sum := sha256.Sum256(data)
		f.SHA256, f.Uploaded = sum[:], true
		return nil
	})
}

// UpdateFile changes name and version; nil leaves one alone. Errors: ErrNotFound.
func (e *Engine) UpdateFile(ctx context.Context, id string, name, version *string) (File, error) {
	return e.changeFile(ctx, id, func(_ *tx, f *File) error {
		f.Name, f.Version = pick(name, f.Name), pick(version, f.Version)
		return nil
	})
}

// DeleteFile removes a file and its bytes. Errors: ErrNotFound.
func (e *Engine) DeleteFile(ctx context.Context, id string) error {
	_, err := e.changeFile(ctx, id, func(x *tx, f *File) error {
		f.Deleted = true
		if _, ok := x.contents.rows[id]; ok {
			remove(x, x.contents, id)
		}
		return nil
	})
	return err
}

// changeFile runs one change of a file.
func (e *Engine) changeFile(ctx context.Context, id string, change func(*tx, *File) error) (File, error) {
	var f File
	err := e.write(ctx, func(x *tx) error {
		row, err := x.File(id)
		if err != nil {
			return err
		}
		f = *row
		if err := change(x, &f); err != nil {
			return err
		}
		f.Stamp = x.touched(f.Stamp)
		put(x, x.files, f)
		return nil
	})
	return f, err
}

// FileBySecret returns an uploaded file and its bytes, or ErrNotFound.
func (e *Engine) FileBySecret(secret string) (File, []byte, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	rows := e.data.files.by(filesBySecret, secret)
	if secret == "" || len(rows) == 0 || !rows[0].Uploaded || rows[0].Deleted {
		return File{}, nil, ErrNotFound
	}
	return *rows[0], bytes.Join(e.data.contents.rows[rows[0].ID].Parts, nil), nil
}

// Checksums are the file's SHA-256 in hex and base64, empty before it is complete.
func (f File) Checksums() (hexed, based string) {
	if !f.Uploaded {
		return "", ""
	}
	return hex.EncodeToString(f.SHA256), base64.StdEncoding.EncodeToString(f.SHA256)
}
