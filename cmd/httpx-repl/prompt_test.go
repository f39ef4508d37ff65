//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"httpx-repl/repl/repltest"
)

// terminal is the program at a prompt on a pseudo-terminal. The test holds both sides, so that the terminal outlives the
// program and can be asked how it was left.
type terminal struct {
	*repltest.Screen
	file, tty *os.File
	cmd       *exec.Cmd
	before    unix.Termios
	copied    chan struct{}

	mu  sync.Mutex
	raw bytes.Buffer // everything that the program sent
}

// open starts the program in dir and waits for its first prompt.
func open(t *testing.T, dir string, args ...string) *terminal {
	t.Helper()
	p := start(t, program(t, dir, args...))
	p.WaitHas(t, "httpx [1]>")
	return p
}

func start(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	file, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(file, &pty.Winsize{Cols: 100, Rows: 30}); err != nil {
		t.Fatal(err)
	}
	p := &terminal{Screen: repltest.NewScreen(100, 30), file: file, tty: tty, cmd: cmd, copied: make(chan struct{})}
	p.before = p.modes(t)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.copied)
		io.Copy(p, file)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		tty.Close()
		file.Close()
		<-p.copied
	})
	return p
}

// Write implements io.Writer: what the program sends goes to the screen and is kept.
func (p *terminal) Write(b []byte) (int, error) {
	p.mu.Lock()
	p.raw.Write(b)
	p.mu.Unlock()
	return p.Screen.Write(b)
}

func (p *terminal) sent() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.raw.String()
}

func (p *terminal) modes(t *testing.T) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

// keys types.
func (p *terminal) keys(t *testing.T, keys ...string) {
	t.Helper()
	if _, err := io.WriteString(p.file, strings.Join(keys, "")); err != nil {
		t.Fatal(err)
	}
}

// cell enters a cell and waits for the next prompt.
func (p *terminal) cell(t *testing.T, text string) repltest.Snapshot {
	t.Helper()
	n := p.prompts()
	p.keys(t, text, repltest.Enter)
	return p.waitPrompt(t, n+1)
}

// prompts is the number in the last prompt: the screen's last line is one when keys are awaited.
func (p *terminal) prompts() int {
	n := 0
	lines := strings.Split(p.Snapshot().Transcript(), "\n")
	for _, line := range lines {
		var k int
		if _, err := fmt.Sscanf(line, "httpx [%d]>", &k); err == nil {
			n = k
		}
	}
	return n
}

// waitPrompt waits until the last line is the empty prompt number n.
func (p *terminal) waitPrompt(t *testing.T, n int) repltest.Snapshot {
	t.Helper()
	prompt := fmt.Sprintf("httpx [%d]>", n)
	return p.Wait(t, "the prompt "+prompt, func(s repltest.Snapshot) bool { return strings.HasSuffix("\n"+s.String(), "\n"+prompt) })
}

// running waits until a cell has the terminal in its own modes: Ctrl-C is a signal then.
func (p *terminal) running(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(repltest.Patience)
	for p.modes(t).Lflag&unix.ISIG == 0 {
		if time.Now().After(deadline) {
			t.Fatalf("no cell runs:\n%s", p.Snapshot())
		}
	}
}

// leave demands that the program ends with a code and has put the terminal back as it was.
func (p *terminal) leave(t *testing.T, code int) repltest.Snapshot {
	t.Helper()
	p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d; the screen:\n%s", got, code, p.Snapshot())
	}
	if after := p.modes(t); after != p.before {
		t.Errorf("the terminal's modes were %+v and are %+v", p.before, after)
	}
	n := p.Wait(t, "bracketed paste to be off", func(n repltest.Snapshot) bool { return !n.Paste })
	if n.Hidden {
		t.Error("the cursor is hidden")
	}
	if n.Col != 0 {
		t.Errorf("the cursor is left in column %d of:\n%s", n.Col, n)
	}
	if f := p.Foreign(); len(f) > 0 {
		t.Errorf("foreign sequences: %v", f)
	}
	return n
}

// held is a server whose answers wait for the test.
type held struct {
	*httptest.Server
	arrived, aborted chan struct{}
	release          chan struct{}
}

