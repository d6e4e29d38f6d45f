//go:build ignore

// This program writes leaked_passwords.txt: what is in the frequency lists of zxcvbn and
// long enough for a password, a line each. Run it from the top of the repository:
//
//	go run -modfile=tools/go.mod auth/leaked_passwords_gen.go >auth/leaked_passwords.txt
//
// The lists come with github.com/trustelem/zxcvbn (MIT licence), whose build script takes
// them over from Dropbox's zxcvbn: 30,000 passwords by their number in 10 million leaked
// accounts, words of the English Wikipedia and of film subtitles, and names of the census
// of the United States. A password is in the list where it ranks first, so all are taken.
package main

import (
	"bufio"
	"log"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"
)

const minPassword = 8 // MinPassword of package auth

func main() {
	var words []string
	for _, list := range frequency.FrequencyLists {
		for _, word := range list {
			if utf8.RuneCountInString(word) >= minPassword {
				words = append(words, strings.ToLower(word))
			}
		}
	}
	slices.Sort(words)
	out := bufio.NewWriter(os.Stdout)
	for _, word := range slices.Compact(words) {
		out.WriteString(word + "\n") // Flush tells what failed
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
