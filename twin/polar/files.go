package polar

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"counterfoil/twin"
)

// fileCore is what all forms of a file have.
type fileCore struct {
	ID                   string  `json:"id"`
	OrganizationID       string  `json:"organization_id"`
	Name                 string  `json:"name"`
	Path                 string  `json:"path"`
	MimeType             string  `json:"mime_type"`
	Size                 int64   `json:"size"`
	StorageVersion       text    `json:"storage_version"`
	ChecksumEtag         text    `json:"checksum_etag"`
	ChecksumSha256Base64 text    `json:"checksum_sha256_base64"`
	ChecksumSha256Hex    text    `json:"checksum_sha256_hex"`
	LastModifiedAt       instant `json:"last_modified_at"`
	Version              text    `json:"version"`
	IsUploaded           bool    `json:"is_uploaded"`
	Service              string  `json:"service"`
	SizeReadable         string  `json:"size_readable"`
}

func shapeFileCore(v *twin.View, f *twin.File) fileCore {
	hexed, based := f.Checksums()
	return fileCore{
		ID: f.ID, OrganizationID: v.Organization().ID, Name: f.Name, Path: f.Service + "/" + f.ID + "/" + f.Name, MimeType: f.MimeType,
		Size: f.Size, ChecksumEtag: text(hexed), ChecksumSha256Base64: text(based), ChecksumSha256Hex: text(hexed),
		LastModifiedAt: instant(f.ModifiedAt), Version: text(f.Version), IsUploaded: f.Uploaded, Service: f.Service,
		SizeReadable: readable(f.Size),
	}
}

// readable writes a number of bytes for people.
func readable(size int64) string {
	for _, unit := range []string{"B", "KB", "MB"} {
		if size < 1024 {
			return fmt.Sprintf("%d %s", size, unit)
		}
		size /= 1024
	}
	return fmt.Sprintf("%d GB", size)
}

// file is a file as merchants see it; pictures are public.
type file struct {
	fileCore
	CreatedAt instant `json:"created_at"`
	PublicURL text    `json:"public_url,omitempty"`
}

func (s *Server) shapeFile(v *twin.View, f *twin.File) any {
	out := file{fileCore: shapeFileCore(v, f), CreatedAt: instant(f.CreatedAt)}
	if f.Service != twin.FileDownload {
		out.PublicURL = text(s.fileURL(f))
	}
	return out
}

// fileURL is where the bytes of a file can be read without a token.
func (s *Server) fileURL(f *twin.File) string { return s.baseURL + "/_twin/files/" + f.Secret }

var fileSorts = map[string]func(a, b *twin.File) int{
	"created_at": byTime(func(f *twin.File) time.Time { return f.CreatedAt }),
}

// listFiles: GET /v1/files/
func (s *Server) listFiles(v *twin.View, _ *http.Request, q query) (any, error) {
	return listing[twin.File]{
		rows: v.Files(), sorts: fileSorts, usual: "-created_at",
		keep:  func(f *twin.File) bool { return !f.Deleted && f.Uploaded && q.allows("ids", f.ID) },
		shape: func(f *twin.File) any { return s.shapeFile(v, f) },
	}.answer(q)
}

// upload tells where to send the parts of a file.
type upload struct {
	fileCore
	Upload multipart `json:"upload"`
}

type multipart struct {
	ID    string       `json:"id"`
	Path  string       `json:"path"`
	Parts []uploadPart `json:"parts"`
}

type uploadPart struct {
	Number               int64             `json:"number"`
	ChunkStart           int64             `json:"chunk_start"`
	ChunkEnd             int64             `json:"chunk_end"`
	ChecksumSha256Base64 text              `json:"checksum_sha256_base64"`
	URL                  string            `json:"url"`
	ExpiresAt            instant           `json:"expires_at"`
	Headers              map[string]string `json:"headers"`
}

// createFile: POST /v1/files/
func (s *Server) createFile(ctx context.Context, _ *http.Request, b body) (func(*twin.View) any, error) {
	b.noOrganization()
	for _, key := range []string{"name", "mime_type", "size", "service", "upload"} {
		b.need(key)
	}
	in := twin.File{
		Base: s.baseURL, Name: b.text("name"), MimeType: b.text("mime_type"), Size: orZero(b.whole("size")), Version: b.text("version"),
		Service: b.choice("service", twin.FileDownload, twin.FileMedia, twin.FileAvatar),
	}
	var parts []uploadPart
	for _, p := range b.nested("upload").objects("parts") {
		parts = append(parts, uploadPart{
			Number: orZero(p.whole("number")), ChunkStart: orZero(p.whole("chunk_start")), ChunkEnd: orZero(p.whole("chunk_end")),
			ChecksumSha256Base64: text(p.text("checksum_sha256_base64")), Headers: map[string]string{},
		})
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	f, err := s.engine.CreateFile(ctx, in)
	return func(v *twin.View) any {
		out := upload{shapeFileCore(v, &f), multipart{ID: f.ID, Parts: list(parts)}}
		out.Upload.Path = out.Path
		for i, p := range parts {
			parts[i].URL = s.fileURL(&f) + "/" + strconv.FormatInt(p.Number, 10)
			parts[i].ExpiresAt = instant(v.Now().Add(linkLife))
		}
		return out
	}, err
}

// completeFile: POST /v1/files/{id}/uploaded
func (s *Server) completeFile(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	b.need("parts")
	if err := b.err(); err != nil {
		return nil, err
	}
	f, err := s.engine.CompleteFile(ctx, r.PathValue("id"))
	return shapeOf(f, s.shapeFile), err
}

// updateFile: PATCH /v1/files/{id}
func (s *Server) updateFile(ctx context.Context, r *http.Request, b body) (func(*twin.View) any, error) {
	name, version := b.str("name"), b.str("version")
	if err := b.err(); err != nil {
		return nil, err
	}
	f, err := s.engine.UpdateFile(ctx, r.PathValue("id"), name, version)
	return shapeOf(f, s.shapeFile), err
}

// deleteFile: DELETE /v1/files/{id}
func (s *Server) deleteFile(ctx context.Context, r *http.Request, _ body) (func(*twin.View) any, error) {
	return nil, s.engine.DeleteFile(ctx, r.PathValue("id"))
}
