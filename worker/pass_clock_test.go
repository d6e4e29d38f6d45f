package worker

import (
	"slices"
	"testing"
	"time"

	"counterfoil/db"
)

// TestAPassOfAWrongClockHoldsUpNone: a machine that starts with its clock ahead, by a time zone
// or by years, reads everything; when its clock has been put back, the next pass is not due only
// when that time has come.
func TestAPassOfAWrongClockHoldsUpNone(t *testing.T) {
	s := newStage(t, false)
	passes := func() int {
		t.Helper()
		list, err := s.Store.Passes(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	s.later(9 * time.Hour)
	s.step("reconcile")
	before := passes()
	s.later(-9 * time.Hour)
	s.step("reconcile")
	if after := passes(); before != 1 || after != 2 {
		t.Errorf("%d passes ahead of time, %d in all, want 1 and 2", before, after)
	}
	for range 4 { // the second was held up by the calls that were made ahead of time, and ends
		s.later(2 * time.Minute)
		if _, err := s.runPass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Store.Passes(t.Context(), 100)
	if err != nil || len(list) != 2 || slices.ContainsFunc(list, func(p db.Pass) bool { return p.State != db.StateDone }) {
		t.Errorf("%+v (%v): want two passes that are done, since the second holds up the next", list, err)
	}
}
