package main

import (
	"strings"
	"testing"
)

// TestBrowserSeats: whoever tries the demo as Kim finds her organisation, its people and
// seats; each page stands in every way.
func TestBrowserSeats(t *testing.T) {
	c := openChrome(t)
	a := startApp(t)
	a.signInAs(c, demoOwner)
	c.has("main", "You belong to an organisation")
	c.open(a.url + "/orgs")
	c.press(`li[data-organization="northwind"] form button`)
	a.until("the seats are copied", func() bool {
		c.open(a.url + "/orgs/northwind")
		return strings.Contains(c.html(), "2 of 4 seats are given")
	})
	plan := ""
	a.until("the plan is copied", func() bool {
		c.open(a.url + "/portal")
		_, rest, found := strings.Cut(c.html(), `href="/portal/subscriptions/`)
		id, _, _ := strings.Cut(rest, `"`)
		plan = "/portal/subscriptions/" + id
		return found
	})
	for _, path := range []string{"/orgs/northwind", plan + "/seats?seats=6", plan} {
		c.everyWay(a, "kim-acting", path)
	}
	c.clean()
}
