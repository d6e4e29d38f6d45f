package twin

import (
	"encoding/json"
	"strconv"
)

// num is an integer as metadata holds it.
func num(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// pick returns *p, or the fallback when p is nil.
func pick[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}
