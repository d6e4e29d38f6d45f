package worker

import (
	"testing"
	"time"
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
	s.step("reconcile")
	if again := passes(); again != 2 {
		t.Errorf("%d passes: the second does not hold up the next, as it should", again)
	}
}
