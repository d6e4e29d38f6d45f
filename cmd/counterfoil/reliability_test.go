package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEveryPromiseHasItsTest: docs/reliability.md has each of its promises once, and each is
// held by tests that exist, or says that it is open or that there is nothing to hold.
func TestEveryPromiseHasItsTest(t *testing.T) {
	page, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{}
	for prefix, most := range map[string]int{"W": 16, "R": 8, "C": 11, "U": 7, "D": 11, "B": 4} {
		for i := range most {
			wanted[fmt.Sprint(prefix, i+1)] = true
		}
	}
	tests := testNames(t)
	name := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`")
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \| ([^|]+) \| (.*) \|$`).FindAllStringSubmatch(string(page), -1) {
		id, how := row[1], row[3]
		if !wanted[id] {
			t.Errorf("%s is no promise, or is there twice", id)
		}
		delete(wanted, id)
		held := name.FindAllStringSubmatch(how, -1)
		if len(held) == 0 && !strings.Contains(how, "open") && !strings.HasPrefix(how, "none are made") {
			t.Errorf("%s is held by nothing, and does not say so", id)
		}
	}
	for _, match := range name.FindAllStringSubmatch(string(page), -1) {
		if !tests[match[1]] {
			t.Errorf("the page names %s, which is no test", match[1])
		}
	}
	for id := range wanted {
		t.Errorf("%s has no row", id)
	}
}
