package views

import (
	"math/bits"
	"strconv"
	"strings"
)

// Charts are drawn in a box of their own units and stretched to the space they
// get, so all coordinates are small integers.
const (
	plotHeight = 1000
	plotWidth  = 1000 // step charts and sparklines
	barPitch   = 10   // bar charts: from one bar's left edge to the next one's
	barWidth   = 8
)

// axis is the range of values that a chart shows, cut at round numbers.
type axis struct {
	low, high, step int64
}

// newAxis covers low to high, and always zero, in at most six steps of 1, 2 or
// 5 times a power of ten. A range without extent gets one step of unit.
func newAxis(low, high, unit int64) axis {
	low, high = min(low, 0), max(high, 0)
	if low == high {
		return axis{0, max(unit, 1), max(unit, 1)}
	}
	step := roundStep((uint64(high) - uint64(low) + 3) / 4)
	a := axis{step: step}
	a.low = -(-low + step - 1) / step * step
	a.high = (high + step - 1) / step * step
	return a
}

// roundStep is the smallest 1, 2 or 5 times a power of ten that is not below n,
// or the largest one that fits.
func roundStep(n uint64) int64 {
	for power := int64(1); ; power *= 10 {
		for _, m := range []int64{1, 2, 5} {
			if uint64(m*power) >= n || power*m >= 1e18 {
				return m * power
			}
		}
	}
}

// ticks are the round numbers from the top of the axis to its bottom.
func (a axis) ticks() []int64 {
	var values []int64
	for v := a.high; v >= a.low; v -= a.step {
		values = append(values, v)
	}
	return values
}

// y is how far below the top a value lies, in plot units.
func (a axis) y(value int64) int64 {
	value = max(a.low, min(a.high, value))
	return share(uint64(a.high)-uint64(value), uint64(a.high)-uint64(a.low), plotHeight)
}

// share is part/whole of size, rounded down, without overflow. part may not
// exceed whole.
func share(part, whole uint64, size int64) int64 {
	if whole == 0 {
		return 0
	}
	high, low := bits.Mul64(part, uint64(size))
	quotient, _ := bits.Div64(high, low, whole)
	return int64(quotient)
}

// box is a rectangle of a chart.
type box struct{ x, y, w, h int64 }

// bar is where the i-th bar is drawn. A value above zero is at least one unit
// high, so that a quiet day does not look like none.
func (a axis) bar(i int, from, value int64) box {
	top, bottom := a.y(from+value), a.y(from)
	h := bottom - top
	if value > 0 && h < 6 {
		h = 6
		top = bottom - h
	}
	return box{int64(i)*barPitch + (barPitch-barWidth)/2, top, barWidth, h}
}

// barAxis covers all bars, the stacked part included.
func (c BarChart) axis() axis {
	var high int64
	for _, b := range c.Bars {
		high = max(high, b.Value+b.Second)
	}
	return newAxis(0, high, max(c.Scale, 1))
}

// axis covers all balances of the chart.
func (c StepChart) axis() axis {
	var low, high int64
	for _, p := range c.Points {
		low, high = min(low, p.Value), max(high, p.Value)
	}
	return newAxis(low, high, max(c.Scale, 1))
}

// x is where a moment lies from left to right, in plot units.
func (c StepChart) x(at int64) int64 {
	at = max(c.From, min(c.To, at))
	return share(uint64(at-c.From), uint64(c.To-c.From), plotWidth)
}

// line is the balance as a path; area is the same closed down to zero.
func (c StepChart) line(a axis) (line, area string) {
	if len(c.Points) == 0 {
		return "", ""
	}
	var b strings.Builder
	start := c.x(c.Points[0].At)
	b.WriteString("M" + number(start) + " " + number(a.y(c.Points[0].Value)))
	for _, p := range c.Points[1:] {
		b.WriteString("H" + number(c.x(p.At)) + "V" + number(a.y(p.Value)))
	}
	b.WriteString("H" + number(plotWidth))
	zero := number(a.y(0))
	return b.String(), b.String() + "V" + zero + "H" + number(start) + "Z"
}

// hold is the stretch over which the i-th point's balance holds.
func (c StepChart) hold(i int) box {
	left, right := c.x(c.Points[i].At), int64(plotWidth)
	if i+1 < len(c.Points) {
		right = c.x(c.Points[i+1].At)
	}
	return box{left, 0, max(right-left, 1), plotHeight}
}

// points is a sparkline as the points of a polyline.
func (s Sparkline) points() string {
	var high int64
	for _, v := range s.Values {
		high = max(high, v)
	}
	a := axis{low: 0, high: max(high, 1), step: 1}
	last := max(len(s.Values)-1, 1)
	var b strings.Builder
	for i, v := range s.Values {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(number(int64(i)*plotWidth/int64(last)) + "," + number(a.y(v)))
	}
	return b.String()
}

// spread picks at most n of count positions, the first and the last among
// them, as evenly as it goes.
func spread(count, n int) []int {
	if count <= n {
		n = count
	}
	if n < 2 {
		return make([]int, n)
	}
	picked := make([]int, n)
	for i := range picked {
		picked[i] = i * (count - 1) / (n - 1)
	}
	return picked
}

// viewBox is the drawing's own space.
func viewBox(width int64) string { return "0 0 " + number(width) + " " + number(plotHeight) }

func number(n int64) string { return strconv.FormatInt(n, 10) }

// amount writes a value of a chart as its axis does.
func (p Page) amount(value, scale int64) string {
	return p.T.decimal(value, len(number(max(scale, 1)))-1, 0)
}