func hold(t *testing.T) *held {
	h := &held{arrived: make(chan struct{}, 100), aborted: make(chan struct{}, 100), release: make(chan struct{})}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.arrived <- struct{}{}
		select {
		case <-h.release:
			io.WriteString(w, "released")
		case <-r.Context().Done():
			h.aborted <- struct{}{}
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *held) wait(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(repltest.Patience):
		t.Fatalf("the request has not %s", what)
	}
}

func TestPromptFirstMinute(t *testing.T) {
	p := open(t, t.TempDir())
	n := p.Snapshot()
	if !strings.HasPrefix(n.String(), "httpx-repl "+version+": ") || !n.Has("Try: await client.get(lab.url + \"/get\")") || !n.Has("Ctrl-D leaves") {
		t.Errorf("the banner is\n%s", n)
	}
	n = p.cell(t, `await client.get(lab.url + "/get")`)
	if !n.Has("\n<Response [200 OK]>\napplication/json; charset=utf-8 · ") || !n.Has(" · HTTP/1.1 · new connection\nhttpx [2]>") {
		t.Errorf("the first response is shown as\n%s", n)
	}
	if !strings.Contains(p.sent(), "mapplication/json; charset=utf-8 · ") {
		t.Error("the facts of a response are not dim")
	}
	n = p.cell(t, `await client.get(lab.url + "/get")`)
	if !n.Has(" · HTTP/1.1 · connection reused\n") {
		t.Errorf("the second request's connection is not said to be reused:\n%s", n)
	}

	// Several lines: Enter goes on until the cell is whole.
	p.keys(t, "function twice(x) {", repltest.Enter)
	p.WaitHas(t, "httpx [3]> function twice(x) {\n       ...")
	p.keys(t, "return x * 2", repltest.Enter, "}", repltest.Enter)
	p.waitPrompt(t, 4)
	if n = p.cell(t, "twice(21)"); !n.Has("httpx [4]> twice(21)\n42\nhttpx [5]>") {
		t.Errorf("a cell of several lines:\n%s", n)
	}

	// A line that begins with a dot goes on with the last value.
	p.cell(t, "[1, 2]")
	p.keys(t, ".map(x => {", repltest.Enter)
	p.WaitHas(t, "httpx [6]> .map(x => {\n       ...")
	p.keys(t, "return x * 3", repltest.Enter, "})", repltest.Enter)
	if n = p.waitPrompt(t, 7); !n.Has("[ 3, 6 ]\nhttpx [7]>") {
		t.Errorf("a chain of several lines:\n%s", n)
	}

	// Errors, and what they leave behind.
	if n = p.cell(t, `null.x`); !n.Has("Uncaught TypeError: ") || !n.Has("\nnull.x\n") {
		t.Errorf("an error is shown as\n%s", n)
	}
	if n = p.cell(t, `_error.name + " " + _4`); !n.Has("'TypeError 42'") {
		t.Errorf("the last error and the value of cell 4:\n%s", n)
	}
	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)
}

func TestPromptCompletes(t *testing.T) {
	p := open(t, t.TempDir())
	p.keys(t, "client.dele", repltest.Tab)
	p.WaitHas(t, "httpx [1]> client.delete")
	p.keys(t, repltest.Ctrl('u'), "client.p", repltest.Tab)
	n := p.WaitHas(t, "patch")
	if !n.Has("post") || !n.Has("put") {
		t.Errorf("the members of client that begin with p are shown as\n%s", n)
	}
	p.keys(t, repltest.Ctrl('c'))
	p.Wait(t, "an empty line", func(n repltest.Snapshot) bool { return strings.HasSuffix(n.String(), "\nhttpx [1]>") })
	p.keys(t, "await client.get(lab.url, { followR", repltest.Tab)
	p.WaitHas(t, "httpx [1]> await client.get(lab.url, { followRedirects")
	p.keys(t, repltest.Ctrl('c'))
	p.WaitHas(t, "followRedirects: ^C\nhttpx [1]>")
	p.keys(t, ".req", repltest.Tab)
	p.WaitHas(t, "httpx [1]> .requests")
	p.keys(t, repltest.Ctrl('c'), repltest.Ctrl('d'))
	p.leave(t, 0)
}

