package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme runs what README.md shows and compares what comes out:
//
//   - in a console or sh block, a line that begins with "$ " is a command for the shell, with httpx-repl in its path and an
//     empty folder to work in; the lines up to the next command are its output, both streams;
//   - in a console block, a line that begins with "httpx [N]> " is a cell, which the lines that begin with "... " continue; all
//     cells of the block are one session, and the other lines are its output;
//   - a js or ts block is a script that runs without an error.
//
// In an output, "..." stands for any text, also for several lines. Indented blocks are not run.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatalf("the project needs a README.md, whose examples this test runs: %v", err)
	}
	ran := 0
	for _, b := range fencedBlocks(string(text)) {
		for _, x := range b.examples() {
			ran++
			t.Run(fmt.Sprintf("line %d", x.line), func(t *testing.T) {
				cmd := program(t, t.TempDir())
				cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", x.command}
				cmd.Stdin = strings.NewReader(x.input)
				out, err := cmd.CombinedOutput()
				if !matches(x.output, string(out)) {
					t.Errorf("README.md:%d shows\n%s\nand what comes out is\n%s", x.line, x.output, out)
				}
				if x.succeeds && err != nil {
					t.Errorf("README.md:%d: %v\n%s", x.line, err, out)
				}
			})
		}
	}
	if ran == 0 {
		t.Error("README.md has no example that can be run")
	}
}

// fencedBlock is a fenced block of Markdown.
type fencedBlock struct {
	line  int // of its first line, from 1
	lang  string
	lines []string
}

func fencedBlocks(text string) []fencedBlock {
	var list []fencedBlock
	var open *fencedBlock
	for i, line := range strings.Split(text, "\n") {
		switch {
		case open == nil && strings.HasPrefix(line, "```"):
			lang, _, _ := strings.Cut(strings.TrimPrefix(line, "```"), " ")
			open = &fencedBlock{line: i + 2, lang: lang}
		case open != nil && line == "```":
			list = append(list, *open)
			open = nil
		case open != nil:
			open.lines = append(open.lines, line)
		}
	}
	return list
}

// example is something to run, and what it prints.
type example struct {
	line                   int
	command, input, output string
	succeeds               bool
}

var cellPrompt = regexp.MustCompile(`^httpx \[\d+\]> ?`)

func (f fencedBlock) examples() []example {
	switch f.lang {
	case "js", "ts":
		return []example{{line: f.line, command: "httpx-repl run -", input: strings.Join(f.lines, "\n"), output: "...", succeeds: true}}
	case "console", "sh":
	default:
		return nil
	}
	var list []example
	for i, line := range f.lines {
		prompt := cellPrompt.FindString(line)
		switch {
		case strings.HasPrefix(line, "$ "):
			list = append(list, example{line: f.line + i, command: line[2:]})
		case prompt != "":
			if len(list) == 0 {
				list = append(list, example{line: f.line + i, command: "httpx-repl"})
			}
			list[0].input += line[len(prompt):] + "\n"
		case len(list) == 0: // a comment before the first command
		case strings.HasPrefix(strings.TrimLeft(line, " "), "... ") && list[0].input != "":
			list[0].input += strings.TrimPrefix(strings.TrimLeft(line, " "), "... ") + "\n"
		default:
			list[len(list)-1].output += line + "\n"
		}
	}
	return list
}

// matches compares an output with what is shown of it.
func matches(shown, out string) bool {
	var pattern strings.Builder
	pattern.WriteString(`(?s)\A`)
	for i, part := range strings.Split(strings.TrimSpace(shown), "...") {
		if i > 0 {
			pattern.WriteString(`.*`)
		}
		pattern.WriteString(regexp.QuoteMeta(part))
	}
	pattern.WriteString(`\z`)
	return regexp.MustCompile(pattern.String()).MatchString(strings.TrimSpace(out))
}

func TestReadmeExamplesAreFound(t *testing.T) {
	text := "a\n```console\n$ one | two\nout\n$ three\n```\n```js x\n1\n```\n    $ no\n```console\nhttpx [1]> f(\n       ... 1)\n2\nhttpx [2]> g\n```\n"
	var got []string
	for _, f := range fencedBlocks(text) {
		for _, x := range f.examples() {
			got = append(got, fmt.Sprintf("%d %q < %q > %q", x.line, x.command, x.input, x.output))
		}
	}
	want := []string{`3 "one | two" < "" > "out\n"`, `5 "three" < "" > ""`, `8 "httpx-repl run -" < "1" > "..."`, `12 "httpx-repl" < "f(\n1)\ng\n" > "2\n"`}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for _, c := range []struct {
		shown, out string
		want       bool
	}{
		{"a\n", "a\n", true}, {"a", "ab", false}, {"a...", "ab\nc", true}, {"a ... c", "a b c", true}, {"a ... c", "a b d", false}, {"...\nb", "x\ny\nb", true}, {"", "x", false},
	} {
		if matches(c.shown, c.out) != c.want {
			t.Errorf("matches(%q, %q) is not %t", c.shown, c.out, c.want)
		}
	}
}
