package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"counterfoil/auth"
)

func TestIdentityProvidersAreRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.p8")
	if err := os.WriteFile(file, []byte("a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		env  map[string]string
		want string // ids, or part of the error
		fail bool
	}{
		{"none", nil, "", false},
		{"two", map[string]string{"GITHUB_KEY": "k", "GITHUB_SECRET": "s", "SPOTIFY_KEY": "k", "SPOTIFY_SECRET": "s"}, "github spotify", false},
		{"a key alone", map[string]string{"SPOTIFY_KEY": "k"}, "SPOTIFY_SECRET", true},
		{"a secret alone", map[string]string{"SPOTIFY_SECRET": "s"}, "SPOTIFY_KEY", true},
		{"one without a secret by nature", map[string]string{"STEAM_KEY": "k"}, "steam", false},
		{"a server that nobody named", map[string]string{"NEXTCLOUD_KEY": "k", "NEXTCLOUD_SECRET": "s"}, "NEXTCLOUD_URL", true},
		{"goth's own name of a key", map[string]string{"WECOM_CORP_ID": "k", "WECOM_SECRET": "s", "WECOM_AGENT_ID": "1"}, "wecom", false},
		{"Apple by a secret", map[string]string{"APPLE_KEY": "k", "APPLE_SECRET": "s"}, "apple", false},
		{"a key in a file", map[string]string{"APPLE_KEY": "k", "APPLE_TEAM_ID": "t", "APPLE_KEY_ID": "i", "APPLE_PRIVATE_KEY_FILE": file}, "apple", false},
		{"a file that is not there", map[string]string{"APPLE_KEY": "k", "APPLE_PRIVATE_KEY_FILE": file + ".p8"}, "APPLE_PRIVATE_KEY_FILE", true},
		{"a key and its file", map[string]string{"APPLE_KEY": "k", "APPLE_PRIVATE_KEY": "p", "APPLE_PRIVATE_KEY_FILE": file}, "APPLE_PRIVATE_KEY_FILE", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := readProviders(func(name string) string { return tt.env[name] })
			if tt.fail {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("error %v, want one that names %s", err, tt.want)
				}
				return
			}
			var ids []string
			for _, p := range list {
				ids = append(ids, p.ID)
			}
			if tt.env["APPLE_PRIVATE_KEY_FILE"] != "" && list[0].More["PRIVATE_KEY"] != "a key" {
				t.Errorf("the file was read as %q", list[0].More["PRIVATE_KEY"])
			}
			if got := strings.Join(ids, " "); err != nil || got != tt.want {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

// TestEveryProviderOfGothIsAnswered: each is a kind, or docs/sign-in.md says why it is none.
func TestEveryProviderOfGothIsAnswered(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "sign-in.md"))
	if err != nil {
		t.Fatal(err)
	}
	module, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/markbates/goth").Output()
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(filepath.Join(strings.TrimSpace(string(module)), "providers"))
	if err != nil || len(folders) < 60 {
		t.Fatalf("%d providers, %v", len(folders), err)
	}
	_, leftOut, _ := strings.Cut(string(text), "**Not offered")
	for _, folder := range folders {
		id := folder.Name()
		known := slices.ContainsFunc(auth.Kinds(), func(k auth.Kind) bool { return k.ID == id })
		if id != "faux" && known == strings.Contains(leftOut, "`"+id+"`") && !strings.Contains(leftOut, "use `"+id+"`") {
			t.Errorf("goth's %s is neither a kind nor left out, or both", id)
		}
	}
}

// TestEveryProviderIsDocumented: docs/sign-in.md names every setting of every kind.
func TestEveryProviderIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "sign-in.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range auth.Kinds() {
		names := []string{"`" + kind.ID + "`", "`" + kind.KeySetting() + "`"}
		if !kind.NoSecret {
			names = append(names, "`"+kind.Prefix+"_SECRET`")
		}
		for _, more := range kind.More {
			names = append(names, "`"+kind.Prefix+"_"+more.Name+"`")
			if more.File {
				names = append(names, "`"+kind.Prefix+"_"+more.Name+"_FILE`")
			}
		}
		for _, name := range names {
			if !strings.Contains(string(text), name) {
				t.Errorf("docs/sign-in.md does not name %s of %s", name, kind.Name)
			}
		}
	}
}
