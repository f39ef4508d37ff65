package term

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"httpx-repl/jsbind/inspect"
)

func TestPrintToAPipe(t *testing.T) {
	var out strings.Builder
	tm := New(Options{Out: &out})
	tm.Print([]inspect.Line{{{Text: "'a\x1b'", Style: inspect.String}, {Text: " b"}}, nil})
	tm.PrintText("t\x07\n")
	tm.Status(inspect.Line{{Text: "50 %"}})
	tm.PrintRaw("raw \x1b[31m\x00\xff\n")
	want := "'a\\x1b' b\n\nt\\x07\nraw \x1b[31m\x00\xff\n"
	if out.String() != want {
		t.Fatalf("got %q, want %q", out.String(), want)
	}
}

func TestPrintInColor(t *testing.T) {
	for _, c := range []struct {
		mode  ColorMode
		light bool
		want  string
	}{
		{ColorNone, false, "1\\x1b x\n"},
		{Color16, false, "\x1b[33m1\x1b[7m\\x1b\x1b[27m\x1b[0m x\n"},
		{Color256, false, "\x1b[38;5;215m1\x1b[7m\\x1b\x1b[27m\x1b[0m x\n"},
		{ColorTrue, true, "\x1b[38;5;130m1\x1b[7m\\x1b\x1b[27m\x1b[0m x\n"},
	} {
		var out strings.Builder
		tm := New(Options{Out: &out, Color: c.mode, Light: c.light, Interactive: true})
		tm.Print([]inspect.Line{{{Text: "1\x1b", Style: inspect.Number}, {Text: " x"}}})
		if out.String() != c.want {
			t.Errorf("mode %d: got %q, want %q", c.mode, out.String(), c.want)
		}
	}
}

func TestChooseColor(t *testing.T) {
	for _, c := range []struct {
		option string
		tty    bool
		env    string
		want   ColorMode
	}{
		{"auto", true, "TERM=xterm", Color16},
		{"", true, "TERM=xterm-256color", Color256},
		{"auto", true, "TERM=xterm-256color COLORTERM=truecolor", ColorTrue},
		{"auto", true, "TERM=dumb COLORTERM=truecolor", ColorNone},
		{"auto", true, "TERM=xterm NO_COLOR=1", ColorNone},
		{"auto", true, "TERM=xterm NO_COLOR=", Color16},
		{"auto", true, "TERM=xterm NO_COLOR=1 FORCE_COLOR=1", ColorNone},
		{"auto", false, "TERM=xterm-256color", ColorNone},
		{"auto", false, "TERM=dumb FORCE_COLOR=1", Color16},
		{"auto", false, "TERM=xterm-256color FORCE_COLOR=", Color256},
		{"auto", true, "TERM=xterm FORCE_COLOR=0", ColorNone},
		{"auto", false, "TERM=xterm FORCE_COLOR=3", ColorTrue},
		{"always", false, "TERM=dumb NO_COLOR=1", Color16},
		{"never", true, "TERM=xterm FORCE_COLOR=3", ColorNone},
	} {
		lookup := func(name string) (string, bool) {
			for _, pair := range strings.Fields(c.env) {
				if k, v, _ := strings.Cut(pair, "="); k == name {
					return v, true
				}
			}
			return "", false
		}
		if got, err := ChooseColor(c.option, c.tty, lookup); got != c.want || err != nil {
			t.Errorf("%q, terminal %v, %s: got %d, %v, want %d", c.option, c.tty, c.env, got, err, c.want)
		}
	}
	if _, err := ChooseColor("sometimes", true, func(string) (string, bool) { return "", false }); err == nil || !strings.Contains(err.Error(), "always") {
		t.Errorf("an unknown option: %v", err)
	}
}

func TestLightBackground(t *testing.T) {
	for v, want := range map[string]bool{"": false, "15;0": false, "0;15": true, "0;default;7": true, "0;8": false, "x": false} {
		if got := LightBackground(func(string) (string, bool) { return v, true }); got != want {
			t.Errorf("%q: got %v", v, got)
		}
	}
}

type brokenPipe struct{ writes int }

func (b *brokenPipe) Write(p []byte) (int, error) {
	b.writes++
	return 0, errors.New("broken pipe")
}

func TestTheFirstWriteErrorIsKept(t *testing.T) {
	out := &brokenPipe{}
	tm := New(Options{Out: out})
	tm.PrintText("a\n")
	tm.PrintText("b\n")
	if tm.Err() == nil || out.writes != 1 {
		t.Fatalf("%v after %d writes", tm.Err(), out.writes)
	}
}

func TestStatus(t *testing.T) {
	var out strings.Builder
	tm := New(Options{Out: &out, Interactive: true, Size: func() (int, int) { return 10, 5 }})
	tm.Status(inspect.Line{{Text: "download 50 %"}})
	tm.PrintText("line\n")
	tm.Status(nil)
	want := "\rdownload \x1b[K" + "\r\x1b[Kline\ndownload " + "\r\x1b[K"
	if out.String() != want {
		t.Fatalf("got %q, want %q", out.String(), want)
	}
}

func TestPrintsDoNotMix(t *testing.T) {
	var out strings.Builder
	tm := New(Options{Out: &out, Interactive: true})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 200 {
				tm.Print([]inspect.Line{{{Text: fmt.Sprintf("%d.%d ", g, i)}, {Text: "first"}}, {{Text: "second"}}})
			}
		})
	}
	all.Wait()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i := 0; i < len(lines); i += 2 {
		if !strings.HasSuffix(lines[i], " first") || lines[i+1] != "second" {
			t.Fatalf("lines %d and %d are %q and %q", i, i+1, lines[i], lines[i+1])
		}
	}
	if len(lines) != 2*8*200 {
		t.Fatalf("%d lines", len(lines))
	}
}
