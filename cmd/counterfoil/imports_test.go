package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// arrows says which of our packages each may import. The twin may import nothing of
// the product, because it must be able to prove the product wrong. cmd wires all.
var arrows = map[string][]string{
	"billing":              {},
	"billing/polar":        {"billing"},
	"billing/stellartools": {"billing"},
	"hooks":                {"billing"},
	"static":               {},
	"views":                {"billing", "static"},
	"db":                   {"billing", "db/gen"},
	"db/gen":               {},
	"db/dbtest":            {"db"},
	"auth":                 {"billing", "db"},
	"worker":               {"billing", "db"},
	"handlers":             {"billing", "auth", "db", "views", "static", "handlers/betterauth", "handlers/v1"},
	"handlers/v1":          {"billing", "auth", "db"},
	"handlers/betterauth":  {"billing", "auth", "db"},
	"twin":                 {},
	"twin/polar":           {"twin"},
	"twin/pages":           {"twin", "twin/..."},
	"twin/oidc":            {"twin", "twin/..."},
	"twin/mail":            {"twin", "twin/..."},
	"twin/server":          {"twin", "twin/..."},
	"cmd/counterfoil":      {"..."},
}

// TestImportsFollowTheTable reads the imports of every file that is not a test.
func TestImportsFollowTheTable(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{".git", "node_modules", "tmp", "tools", "testdata", "data"}, entry.Name()) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if target, ours := strings.CutPrefix(name, "counterfoil/"); ours && !allowed(filepath.ToSlash(dir), target) {
				t.Errorf("%s imports %s: the table in imports_test.go does not allow it", path, target)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Fatalf("only %d files were read: the walk does not cover the repository", seen)
	}
}

func allowed(from, to string) bool {
	targets, listed := arrows[from]
	if !listed {
		return false
	}
	for _, target := range targets {
		prefix, wild := strings.CutSuffix(target, "...")
		if target == to || wild && strings.HasPrefix(to, prefix) {
			return true
		}
	}
	return false
}

// TestTheTableRefuses makes sure that the check can fail.
func TestTheTableRefuses(t *testing.T) {
	for _, arrow := range [][2]string{{"twin", "billing"}, {"billing", "db"}, {"views", "db"}, {"unheard/of", "billing"}} {
		if allowed(arrow[0], arrow[1]) {
			t.Errorf("%s may import %s, want a refusal", arrow[0], arrow[1])
		}
	}
}
