package db

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// plainOpens are the functions that may open files by the operating system, and why that is
// never a database that a connection of the process has open: closing any descriptor of it
// would drop SQLite's locks (sqlite.org/howtocorrupt.html, 2.2).
var plainOpens = map[string]string{
	"openLocked":  "the empty file beside the database",
	"emptyFile":   "a new file",
	"syncPath":    "a finished copy, or a folder",
	"keptSecret":  "the secret of the installation, a file of its own",
	"writeSecret": "the same",
	"copyFile":    "a backup, and the copy that it becomes",
	"setting":     "a key that a setting names the file of, before a database is open",
	"dotenvFault": "the file of settings, before a database is open",
}

var opening = map[string]bool{
	"Open": true, "OpenFile": true, "Create": true, "CreateTemp": true, "ReadFile": true, "WriteFile": true, "Truncate": true, "OpenInRoot": true,
}

// TestD7NoPlainOpen: nothing else in db/ and cmd/ opens files but through SQLite.
func TestD7NoPlainOpen(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.go", "../cmd/counterfoil/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files (%v)", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	seen := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range tree.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok {
				continue
			}
			for _, call := range plainCalls(function) {
				if plainOpens[function.Name.Name] == "" {
					t.Errorf("%s: %s calls os.%s: a database is opened through SQLite alone", file, function.Name.Name, call)
				}
				seen[function.Name.Name] = true
			}
		}
	}
	for name := range plainOpens {
		if !seen[name] {
			t.Errorf("%s opens nothing any more: take it off the list", name)
		}
	}
}

func plainCalls(function *ast.FuncDecl) (calls []string) {
	ast.Inspect(function, func(n ast.Node) bool {
		selected, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if from, ok := selected.X.(*ast.Ident); ok && from.Name == "os" && opening[selected.Sel.Name] {
			calls = append(calls, selected.Sel.Name)
		}
		return true
	})
	return calls
}
