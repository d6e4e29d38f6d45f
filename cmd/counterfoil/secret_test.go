package main

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// TestSecretIsMadeOnce: the first start makes a secret that nobody else may read, every
// later one finds it, and of many that begin at once all have the same.
func TestSecretIsMadeOnce(t *testing.T) {
	c := config{Data: filepath.Join(t.TempDir(), "data")}
	var all [8]string
	var starting sync.WaitGroup
	for i := range all {
		starting.Go(func() {
			secrets, err := c.secrets()
			if err != nil {
				t.Error(err)
				return
			}
			all[i] = string(secrets[0])
		})
	}
	starting.Wait()
	for _, secret := range all {
		if secret != all[0] || len(secret) < minSecret {
			t.Fatalf("secrets of one installation: %q", all)
		}
	}
	files, err := os.ReadDir(c.Data)
	if err != nil || len(files) != 1 {
		t.Fatalf("the data folder holds %v %v", files, err)
	}
	if info, err := files[0].Info(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v %v", files[0].Name(), info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(c.Data, secretFile), []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.secrets(); err == nil {
		t.Error("a secret of five characters was taken")
	}
}

// TestSecretOfTheEnvironment: the first of the list is in use, and no file is made.
func TestSecretOfTheEnvironment(t *testing.T) {
	c := config{Data: t.TempDir(), SecretKeys: []string{strings.Repeat("n", 32), " " + strings.Repeat("o", 32)}}
	secrets, err := c.secrets()
	if err != nil || len(secrets) != 2 || secrets[0][0] != 'n' || secrets[1][0] != 'o' {
		t.Fatalf("%q %v", secrets, err)
	}
	if files, _ := os.ReadDir(c.Data); len(files) != 0 {
		t.Errorf("a file was made beside the environment's secret: %v", files)
	}
}
