package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testNames are the names of all tests of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names, pattern := map[string]bool{}, regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range pattern.FindAllSubmatch(text, -1) {
			names[string(match[1])] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestEveryRequirementIsAnswered: docs/security.md has each requirement of ASVS 5.0 at
// levels 1 and 2 once; the tests that a row names exist, and so do the parts of the page.
func TestEveryRequirementIsAnswered(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("testdata/asvs-5.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]string{}
	for line := range strings.Lines(string(list)) {
		if id, level, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(id, "V") {
			wanted[id] = level
		}
	}
	parts := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatch(string(page), -1) {
		parts[strings.ReplaceAll(strings.ToLower(heading[1]), " ", "-")] = true
	}
	tests, rows := testNames(t), 0
	for _, row := range regexp.MustCompile(`(?m)^\| (V[\d.]+) \| (\d) \| [^|]+ \| (.*) \|$`).FindAllStringSubmatch(string(page), -1) {
		rows++
		id, level, how := row[1], row[2], row[3]
		if wanted[id] != level {
			t.Errorf("%s of level %s is none, or is there twice", id, level)
		}
		delete(wanted, id)
		if how == "" {
			t.Errorf("%s has no answer", id)
		}
		for _, name := range regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`").FindAllStringSubmatch(how, -1) {
			if !tests[name[1]] {
				t.Errorf("%s names %s, which is no test", id, name[1])
			}
		}
		for _, link := range regexp.MustCompile(`\(#([^)]*)\)`).FindAllStringSubmatch(how, -1) {
			if !parts[link[1]] {
				t.Errorf("%s leads to #%s, which is no part of the page", id, link[1])
			}
		}
	}
	for id := range wanted {
		t.Errorf("%s has no row", id)
	}
	if rows != 253 {
		t.Errorf("%d rows, want 253", rows)
	}
}
