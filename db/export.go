package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterfoil/db/gen"
)

// PersonalFile is one list of an export: what one table holds about a person.
type PersonalFile struct {
	Name    string   // such as "orders"
	Columns []string // of each row, in order
	Table   bool     // people may want it as a table, too

	holding holding
}

// PersonalFiles are the lists of an export, in order.
func PersonalFiles() []PersonalFile {
	return mapEach(holdings, func(h holding) PersonalFile {
		return PersonalFile{Name: h.file, Columns: names(h.columns), Table: h.csv, holding: h}
	})
}

// exportPage is how many rows are read at once. Nothing is held between two pages, so a
// slow reader of a long export holds up neither a connection nor the database.
const exportPage = 500

// Export calls row with each row that a list holds about a user, in a steady order. Values
// are nil, string, bool, int64, json.RawMessage and, of moments, time.Time in UTC. It reads
// by the user's own id: what belongs to an organisation for which he acts is not his. Rows
// that change meanwhile may be told as before or as after.
func (s *Store) Export(ctx context.Context, userID string, file PersonalFile, row func(values []any) error) error {
	query := file.holding.reader()
	var after []any
	for {
		page, err := s.exportPage(ctx, query, file.holding, userID, after)
		if err != nil {
			return fmt.Errorf("export %s of user %s: %w", file.Name, userID, err)
		}
		for _, values := range page {
			if err := row(told(file.Columns, values)); err != nil {
				return err
			}
		}
		if len(page) < exportPage {
			return nil
		}
		last := page[len(page)-1]
		after = last[len(last)-len(names(file.holding.key)):]
	}
}

// reader is the statement that reads a page: the columns that are told, then the key. from
// says how many values of the key it goes on behind.
func (h holding) reader() func(behind int) string {
	table := h.from
	if table == "" {
		table = h.table
	}
	keys := names(h.key)
	for i, key := range keys { // of a join: as the columns name it
		for column := range strings.SplitSeq(h.columns, ", ") {
			if strings.HasSuffix(column, "."+key) {
				keys[i] = column
				break
			}
		}
	}
	key := strings.Join(keys, ", ")
	return func(behind int) string {
		var b strings.Builder
		fmt.Fprintf(&b, "SELECT %s, %s FROM %s WHERE (%s)", h.columns, key, table, h.where)
		if behind > 0 {
			marks := make([]string, behind)
			for i := range marks {
				marks[i] = "?" + strconv.Itoa(i+2)
			}
			fmt.Fprintf(&b, " AND (%s) > (%s)", key, strings.Join(marks, ", "))
		}
		fmt.Fprintf(&b, " ORDER BY %s LIMIT %d", key, exportPage)
		return b.String()
	}
}

func (s *Store) exportPage(ctx context.Context, query func(behind int) string, h holding, userID string, after []any) (page [][]any, err error) {
	rows, err := s.reading().QueryContext(ctx, query(len(after)), append([]any{userID}, after...)...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	width := len(names(h.columns)) + len(names(h.key))
	for rows.Next() {
		values, places := make([]any, width), make([]any, width)
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		page = append(page, values)
	}
	return page, rows.Err()
}

// reading runs texts that are made here on the connections that cannot write.
func (s *Store) reading() gen.DBTX {
	if s.postgres {
		return dollars{db: s.read, texts: &s.texts, again: readers}
	}
	return s.read
}

// documents are columns that hold JSON.
var documents = []string{"metadata", "items", "properties", "request", "body", "fields"}

// told makes what the database holds readable: moments are times, documents are JSON.
func told(columns []string, values []any) []any {
	out := make([]any, len(columns))
	for i, column := range columns {
		switch v := values[i].(type) {
		case []byte:
			out[i] = string(v)
		case int64:
			out[i] = timed(column, v)
		case string:
			out[i] = v
			if slices.Contains(documents, column) && json.Valid([]byte(v)) {
				out[i] = json.RawMessage(v)
			}
		default:
			out[i] = v
		}
	}
	return out
}

// timed reads a number that is a moment, by the name of its column.
func timed(column string, v int64) any {
	_, last, _ := cutLast(column, "_")
	switch {
	case column == "day":
		return time.UnixMilli(v * day).UTC()
	case column == "hour":
		return time.UnixMilli(v * hour).UTC()
	case last == "at" || last == "start" || last == "end" || last == "until" || last == "since":
		if v == 0 {
			return nil
		}
		return moment(v)
	}
	return v
}

// cutLast is strings.Cut at the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}
