package polar

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterfoil/twin"
)

// query is a request's query string. Its getters collect mistakes in wrong.
type query struct {
	url.Values
	wrong *[]twin.FieldError
}

func (q query) err() error {
	if len(*q.wrong) == 0 {
		return nil
	}
	return &twin.Invalid{Fields: *q.wrong}
}

// all is the values of a key, given once or repeatedly.
func (q query) all(key string) []string { return q.Values[key] }

// paging reads page and limit: a limit above 100 is 100, below 1 is refused.
func (q query) paging() (number, limit int, err error) {
	number, limit = 1, 10
	for _, p := range []struct {
		key string
		to  *int
	}{{"page", &number}, {"limit", &limit}} {
		text := q.Get(p.key)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, 0, wrong("int_parsing", "Input should be a valid integer, unable to parse string as an integer", text, "query", p.key)
		}
		if n < 1 {
			return 0, 0, wrong("greater_than_equal", "Input should be greater than or equal to 1", text, "query", p.key)
		}
		*p.to = n
	}
	return number, min(limit, 100), q.err()
}

// allows reports whether a value passes the filter key: it is not given, or holds the value.
func (q query) allows(key, value string) bool {
	wanted := q.all(key)
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

// flag reads a boolean filter; set is false when it is not given.
func (q query) flag(key string) (value, set bool) {
	text := q.Get(key)
	if text == "" {
		return false, false
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		q.say(key, "bool_parsing", "Input should be a valid boolean, unable to interpret input", text)
	}
	return v, err == nil
}

// allowsFlag reports whether a boolean passes the filter key.
func (q query) allowsFlag(key string, value bool) bool {
	wanted, set := q.flag(key)
	return !set || wanted == value
}

// moment reads a time filter; zero when it is not given.
func (q query) moment(key string) time.Time {
	text := q.Get(key)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		q.say(key, "datetime_from_date_parsing", "Input should be a valid datetime", text)
	}
	return at.UTC()
}

// say adds a complaint about a query key.
func (q query) say(key, kind, msg string, input any) {
	*q.wrong = append(*q.wrong, twin.FieldError{Loc: []any{"query", key}, Msg: msg, Type: kind, Input: input})
}

// within reports whether text holds the search words of `query`, in any case.
func (q query) within(texts ...string) bool {
	words := strings.ToLower(q.Get("query"))
	if words == "" {
		return true
	}
	for _, text := range texts {
		if strings.Contains(strings.ToLower(text), words) {
			return true
		}
	}
	return false
}

// allowsMetadata reports whether metadata passes the metadata[key]=value filters.
func (q query) allowsMetadata(m twin.Metadata) bool {
	for key, wanted := range q.Values {
		name, ok := strings.CutPrefix(key, "metadata[")
		if !ok {
			continue
		}
		if !slices.Contains(wanted, metadataText(m[strings.TrimSuffix(name, "]")])) {
			return false
		}
	}
	return true
}

// metadataText is a metadata value as a query would write it.
func metadataText(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	case bool:
		return strconv.FormatBool(value)
	}
	return ""
}

// allowsCustomer reports whether an object of the customer passes customer_id and external_customer_id.
func (q query) allowsCustomer(v *twin.View, id string) bool {
	if !q.allows("customer_id", id) {
		return false
	}
	if len(q.all("external_customer_id")) == 0 {
		return true
	}
	c, err := v.Customer(id)
	return err == nil && c.ExternalID != "" && q.allows("external_customer_id", c.ExternalID)
}

// owner is the one customer a list is limited to, or "" for all: it spares a scan of everything.
func (q query) owner(v *twin.View) string {
	if ids := q.all("customer_id"); len(ids) == 1 {
		return ids[0]
	}
	if ids := q.all("external_customer_id"); len(ids) == 1 && len(q.all("customer_id")) == 0 {
		return v.ExternalOwner(ids[0])
	}
	return ""
}
