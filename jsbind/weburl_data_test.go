package jsbind

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	// The module ships the web platform's URL tests in its testdata.
	_ "github.com/nlnwa/whatwg-url/errors"
)

// TestURLStandard runs the web platform's own tests of the URL parser and of the setters. The differences are known and
// have to be exactly those of the ledger: the standard changed since these tests were published.
func TestURLStandard(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/nlnwa/whatwg-url").Output()
	if err != nil {
		t.Fatalf("where the tests' data is: %v", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "testdata")
	var differences []string
	differ := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	checkParsing(t, filepath.Join(dir, "urltestdata.json"), differ)
	checkSetters(t, filepath.Join(dir, "setters_tests.json"), differ)
	checkDomains(t, filepath.Join(dir, "toascii.json"), differ)
	checkDomains(t, filepath.Join(dir, "IdnaTestV2.json"), differ)

	ledger := filepath.Join("testdata", "weburl_differences.txt")
	text, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != '#' {
			known[line] = true
		}
	}
	for _, d := range differences {
		if !known[d] {
			t.Errorf("not in %s:\n%s", ledger, d)
		}
		delete(known, d)
	}
	for d := range known {
		t.Errorf("in %s, and no difference:\n%s", ledger, d)
	}
}

// cases reads a file of test cases, which has comments in the form of strings between them.
func cases[T any](t *testing.T, path string) []T {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	var list []T
	for _, r := range raw {
		if len(r) > 0 && r[0] == '{' {
			var c T
			if err := json.Unmarshal(r, &c); err != nil {
				t.Fatal(err)
			}
			list = append(list, c)
		}
	}
	if len(list) < 30 {
		t.Fatalf("%s has only %d cases", path, len(list))
	}
	return list
}

func checkParsing(t *testing.T, path string, differ func(string, ...any)) {
	type parsing struct {
		Input                                                                                    string
		Base                                                                                     *string
		Failure                                                                                  bool
		Href, Origin, Protocol, Username, Password, Host, Hostname, Port, Pathname, Search, Hash *string
	}
	for _, c := range cases[parsing](t, path) {
		u, err := parseWithBase(c.Input, c.Base)
		if c.Failure != (err != nil) {
			differ("parse %+q: failure %t, want %t", c.Input, err != nil, c.Failure)
			continue
		}
		if err != nil {
			continue
		}
		want := map[string]*string{
			"href": c.Href, "origin": c.Origin, "protocol": c.Protocol, "username": c.Username, "password": c.Password, "host": c.Host,
			"hostname": c.Hostname, "port": c.Port, "pathname": c.Pathname, "search": c.Search, "hash": c.Hash,
		}
		for _, part := range urlComponents {
			if got, want := part.get(u), want[part.name]; want != nil && got != *want {
				differ("parse %+q: %s is %+q, want %+q", c.Input, part.name, got, *want)
			}
		}
	}
}

func parseWithBase(input string, base *string) (*urlRecord, error) {
	if base == nil {
		return parseURL(input, nil)
	}
	b, err := parseURL(*base, nil)
	if err != nil {
		return nil, err
	}
	return parseURL(input, b)
}

func checkSetters(t *testing.T, path string, differ func(string, ...any)) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, component := range urlComponents {
		if component.set == nil || file[component.name] == nil {
			continue
		}
		var list []struct {
			Href     string
			NewValue string `json:"new_value"`
			Expected map[string]string
		}
		if err := json.Unmarshal(file[component.name], &list); err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			count++
			u, err := parseURL(c.Href, nil)
			if err != nil {
				t.Fatalf("%s: %v", c.Href, err)
			}
			component.set(u, c.NewValue)
			for _, part := range urlComponents {
				if want, ok := c.Expected[part.name]; ok && part.get(u) != want {
					differ("set %s of %+q to %+q: %s is %+q, want %+q", component.name, c.Href, c.NewValue, part.name, part.get(u), want)
				}
			}
		}
	}
	if count < 200 {
		t.Fatalf("only %d setter cases were run", count)
	}
}

func checkDomains(t *testing.T, path string, differ func(string, ...any)) {
	type domain struct {
		Input  string
		Output *string
	}
	for _, c := range cases[domain](t, path) {
		if c.Input == "" || isASCII(c.Input) && c.Output == nil && strings.Contains(strings.ToLower(c.Input), "xn--") {
			continue // since June 2026 an ASCII domain is valid whatever its labels decode to
		}
		host, err := parseHost(c.Input, false)
		switch {
		case err != nil && c.Output != nil:
			differ("domain %+q: failure, want %+q", c.Input, *c.Output)
		case err == nil && c.Output == nil:
			differ("domain %+q: %+q, want failure", c.Input, host)
		case err == nil && host != *c.Output:
			differ("domain %+q: %+q, want %+q", c.Input, host, *c.Output)
		}
	}
}
