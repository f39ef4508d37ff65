package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the program: started under the program's name it runs main and nothing else, so that the
// tests drive the real thing in a process of its own, with the race detector when the tests have it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"httpx-repl": main})
}

// program is a command that runs httpx-repl in dir, which is its home too, with nothing else of the environment.
func program(t testing.TB, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{
		Path: self, Args: append([]string{"httpx-repl"}, args...), Dir: dir,
		Env: []string{"HOME=" + dir, "TMPDIR=" + os.TempDir(), "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color"},
	}
}

// TestScripts runs the stories in testdata/script. Beside testscript's own commands they have:
//
//	hx CODE ARG...      run httpx-repl and demand its exit code
//	edit FILE OLD NEW   replace the one OLD in a file
//	mode MODE PATH...   demand the permission bits of files; a path may be a pattern that fits one file
//	take PATTERN FILE   copy the one file that fits the pattern
//	lab                 start httpx-repl lab in the background; $LAB and $LABS are its URLs
//	end SIGNAL          send the lab a signal, TERM or INT, and demand that it exits with 0
//	crash FILE          run the cells in FILE and kill -9 the program once it has printed "ready"
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("TERM", "xterm-256color")
			env.Values[storyKey{}] = &story{}
			return os.Mkdir(filepath.Join(env.WorkDir, "home"), 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"hx": scriptRun, "edit": scriptEdit, "mode": scriptMode, "take": scriptTake, "lab": scriptLab, "end": scriptEnd, "crash": scriptCrash,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// story is what one script keeps between its commands.
type story struct {
	lab *exec.Cmd
}

type storyKey struct{}

func need(ts *testscript.TestScript, neg, ok bool, usage string) {
	if neg || !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func scriptRun(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) > 0, "hx CODE ARG...")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("httpx-repl", args[1:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	got := 0
	if exit != nil {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func scriptEdit(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 3, "edit FILE OLD NEW")
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%q stands %d times in %s", args[1], n, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o600))
}

func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) > 1, "mode MODE PATH...")
	for _, pattern := range args[1:] {
		info, err := os.Stat(theOne(ts, pattern))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has the mode %s, not %s", pattern, got, args[0])
		}
	}
}

func scriptTake(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 2, "take PATTERN FILE")
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.ReadFile(theOne(ts, args[0]))), 0o600))
}

// theOne is the one file that fits a pattern.
func theOne(ts *testscript.TestScript, pattern string) string {
	paths, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	if len(paths) != 1 {
		ts.Fatalf("%s fits %d files, not 1", pattern, len(paths))
	}
	return paths[0]
}

// scriptStart starts httpx-repl in the background with a pipe at each side.
func scriptStart(ts *testscript.TestScript, args ...string) (*exec.Cmd, io.WriteCloser, *bufio.Reader) {
	self, err := os.Executable()
	ts.Check(err)
	cmd := &exec.Cmd{Path: self, Args: append([]string{"httpx-repl"}, args...), Dir: ts.MkAbs("."), Env: []string{"HOME=" + ts.Getenv("HOME")}}
	in, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, in, bufio.NewReader(out)
}

func scriptLab(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 0, "lab")
	cmd, _, out := scriptStart(ts, "lab")
	for _, name := range []string{"LAB", "LABS"} {
		line, err := out.ReadString('\n')
		ts.Check(err)
		ts.Setenv(name, strings.TrimSpace(line))
	}
	ts.Value(storyKey{}).(*story).lab = cmd
}

func scriptEnd(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt}
	need(ts, neg, len(args) == 1 && signals[args[0]] != nil, "end TERM|INT")
	cmd := ts.Value(storyKey{}).(*story).lab
	ts.Check(cmd.Process.Signal(signals[args[0]]))
	ts.Check(cmd.Wait())
}

func scriptCrash(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, len(args) == 1, "crash FILE")
	cmd, in, out := scriptStart(ts)
	_, err := io.WriteString(in, ts.ReadFile(args[0]))
	ts.Check(err)
	for line := ""; line != "ready\n"; {
		line, err = out.ReadString('\n')
		ts.Check(err)
	}
	ts.Check(cmd.Process.Kill())
	cmd.Wait()
}
