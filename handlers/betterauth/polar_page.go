package betterauth

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"counterfoil/billing"
	"counterfoil/db"
)

// Pages of lists, as the provider has them.
const (
	defaultSize = 10
	mostSize    = 100
)

// cutOf reads page and limit of a query. What is no number is told, with what else of the
// query does not fit; what is none of a page fails as it does at the provider.
func cutOf(r *http.Request, others ...string) (db.Cut, error) {
	cut, misfits, none := db.Cut{Number: 1, Size: defaultSize}, []string{}, false
	for _, field := range []struct {
		name string
		into *int
	}{{"page", &cut.Number}, {"limit", &cut.Size}} {
		sent := r.URL.Query()[field.name]
		if len(sent) == 0 {
			continue
		}
		number, err := strconv.ParseFloat(sent[0], 64)
		if sent[0] == "" {
			number, err = 0, nil // as the original coerces it
		}
		if err != nil || math.IsNaN(number) || len(sent) > 1 {
			misfits = append(misfits, "[query."+field.name+"] Invalid input: expected number, received NaN")
			continue
		}
		*field.into = int(min(max(number, -1), 1e9))
		none = none || *field.into < 1 || float64(*field.into) != number
	}
	if misfits = append(misfits, others...); len(misfits) > 0 {
		return cut, invalid(strings.Join(misfits, "; "))
	}
	if none {
		return cut, billing.ErrInvalid
	}
	cut.Size = min(cut.Size, mostSize)
	return cut, nil
}

// page answers one page of a list, as the provider's client has it in memory.
func page(w http.ResponseWriter, items []json.RawMessage, total int, cut db.Cut) error {
	last := (total + cut.Size - 1) / cut.Size
	if items == nil {
		items = []json.RawMessage{}
	}
	type pagination struct {
		TotalCount int `json:"totalCount"`
		MaxPage    int `json:"maxPage"`
	}
	body := struct {
		Next   *map[string]int `json:"~next,omitempty"`
		Result struct {
			Items      []json.RawMessage `json:"items"`
			Pagination pagination        `json:"pagination"`
		} `json:"result"`
	}{}
	body.Result.Items, body.Result.Pagination = items, pagination{total, last}
	if len(items) > 0 && cut.Number < last && len(items) >= cut.Size {
		body.Next = &map[string]int{"page": cut.Number + 1}
	}
	return answer(w, body)
}

// nothing is the empty page of somebody whom the provider does not know yet, or who may
// not see: the caller learns no more.
func nothing(w http.ResponseWriter, err error, cut db.Cut) error {
	if errors.Is(err, billing.ErrNotFound) {
		return page(w, nil, 0, cut)
	}
	return err
}

// shapeEach shapes a list, item by item.
func shapeEach(raws []db.Raw, one func(db.Raw) (json.RawMessage, error)) ([]json.RawMessage, error) {
	items := make([]json.RawMessage, len(raws))
	for i, raw := range raws {
		var err error
		if items[i], err = one(raw); err != nil {
			return nil, err
		}
	}
	return items, nil
}
