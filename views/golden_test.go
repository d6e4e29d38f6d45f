package views_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"counterfoil/static"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	out    = flag.String("out", "", "folder to write every sample page to, to look at in a browser")
)

// TestGolden compares every page in every state with its file in testdata.
func TestGolden(t *testing.T) {
	for _, s := range newSampler(t).all() {
		t.Run(s.name, func(t *testing.T) {
			got := perLine(render(t, s))
			path := filepath.Join("testdata", s.name+".html")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs from %s at %s; run with -update and read the diff", s.name, path, firstDifference(got, string(want)))
			}
		})
	}
}

// TestPreview writes the samples where -out says; it does nothing without.
func TestPreview(t *testing.T) {
	if *out == "" {
		t.Skip("-out is not set")
	}
	for _, s := range newSampler(t).all() {
		if err := os.WriteFile(filepath.Join(*out, s.name+".html"), []byte(render(t, s)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func render(t *testing.T, s sample) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.view.Render(t.Context(), &b); err != nil {
		t.Fatalf("render %s: %v", s.name, err)
	}
	return b.String()
}

var assetHash = regexp.MustCompile(regexp.QuoteMeta(static.Prefix) + `([a-z.]+)\.[0-9a-f]{12}\.`)

// perLine puts each element on a line of its own, so that a diff reads, and
// takes the hashes out of asset URLs, which change with every stylesheet.
func perLine(html string) string {
	html = assetHash.ReplaceAllString(html, static.Prefix+"$1.")
	html = strings.ReplaceAll(html, "><", ">\n<")
	return strings.TrimRight(html, "\n") + "\n"
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "\n got " + g[i] + "\nwant " + w[i]
		}
	}
	return "the end"
}
