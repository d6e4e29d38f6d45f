package views

// BarChart shows an amount per day, or per month over long ranges. Values are
// integers of any scale; the texts carry what is read.
type BarChart struct {
	ID    string // unique on the page
	Title string
	Unit  string // "credits"
	Scale int64  // how many of Value make one unit: 1 for counts, 1,000,000 for credits; 0 means 1
	Bars  []Bar
}

// Bar is one day. Second is stacked on top of Value; leave it zero for plain bars.
type Bar struct {
	Label  string // on the axis: "12 Nov"
	Name   string // in the table and on hover: "Thursday, 12 November"
	Value  int64
	Second int64
	Text   string // the amount as read: "1,240"
}

// StepChart shows a balance over time; it holds its value until the next point.
type StepChart struct {
	ID     string // unique on the page
	Title  string
	Unit   string
	Scale  int64    // as in BarChart
	From   int64    // unix milliseconds of the left edge
	To     int64    // unix milliseconds of the right edge
	Labels []string // days under the axis, evenly spread from From to To
	Points []Point  // in order of time
}

// Point is a balance from At on.
type Point struct {
	At    int64  // unix milliseconds
	Name  string // in the table and on hover: "12 November, 14:05"
	Value int64
	Text  string // the balance as read
}

// Sparkline is a small trend without axes. An empty one draws nothing.
type Sparkline struct {
	Title  string // what a screen reader hears: "Used a day, last 30 days"
	Values []int64
}
