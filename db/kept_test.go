package db

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestKept: a list is loaded once, again after a change, and never kept when it was
// read before a change that ended meanwhile.
func TestKept(t *testing.T) {
	var k kept[string]
	loads := 0
	get := func(during func(), answer ...string) []string {
		list, err := k.get(func() ([]string, error) {
			loads++
			during()
			return answer, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	nothing := func() {}
	get(nothing, "a")[0] = "spoilt by its reader"
	if list := get(nothing, "b"); loads != 1 || !slices.Equal(list, []string{"a"}) {
		t.Errorf("%v after %d loads, want a after one", list, loads)
	}
	k.forget()
	if list := get(k.forget, "old"); loads != 2 || !slices.Equal(list, []string{"old"}) {
		t.Errorf("%v after %d loads, want what was read, after two", list, loads)
	}
	if list := get(nothing, "new"); loads != 3 || !slices.Equal(list, []string{"new"}) {
		t.Errorf("%v after %d loads: what was read before the change was kept", list, loads)
	}
}

// TestKeptAges: where another process may change a list, it is read again before long.
func TestKeptAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ages := range []bool{true, false} {
			k, loads := kept[string]{ages: ages}, 0
			get := func() {
				if _, err := k.get(func() ([]string, error) { loads++; return nil, nil }); err != nil {
					t.Fatal(err)
				}
			}
			get()
			time.Sleep(keptFor - 1)
			get()
			if loads != 1 {
				t.Errorf("ages %v: read %d times while it was young, want once", ages, loads)
			}
			time.Sleep(time.Nanosecond)
			get()
			if (loads == 2) != ages {
				t.Errorf("ages %v: read %d times after %s", ages, loads, keptFor)
			}
		}
	})
}
