package views

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAxis(t *testing.T) {
	tests := []struct {
		name            string
		low, high, unit int64
		want            []int64
	}{
		{"nothing", 0, 0, 1, []int64{1, 0}},
		{"nothing, in credits", 0, 0, CreditScale, []int64{CreditScale, 0}},
		{"one", 0, 1, 1, []int64{1, 0}},
		{"round", 0, 100, 1, []int64{100, 50, 0}},
		{"a little more", 0, 104, 1, []int64{150, 100, 50, 0}},
		{"through zero", -12, 30, 1, []int64{40, 20, 0, -20}},
		{"below zero", -8, -2, 1, []int64{0, -2, -4, -6, -8}},
	}
	for _, test := range tests {
		if got := newAxis(test.low, test.high, test.unit).ticks(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// TestAxisCoversAll: whatever the values, they fit, and labels stay few.
func TestAxisCoversAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := int64(math.MaxInt64 / 4)
		low, high := rapid.Int64Range(-limit, limit).Draw(t, "low"), rapid.Int64Range(-limit, limit).Draw(t, "high")
		if low > high {
			low, high = high, low
		}
		a := newAxis(low, high, 1)
		if a.low > low || a.high < high || a.low > 0 || a.high < 0 {
			t.Fatalf("axis %+v does not cover %d to %d", a, low, high)
		}
		if n := len(a.ticks()); n < 2 || n > 7 {
			t.Fatalf("%d ticks for %d to %d", n, low, high)
		}
		value := rapid.Int64Range(low, high).Draw(t, "value")
		if y := a.y(value); y < 0 || y > plotHeight {
			t.Fatalf("y of %d is %d", value, y)
		}
	})
}

func TestBarOfAQuietDayIsSeen(t *testing.T) {
	a := newAxis(0, 1_000_000, 1)
	if quiet := a.bar(0, 0, 1); quiet.h < 1 || quiet.y+quiet.h != plotHeight {
		t.Errorf("a day with one event is drawn as %+v", quiet)
	}
	if none := a.bar(0, 0, 0); none.h != 0 {
		t.Errorf("a day without events is drawn as %+v", none)
	}
}

func TestStepLine(t *testing.T) {
	chart := StepChart{From: 0, To: 100, Points: []Point{{At: 0, Value: 50}, {At: 50, Value: 100}}}
	line, area := chart.line(chart.axis())
	if line != "M0 500H500V0H1000" || !strings.HasSuffix(area, "V1000H0Z") {
		t.Errorf("got %s and %s", line, area)
	}
	if line, area := (StepChart{}).line(newAxis(0, 0, 1)); line != "" || area != "" {
		t.Errorf("no points give %q and %q", line, area)
	}
	if x := (StepChart{From: 5, To: 5}).x(5); x != 0 {
		t.Errorf("a chart of no time puts a point at %d", x)
	}
}

func TestSpread(t *testing.T) {
	tests := []struct {
		count, n int
		want     []int
	}{{0, 5, []int{}}, {1, 5, []int{0}}, {3, 5, []int{0, 1, 2}}, {30, 5, []int{0, 7, 14, 21, 29}}}
	for _, test := range tests {
		if got := spread(test.count, test.n); !slices.Equal(got, test.want) {
			t.Errorf("spread(%d, %d) = %v, want %v", test.count, test.n, got, test.want)
		}
	}
}
