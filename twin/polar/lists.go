package polar

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// page is the envelope of every list.
type page struct {
	Items      []any      `json:"items"`
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	TotalCount int `json:"total_count"`
	MaxPage    int `json:"max_page"`
}

// listing is a list request to be answered: the candidates in order of creation, the order they are asked
// in, and the shape of one.
type listing[T any] struct {
	rows  []*T
	keep  func(*T) bool
	sorts map[string]func(a, b *T) int
	usual string // sorting when none is asked
	shape func(*T) any
}

// answer filters, sorts and cuts out one page. Equal rows keep the order of creation, newest first when the
// first key descends.
func (l listing[T]) answer(q query) (page, error) {
	number, limit, err := q.paging()
	if err != nil {
		return page{}, err
	}
	var kept []*T
	for _, row := range l.rows {
		if l.keep == nil || l.keep(row) {
			kept = append(kept, row)
		}
	}
	if err := l.sort(kept, q); err != nil {
		return page{}, err
	}
	out := page{Items: []any{}, Pagination: pagination{len(kept), (len(kept) + limit - 1) / limit}}
	from := min((number-1)*limit, len(kept))
	for _, row := range kept[from:min(from+limit, len(kept))] {
		out.Items = append(out.Items, l.shape(row))
	}
	return out, nil
}

// sort orders rows by the asked or the usual keys.
func (l listing[T]) sort(rows []*T, q query) error {
	keys := q.all("sorting")
	if len(keys) == 0 {
		keys = []string{l.usual}
	}
	if strings.HasPrefix(keys[0], "-") {
		slices.Reverse(rows)
	}
	type order struct {
		by   func(a, b *T) int
		sign int
	}
	var orders []order
	for _, key := range keys {
		name, down := strings.CutPrefix(key, "-")
		by, ok := l.sorts[name]
		if !ok {
			return wrong("enum", "Input should be a known sorting key", key, "query", "sorting")
		}
		orders = append(orders, order{by, map[bool]int{true: -1, false: 1}[down]})
	}
	slices.SortStableFunc(rows, func(a, b *T) int {
		for _, o := range orders {
			if c := o.by(a, b); c != 0 {
				return c * o.sign
			}
		}
		return 0
	})
	return nil
}

// byTime and byText make sort functions. What has no time is the latest: PostgreSQL sorts nulls last.
func byTime[T any](at func(*T) time.Time) func(a, b *T) int {
	return func(a, b *T) int {
		ta, tb := at(a), at(b)
		if ta.IsZero() != tb.IsZero() {
			return cmp.Compare(tb.Unix(), ta.Unix()) // the zero time is the first
		}
		return ta.Compare(tb)
	}
}

func byText[T any](of func(*T) string) func(a, b *T) int {
	return func(a, b *T) int { return cmp.Compare(strings.ToLower(of(a)), strings.ToLower(of(b))) }
}

func byNumber[T any](of func(*T) int64) func(a, b *T) int {
	return func(a, b *T) int { return cmp.Compare(of(a), of(b)) }
}