func TestPromptLateOutput(t *testing.T) {
	server := hold(t)
	p := open(t, t.TempDir())
	p.cell(t, `client.get("`+server.URL+`").then(r => print("late " + r.text)); undefined`)
	server.wait(t, "arrived", server.arrived)
	p.keys(t, "1 + ")
	p.WaitHas(t, "httpx [2]> 1 +")
	close(server.release)
	p.Wait(t, "late output above the line", func(n repltest.Snapshot) bool {
		lines := strings.Split(n.String(), "\n")
		return len(lines) > 1 && lines[len(lines)-1] == "httpx [2]> 1 +" && strings.Contains(lines[len(lines)-2], "late released")
	})
	if n := p.cell(t, "1"); !n.Has("httpx [2]> 1 + 1\n2\n") {
		t.Errorf("what was typed before is lost:\n%s", n)
	}
	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)
}

// interrupt cancels the running cell with Ctrl-C and waits for the next prompt. The latency is logged; what is demanded is
// only that nothing hangs, since the machine may be busy.
func (p *terminal) interrupt(t *testing.T, what string) {
	t.Helper()
	p.running(t)
	number := p.prompts()
	begin := time.Now()
	p.keys(t, repltest.Ctrl('c'))
	n := p.waitPrompt(t, number+1)
	t.Logf("Ctrl-C in %s: the prompt is back after %s", what, time.Since(begin).Round(100*time.Microsecond))
	if !n.Has("\nCancelled.\n") {
		t.Errorf("nothing says that the cell was cancelled:\n%s", n)
	}
}

// stillAwaits demands that the session's next request works.
func (p *terminal) stillAwaits(t *testing.T) {
	t.Helper()
	n := p.cell(t, `(await client.get(lab.url + "/status/204")).statusCode`)
	if !n.Has(fmt.Sprintf("\n204\nhttpx [%d]>", p.prompts())) {
		t.Fatalf("the session's next await:\n%s", n)
	}
}

func TestPromptCtrlC(t *testing.T) {
	server := hold(t)
	p := open(t, t.TempDir())

	p.keys(t, "lost", repltest.Ctrl('c'))
	p.WaitHas(t, "httpx [1]> lost^C\nhttpx [1]>")

	p.keys(t, `await client.get("`+server.URL+`")`, repltest.Enter)
	server.wait(t, "arrived", server.arrived)
	p.interrupt(t, "a request")
	server.wait(t, "been aborted on the wire", server.aborted)
	p.stillAwaits(t)

	p.keys(t, `try { await client.get("`+server.URL+`") } finally { print("cleaned up") }`, repltest.Enter)
	server.wait(t, "arrived", server.arrived)
	p.interrupt(t, "a request with a finally block")
	server.wait(t, "been aborted on the wire", server.aborted)
	if n := p.Snapshot(); !n.Has("\ncleaned up\n") {
		t.Errorf("the finally block has not run:\n%s", n)
	}
	p.stillAwaits(t)

	p.keys(t, `while (true) {}`, repltest.Enter)
	p.interrupt(t, "a busy loop")
	p.stillAwaits(t)

	p.keys(t, `for (;;) await new Promise(resolve => setTimeout(resolve, 1))`, repltest.Enter)
	p.interrupt(t, "an async loop")
	p.stillAwaits(t)

	p.keys(t, `[..."a".repeat(1e5)].sort(() => { for (;;); })`, repltest.Enter)
	p.interrupt(t, "a callback of the engine's own")
	p.stillAwaits(t)

	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)
}

// A script that catches its own cancellation and goes on is stopped all the same.
func TestPromptCtrlCInALoopThatCatches(t *testing.T) {
	server := hold(t)
	p := open(t, t.TempDir())
	p.keys(t, `while (true) try { await client.get("`+server.URL+`") } catch {}`, repltest.Enter)
	server.wait(t, "arrived", server.arrived)
	p.interrupt(t, "a loop that catches everything")
	p.stillAwaits(t)
	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)
}

