package views

// Home is the front page: what this is, and a taste of the plans.
type Home struct {
	Plans []PlanCard // two or three; none hides the section
}
