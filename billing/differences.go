package billing

import (
	"reflect"
	"strings"
	"time"
)

// Differences names, by their JSON names, the fields in which two copies of one object
// differ. What every object shares (Source) is left out. Times count to the millisecond,
// as they are stored, and an empty list or map is the same as none.
func Differences(a, b Object) []string {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if !x.IsValid() || !y.IsValid() || x.Type() != y.Type() {
		return []string{"kind"}
	}
	var names []string
	for i := range x.NumField() {
		field := x.Type().Field(i)
		if field.Anonymous || same(x.Field(i), y.Field(i)) {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func same(x, y reflect.Value) bool {
	if at, ok := x.Interface().(time.Time); ok {
		other, _ := y.Interface().(time.Time)
		return at.IsZero() == other.IsZero() && (at.IsZero() || at.UnixMilli() == other.UnixMilli())
	}
	switch x.Kind() {
	case reflect.Struct:
		for i := range x.NumField() {
			if !same(x.Field(i), y.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if x.Len() != y.Len() {
			return false
		}
		for i := range x.Len() {
			if !same(x.Index(i), y.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if x.Len() != y.Len() {
			return false
		}
		for _, key := range x.MapKeys() {
			if other := y.MapIndex(key); !other.IsValid() || !same(x.MapIndex(key), other) {
				return false
			}
		}
		return true
	}
	return x.Equal(y)
}

// Told reports whether providers send webhooks about objects of the kind: of meters and
// of a customer's figures nothing is told when they change.
func (k Kind) Told() bool { return k != KindMeter && k != KindBalance }
