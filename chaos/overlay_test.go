//go:build linux

package chaos

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

//go:embed testdata/failpoint.go.txt
var failpointSource string

// root is the folder of the repository.
var root = func() string {
	path, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return path
}()

// builds are the binaries of this test process: the real one with its failpoints, and
// one in which the negative controls can be chosen by environment.
var builds struct {
	dir            string
	real, controls func() (string, error)
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "chaos")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		builds.dir = dir
		builds.real = sync.OnceValues(func() (string, error) { return build("counterfoil", nil) })
		builds.controls = sync.OnceValues(func() (string, error) { return build("controls", controls) })
		return m.Run()
	}())
}

// mark is a line of the product that names a failpoint.
var mark = regexp.MustCompile(`(?m)^(\t*)//failpoint:([a-z_.]+)$`)

// smallCheckpoints makes SQLite copy its log back every 64 pages instead of every 1000,
// so that a short run is killed in the middle of that too. It is no negative control.
var smallCheckpoints = mutation{
	control: "small checkpoints", file: "db/open_sqlite.go",
	old: "&_pragma=synchronous(FULL)", new: "&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(64)",
}

// build compiles the product through an overlay, so that its sources stay as they are:
// failpoint comments become calls, and mutations, if any, are made.
func build(name string, mutations []mutation) (string, error) {
	sources, err := productSources()
	if err != nil {
		return "", err
	}
	changed := map[string][]byte{}
	for path, text := range sources {
		if mark.Match(text) {
			changed[path] = mark.ReplaceAllFunc(text, call)
		}
	}
	for _, m := range append([]mutation{smallCheckpoints}, mutations...) {
		path := filepath.Join(root, m.file)
		text, ok := changed[path]
		if !ok {
			text = sources[path]
		}
		if n := bytes.Count(text, []byte(m.old)); n != 1 {
			return "", fmt.Errorf("control %s applies %d times in %s, want once: the product has changed, so must the control", m.control, n, m.file)
		}
		changed[path] = bytes.Replace(text, []byte(m.old), []byte(m.new), 1)
	}
	overlay, err := writeOverlay(name, changed)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(builds.dir, name)
	cmd := exec.Command("go", "build", "-overlay", overlay, "-o", binary, "./cmd/counterfoil")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return binary, nil
}

// call turns the comment of a failpoint into a call.
func call(line []byte) []byte {
	parts := mark.FindSubmatch(line)
	indent, name, first := string(parts[1]), string(parts[2]), ""
	for _, p := range places {
		if p.name == name && p.first != "" {
			first = indent + p.first + "\n"
		}
	}
	return fmt.Appendf(nil, "%s%sfailpoint(%q)", first, indent, name)
}

// productSources reads every Go file of the product that is not a test.
func productSources() (map[string][]byte, error) {
	sources := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules" || entry.Name() == "chaos") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		sources[path], err = os.ReadFile(path)
		return err
	})
	return sources, err
}

// writeOverlay writes the changed files, one more file for each of their packages, and
// the table that "go build -overlay" reads.
func writeOverlay(name string, changed map[string][]byte) (string, error) {
	dir := filepath.Join(builds.dir, name+".overlay")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	extra := map[string][]byte{}
	for path, text := range changed {
		pkg := regexp.MustCompile(`(?m)^package (\w+)$`).FindSubmatch(text)[1]
		extra[filepath.Join(filepath.Dir(path), "zz_failpoint.go")] = []byte(strings.Replace(failpointSource, "PACKAGE", string(pkg), 1))
		extra[path] = text
	}
	replace := map[string]string{}
	for path, text := range extra {
		file := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return "", err
		}
		replace[path] = file
	}
	table, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, table, 0o600)
}

// TestEveryFailpointIsInTheTable compares the comments of the product with the table.
func TestEveryFailpointIsInTheTable(t *testing.T) {
	sources, err := productSources()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, text := range sources {
		for _, match := range mark.FindAllSubmatch(text, -1) {
			found[string(match[2])]++
		}
	}
	for _, p := range places {
		if n := found[p.name]; n != 1 {
			t.Errorf("//failpoint:%s stands in %d places of the product, want one", p.name, n)
		}
		delete(found, p.name)
	}
	for name := range found {
		t.Errorf("//failpoint:%s is in the product and not in the table", name)
	}
}