// A storm of Ctrl-C, at a prompt, in cells and between the two, leaves a prompt that works and a terminal as it was.
func TestPromptCtrlCStorm(t *testing.T) {
	p := open(t, t.TempDir())
	for i := range 30 {
		p.keys(t, []string{"await client.get(lab.url + '/delay/30')\r", "while (true) {}\r", "half", "for (;;) await 0\r"}[i%4])
		p.keys(t, "\x03\x03\x03")
	}
	// Ctrl-C types ahead while the modes change, so the last cell may still run.
	deadline := time.Now().Add(repltest.Patience)
	for !p.Snapshot().Has("'calm'") && time.Now().Before(deadline) {
		p.keys(t, "\x03")
		p.keys(t, "'ca' + 'lm'\r")
		time.Sleep(50 * time.Millisecond)
	}
	p.WaitHas(t, "'calm'")
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.leave(t, exitInterrupted)
}

func TestPromptSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		for _, typed := range []string{"", "half a line", "function f() {\rreturn 1" + repltest.Up, "await client.get(lab.url + '/delay/30')\r", "while (true) {}\r"} {
			t.Run(fmt.Sprintf("%v at %q", sig, typed), func(t *testing.T) {
				t.Parallel()
				p := open(t, t.TempDir())
				p.keys(t, typed)
				switch {
				case strings.HasSuffix(typed, "\r"):
					p.running(t)
				case typed != "":
					p.Wait(t, "what was typed", func(n repltest.Snapshot) bool { return n.Has(strings.Split(typed, "\r")[0]) })
				}
				p.cmd.Process.Signal(sig)
				p.leave(t, exitInterrupted)
			})
		}
	}
}

func TestPromptPasteAndResize(t *testing.T) {
	p := open(t, t.TempDir())
	p.keys(t, repltest.Paste("let n = 0;\nn += 1;\nn += 1;\n[n, 'one cell']"))
	p.WaitHas(t, "... [n, 'one cell']")
	if n := p.Snapshot(); n.Has("httpx [2]>") {
		t.Fatalf("a paste ran before Enter:\n%s", n)
	}
	p.Resize(60, 20)
	if err := pty.Setsize(p.file, &pty.Winsize{Cols: 60, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	p.keys(t, repltest.Enter)
	if n := p.waitPrompt(t, 2); !n.Has("[ 2, 'one cell' ]\nhttpx [2]>") {
		t.Errorf("a pasted cell:\n%s", n)
	}
	// The new width is that of the values.
	if n := p.cell(t, `({ one: "x".repeat(20), two: "y".repeat(20) })`); !n.Has("{\n  one: 'xxxxxxxxxxxxxxxxxxxx',\n  two: ") {
		t.Errorf("at 60 columns:\n%s", n)
	}
	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)
}

func TestPromptHistory(t *testing.T) {
	home := t.TempDir()
	p := open(t, home)
	p.cell(t, `"remembered"`)
	p.cell(t, `"two" +`+"\r"+`  " lines"`)
	p.cell(t, `await client.get(lab.url + "/get", { headers: { authorization: "Bearer canary-history" } })`)
	p.cell(t, ` "spaced out"`)
	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)

	p = open(t, home)
	p.keys(t, repltest.Up)
	p.WaitHas(t, `httpx [1]> "two" +`)
	p.keys(t, repltest.Up, repltest.Up)
	p.WaitHas(t, `httpx [1]> "remembered"`)
	p.keys(t, repltest.Enter)
	p.WaitHas(t, "\n'remembered'\nhttpx [2]>")
	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)

	state := filepath.Join(home, ".local", "state", "httpx-repl")
	files := 0
	err := filepath.WalkDir(state, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has the mode %o", path, info.Mode().Perm())
		}
		if d.IsDir() {
			return nil
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Base(path) != "history.jsonl" {
			return nil
		}
		for _, kept := range []string{"canary-history", "spaced out"} {
			if bytes.Contains(text, []byte(kept)) {
				t.Errorf("%s holds an entry with %q", path, kept)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 3 { // the history, and a journal for each session
		t.Errorf("%d files in %s", files, state)
	}
}
