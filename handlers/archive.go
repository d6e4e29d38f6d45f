package handlers

import (
	"archive/zip"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"counterfoil/db"
)

// archive writes what is held about one person as a zip, list by list and row by row, so
// that a long one takes no more memory than a short one.
type archive struct {
	store  *db.Store
	userID string
	at     time.Time
	about  string // what the archive holds, in words
	step   func() // called before each list; may be nil
}

func (a *archive) write(ctx context.Context, out io.Writer) error {
	files := zip.NewWriter(out)
	if err := a.file(files, "README.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, a.about)
		return err
	}); err != nil {
		return err
	}
	for _, list := range db.PersonalFiles() {
		if a.step != nil {
			a.step()
		}
		err := a.file(files, list.Name+".json", func(w io.Writer) error { return a.objects(ctx, w, list) })
		if err != nil {
			return err
		}
		if !list.Table {
			continue
		}
		if err := a.file(files, list.Name+".csv", func(w io.Writer) error { return a.table(ctx, w, list) }); err != nil {
			return err
		}
	}
	return files.Close()
}

func (a *archive) file(files *zip.Writer, name string, fill func(w io.Writer) error) error {
	w, err := files.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at.UTC()})
	if err != nil {
		return fmt.Errorf("begin %s: %w", name, err)
	}
	if err := fill(w); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// objects writes a list as a JSON array, one object a line, its keys in the order of the columns.
func (a *archive) objects(ctx context.Context, w io.Writer, list db.PersonalFile) error {
	before := "[\n"
	err := a.store.Export(ctx, a.userID, list, func(values []any) error {
		var line strings.Builder
		line.WriteString(before)
		before = ",\n"
		for i, column := range list.Columns {
			value, err := json.Marshal(values[i])
			if err != nil {
				return fmt.Errorf("column %s: %w", column, err)
			}
			fmt.Fprintf(&line, "%s%q: %s", map[bool]string{true: "  {", false: ", "}[i == 0], column, value)
		}
		line.WriteString("}")
		_, err := io.WriteString(w, line.String())
		return err
	})
	if err != nil {
		return err
	}
	end := "\n]\n"
	if before == "[\n" { // there was no row
		end = "[]\n"
	}
	_, err = io.WriteString(w, end)
	return err
}

// table writes a list as CSV (RFC 4180), for programs that calculate.
func (a *archive) table(ctx context.Context, w io.Writer, list db.PersonalFile) error {
	out := csv.NewWriter(w)
	if err := out.Write(list.Columns); err != nil {
		return err
	}
	err := a.store.Export(ctx, a.userID, list, func(values []any) error {
		cells := make([]string, len(values))
		for i, value := range values {
			cells[i] = cell(value)
		}
		return out.Write(cells)
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// cell is a value in a table. A text that a spreadsheet would take for a formula has an
// apostrophe before it (OWASP, CSV Injection): others choose the names of what is sold.
func cell(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case time.Time:
		return v.Format(time.RFC3339)
	case string:
		if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
			return "'" + v
		}
		return v
	case json.RawMessage:
		return string(v)
	}
	return fmt.Sprint(value)
}
