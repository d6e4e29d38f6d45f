//go:build linux

package chaos

// place is one of the places where a process is killed. Those in the product's code are
// comments of the form //failpoint:NAME, which cost nothing there.
type place struct {
	name string
	when string
	// first runs before the kill, in Go; the place after the answer needs the answer to
	// have left, and net/http sends it only when the handler returns.
	first string
	most  int // the kill comes at the 1st to most-th time that the place is reached
}

// places are the fourteen of the test plan. Three have no line of our code to stand on:
// SQLite makes checkpoints, goose runs migrations, SQLite again copies the database.
// The harness watches the files and kills from outside then (watch_test.go).
var places = []place{
	{name: "inbox.before_insert", when: "before the delivery is inserted", most: 12},
	{name: "inbox.before_commit", when: "after the insert, before the commit", most: 12},
	{name: "inbox.before_answer", when: "after the commit, before the answer", most: 12},
	{name: "inbox.after_answer", when: "after the answer", first: "answered(w)", most: 12},
	{name: "apply.before", when: "before a delivery is applied", most: 12},
	{name: "apply.before_hooks", when: "between the mirror's row and the hook's", most: 12},
	{name: "apply.after_commit", when: "after a delivery was applied", most: 12},
	{name: "hook.before_call", when: "before a hook is called", most: 12},
	{name: "hook.after_call", when: "after a hook was called, before that is written down", most: 12},
	{name: "action.begun", when: "before a change is asked for at the provider", most: 1},
	{name: "action.accepted", when: "after the provider made a change, before that is written down", most: 1},
	{name: "usage.before_claim", when: "before usage is claimed", most: 4},
	{name: "usage.before_mark", when: "after the provider took usage, before that is written down", most: 3},
}
