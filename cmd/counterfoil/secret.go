package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// secretFile holds the installation's secret, in the data folder, unless the
// environment gives it.
const secretFile = "secret.key"

// minSecret is the least length of a secret, in characters.
const minSecret = 32

// secrets are what keys are derived from, the one in use first: those of
// COUNTERFOIL_SECRET_KEY, else the one of the data folder, which is made when it is
// not there yet.
func (c config) secrets() ([][]byte, error) {
	if len(c.SecretKeys) == 0 {
		secret, err := keptSecret(filepath.Join(c.Data, secretFile))
		return [][]byte{[]byte(secret)}, err
	}
	var list [][]byte
	for _, secret := range c.SecretKeys {
		list = append(list, []byte(strings.TrimSpace(secret)))
	}
	return list, nil
}

// keptSecret reads the secret of a file. A new file appears whole, by a link, and of
// two processes that begin at once the second takes the first's.
func keptSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := writeSecret(path); err != nil {
			return "", fmt.Errorf("make the installation's secret: %w", err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return "", fmt.Errorf("the installation's secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if len(secret) < minSecret {
		return "", fmt.Errorf("%s holds %d characters, and a secret has %d or more: restore it from a backup, or remove it to get a new one, which signs everybody out", path, len(secret), minSecret)
	}
	return secret, nil
}

func writeSecret(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), secretFile+".*") // readable by its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	var raw [minSecret]byte
	rand.Read(raw[:]) // never fails, says its documentation
	_, err = draft.WriteString(base64.RawURLEncoding.EncodeToString(raw[:]) + "\n")
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}
