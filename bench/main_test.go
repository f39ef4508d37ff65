package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMain makes the test binary its own server, Go client and a stand-in for httpx-repl.
func TestMain(m *testing.M) {
	role := ""
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	switch {
	case role == "serve":
		exit(serve(os.Stdin, os.Stdout))
	case role == "get":
		exit(getLoop(os.Args[2:], os.Stdout))
	case os.Getenv("BENCH_STAND_IN") == "":
		os.Exit(m.Run())
	case role == "run" && strings.HasSuffix(os.Args[2], "loop.js"):
		exit(getLoop(os.Args[3:], os.Stdout))
	case role == "eval":
		fmt.Println("2")
	case role == "say":
		fmt.Println(os.Args[2])
	case role == "fail":
		fmt.Fprintln(os.Stderr, "first\nthe reason")
		os.Exit(3)
	default:
		fmt.Print("\x1b[2mwelcome\x1b[m\r\n\x1b[1;32mhttpx\x1b[0m [1]> ")
		io.Copy(io.Discard, os.Stdin)
	}
}

func TestRunMeasuresEveryRow(t *testing.T) {
	t.Setenv("BENCH_STAND_IN", "1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s := settings{bin: self, scripts: ".", requests: 60, serial: 10, concurrency: 7, rounds: 2, starts: 2}
	if err := run(t.Context(), s, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		`60 small JSON GETs, 7 at once:`, `10 small JSON GETs, 1 at once:`,
		`\| Go net/http \| [1-9]\d* \| [\d.]+ µs \| [\d.]+ µs \|`,
		`\| httpx-repl \| [1-9]\d* \| [\d.]+ µs \| [\d.]+ µs \|`,
		`\| httpx-repl eval '1\+1' \| [\d.]+ ms \|`, `\| httpx-repl, exec to first prompt \| [\d.]+ ms \|`,
	} {
		if !regexp.MustCompile(row).MatchString(out.String()) {
			t.Errorf("no %s in:\n%s", row, out.String())
		}
	}
	if strings.Contains(out.String(), "failed") {
		t.Errorf("a row failed:\n%s", out.String())
	}
}

func TestRunsThatFail(t *testing.T) {
	t.Setenv("BENCH_STAND_IN", "1")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		contender contender
		want      string
	}{
		{contender{command: self, args: []string{"fail"}}, "exit status 3: the reason"},
		{contender{command: self, args: []string{"say", "hello"}}, `no report: "hello"`},
		{contender{command: self, args: []string{"say", `{"count": 3, "seconds": 1}`}}, "3 of 5 requests"},
		{contender{command: filepath.Join(t.TempDir(), "absent")}, "no such file"},
	} {
		got := test.contender.run(t.Context(), "http://127.0.0.1:1/", load{5, 1})
		if got.err == nil || !strings.Contains(got.err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.contender.args, got.err, test.want)
		}
	}
	if _, err := timePrompt(t.Context(), []string{}, "/bin/true"); err == nil || !strings.Contains(err.Error(), "before its prompt") {
		t.Errorf("a program without a prompt: %v", err)
	}
}

func TestMissingBinaryIsReported(t *testing.T) {
	// From this directory there is no ./cmd/httpx-repl to build.
	if path, err := build(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "could not be built") {
		t.Errorf("%q, %v", path, err)
	}
	s := settings{bin: filepath.Join(t.TempDir(), "absent"), scripts: "."}
	if err := run(context.Background(), s, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "-bin") {
		t.Errorf("got %v", err)
	}
	if err := run(context.Background(), settings{scripts: t.TempDir()}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "-scripts") {
		t.Errorf("got %v", err)
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{5, 1, 3}); got != 3 {
		t.Errorf("got %v", got)
	}
}
