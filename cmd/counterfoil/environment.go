package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// environment is what the process was given, with a file .env filling in what is missing.
// Spaces around a value, and around the parts of a list, come with copying and mean
// nothing, so they are taken away here, once for everybody.
func environment() (map[string]string, error) {
	if err := loadDotenv(); err != nil {
		return nil, err
	}
	given := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		given[name] = strings.TrimSpace(value)
	}
	for field := range fields() {
		if name := field.Tag.Get("env"); field.Type.Kind() == reflect.Slice && name != "" {
			given[name] = tidyList(given[name])
		}
	}
	return given, nil
}

// fields are those of config.
func fields() func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i, t := 0, reflect.TypeFor[config](); i < t.NumField() && yield(t.Field(i)); i++ {
		}
	}
}

// tidyList takes the spaces around commas out of a list. An empty part stays: of a list of
// secrets it is refused.
func tidyList(list string) string {
	parts := strings.Split(list, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return strings.Join(parts, ",")
}

var (
	// assignment is a line of .env that is one, or a comment.
	assignment = regexp.MustCompile(`^\s*(#.*|(export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*[=:].*)?$`)
	variable   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)
)

// loadDotenv adds to the environment what .env has and the environment has not. The
// library takes a line without = for a part of the next line's name, which would lose both.
func loadDotenv() error {
	read, err := godotenv.Read()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for name := range read {
		if err == nil && !variable.MatchString(name) {
			err = errors.New("not a name")
		}
	}
	if err != nil {
		return dotenvFault(err)
	}
	for name, value := range read {
		if _, there := os.LookupEnv(name); !there {
			if err := os.Setenv(name, value); err != nil {
				return fmt.Errorf(".env has %q: %w", name, err)
			}
		}
	}
	return nil
}

// dotenvFault says what is wrong with .env. The library's own words show the rest of the
// file, and secrets are in it.
func dotenvFault(err error) error {
	var denied *fs.PathError
	if errors.As(err, &denied) {
		return fmt.Errorf("read .env: %w", denied)
	}
	text, err := os.ReadFile(".env")
	if err != nil {
		return fmt.Errorf("read .env: %w", err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if !assignment.MatchString(strings.TrimRight(line, "\r")) {
			return fmt.Errorf(".env, line %d: give NAME=value, or begin the line with # for a comment", i+1)
		}
	}
	return errors.New(".env has a value whose quotation mark is not closed: close it, or write the value without")
}

// parse reads the settings. What has the wrong form is named as the operator knows it.
func parse(c *config, given map[string]string) error {
	err := env.ParseWithOptions(c, env.Options{Environment: given})
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var said []error
	for _, err := range all.Errors {
		var p env.ParseError
		if !errors.As(err, &p) {
			said = append(said, err)
			continue
		}
		name := p.Name
		if field, ok := reflect.TypeFor[config]().FieldByName(p.Name); ok {
			name = field.Tag.Get("env")
		}
		said = append(said, fmt.Errorf("%s is %q: give %s", name, given[name], formOf(p.Type)))
	}
	return errors.Join(said...)
}

// formOf says what a value of a type looks like.
func formOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[bool](), reflect.TypeFor[*bool]():
		return "true or false"
	case reflect.TypeFor[time.Duration]():
		return "a time with its unit, such as 15m or 2h"
	case reflect.TypeFor[[]netip.Prefix]():
		return "networks, separated by commas, such as 10.0.0.0/8, or 192.0.2.7/32 for one address"
	default:
		return "a whole number"
	}
}
