//go:build linux

package term_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	xterm "golang.org/x/term"

	"httpx-repl/repl/repltest"
	"httpx-repl/repl/term"
)

// TestPromptProcess is not a test: it is the process that the tests below run
// on a pseudo-terminal.
func TestPromptProcess(t *testing.T) {
	mode := os.Getenv("TERM_TEST_PROMPT")
	if mode == "" {
		t.Skip("only run by the other tests")
	}
	tm := term.New(term.Options{In: os.Stdin, Out: os.Stdout, Color: term.Color256, Interactive: true})
	e, err := term.NewEditor(tm, term.EditorConfig{Verdict: brackets, Prompt: func() (string, string) { return "> ", ". " }})
	if err != nil {
		os.Exit(3)
	}
	if mode == "terminated" {
		sig := make(chan os.Signal, 1)
		signal.Notify(sig, syscall.SIGTERM)
		go func() {
			<-sig
			tm.Restore()
			os.Exit(0)
		}()
	}
	for {
		text, err := e.Read(context.Background())
		switch {
		case errors.Is(err, term.ErrInterrupt):
			tm.PrintText("interrupt\n")
		case err == io.EOF:
			e.Close()
			tm.PrintText("bye\n")
			os.Exit(0)
		case err != nil:
			os.Exit(4)
		case text == "line":
			// A cell that reads the terminal itself, as an editor would.
			var b [64]byte
			tm.PrintText("reading\n")
			n, _ := os.Stdin.Read(b[:])
			tm.PrintText(fmt.Sprintf("read %q\n", b[:n]))
		default:
			tm.PrintText(fmt.Sprintf("got %q\n", text))
		}
	}
}

func prompt(t *testing.T, mode string) *repltest.Pty {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestPromptProcess$")
	cmd.Env = append(os.Environ(), "TERM_TEST_PROMPT="+mode)
	p := repltest.StartPty(t, 40, 12, cmd)
	p.WaitText(t, ">")
	return p
}

func modes(t *testing.T, p *repltest.Pty) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(p.File().Fd()), ioctlGetTermios)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

func TestOnAPseudoTerminal(t *testing.T) {
	p := prompt(t, "plain")
	raw := modes(t, p)
	if raw.Lflag&unix.ICANON != 0 {
		t.Fatal("not in raw mode while editing")
	}
	p.Type(t, "f(\r1)\r")
	p.WaitHas(t, `got "f(\n  1)"`+"\n>") // a prompt: the next keys meet raw mode
	p.Type(t, "lost\x03")
	p.WaitHas(t, "> lost^C\ninterrupt\n>")
	p.Type(t, repltest.Paste("one\ntwo"))
	p.WaitHas(t, "> one\n. two")
	p.Resize(t, 30, 12)
	p.Type(t, "\r")
	p.WaitHas(t, `got "one\ntwo"`+"\n>")
	p.Type(t, "line\r")
	p.WaitHas(t, "reading")
	if m := modes(t, p); m.Lflag&unix.ICANON == 0 || m.Lflag&unix.ISIG == 0 || m.Oflag&unix.OPOST == 0 {
		t.Fatal("in raw mode while a cell runs")
	}
	p.Type(t, "for the cell\n")
	p.WaitHas(t, `read "for the cell\n"`+"\n>")
	// The process leads its session, so nothing can stop it: it goes on at once.
	p.Type(t, "aft\x1a")
	p.WaitHas(t, "> aft\n> aft")
	p.Type(t, "er\r")
	p.WaitHas(t, `got "after"`+"\n>")
	p.Type(t, "\x04")
	p.WaitHas(t, "bye")
	if code := p.Exit(t); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	n := p.Snapshot()
	if n.Paste || n.Hidden || len(p.Foreign()) > 0 {
		t.Fatalf("left behind: %+v, %v", n, p.Foreign())
	}
}

func TestRestoreFromASignalHandler(t *testing.T) {
	file, tty, err := openPty()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	defer tty.Close()
	before, err := unix.IoctlGetTermios(int(tty.Fd()), ioctlGetTermios)
	if err != nil {
		t.Fatal(err)
	}
	screen := repltest.NewScreen(40, 12)
	copied := make(chan struct{})
	go func() { defer close(copied); io.Copy(screen, file) }()
	cmd := exec.Command(os.Args[0], "-test.run=^TestPromptProcess$")
	cmd.Env = append(os.Environ(), "TERM_TEST_PROMPT=terminated")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	screen.WaitText(t, ">")
	io.WriteString(file, "half\x1b\r typed")
	screen.WaitHas(t, "> half\n.  typed")
	io.WriteString(file, repltest.Up)
	screen.Wait(t, "the cursor in the first row", func(n repltest.Snapshot) bool { return n.Row == 0 })
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	after, err := unix.IoctlGetTermios(int(tty.Fd()), ioctlGetTermios)
	if err != nil || *after != *before {
		t.Fatalf("the modes were %+v and are %+v, %v", before, after, err)
	}
	n := screen.Wait(t, "paste off", func(n repltest.Snapshot) bool { return !n.Paste })
	if n.Row != 2 || n.Col != 0 || !strings.HasPrefix(n.String(), "> half\n.  typed") {
		t.Fatalf("the cursor is at %d, %d of\n%s", n.Row, n.Col, n)
	}
	tty.Close()
	file.Close()
	<-copied
}

// Reading a terminal ends with the Read, so that closing never waits for a key.
func TestCloseOnATerminal(t *testing.T) {
	file, tty, err := openPty()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	defer tty.Close()
	if !xterm.IsTerminal(int(tty.Fd())) {
		t.Fatal("not a terminal")
	}
	screen := repltest.NewScreen(40, 12)
	tm := term.New(term.Options{In: tty, Out: screen, Size: screen.Size, Interactive: true})
	e, err := term.NewEditor(tm, term.EditorConfig{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := e.Read(context.Background()); done <- err }()
	screen.WaitText(t, ">")
	e.Close()
	if err := <-done; !errors.Is(err, term.ErrClosed) {
		t.Fatal(err)
	}
}
