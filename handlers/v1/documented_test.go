package v1

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"counterfoil/auth"
	"counterfoil/billing"
	"counterfoil/db"
)

// TestTheDocumentTellsEveryField: docs/api.md names each field, status and error code that
// this API takes or answers, and every scope.
func TestTheDocumentTellsEveryField(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := func(word string) {
		t.Helper()
		if !strings.Contains(string(page), word) {
			t.Errorf("docs/api.md does not say %s", word)
		}
	}
	for _, shape := range []any{event{}, result{}, problem{}, customer{}, plan{}, benefit{}, wallet{}} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(shape)) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && !strings.Contains(string(page), "`"+name+"`") {
				told(`"` + name + `"`)
			}
		}
	}
	for _, scope := range auth.Scopes {
		told("`" + string(scope) + "`")
	}
	for _, err := range []error{
		&lacking{auth.ScopeEvents}, &tooMany{time.Second}, &wrongInput{"a", "b"}, &http.MaxBytesError{Limit: 1},
		billing.ErrDenied, billing.ErrNotFound, db.ErrFull, errors.New("anything else"),
	} {
		p := problemOf(fmt.Errorf("asked: %w", err))
		told(fmt.Sprintf("%d `%s`", p.status, p.Code))
		if p.Message == "" {
			t.Errorf("%v says nothing", err)
		}
	}
}
