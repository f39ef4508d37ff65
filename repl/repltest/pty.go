//go:build unix

package repltest

import (
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/creack/pty"
)

// Pty is a process on a pseudo-terminal, with its Screen.
type Pty struct {
	*Screen
	file *os.File
	cmd  *exec.Cmd
	read chan struct{}
}

// StartPty starts cmd on a new pseudo-terminal of width by height. At the end of
// the test the process is killed when it still runs.
func StartPty(t testing.TB, width, height int, cmd *exec.Cmd) *Pty {
	t.Helper()
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)})
	if err != nil {
		t.Fatal(err)
	}
	p := &Pty{Screen: NewScreen(width, height), file: file, cmd: cmd, read: make(chan struct{})}
	go func() {
		defer close(p.read)
		io.Copy(p.Screen, file)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		file.Close()
		<-p.read
	})
	return p
}

// Type sends keys.
func (p *Pty) Type(t testing.TB, keys string) {
	t.Helper()
	if _, err := io.WriteString(p.file, keys); err != nil {
		t.Fatal(err)
	}
}

// Resize changes the size of the window, which signals the process.
func (p *Pty) Resize(t testing.TB, width, height int) {
	t.Helper()
	p.Screen.Resize(width, height)
	if err := pty.Setsize(p.file, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		t.Fatal(err)
	}
}

// Signal sends the process a signal.
func (p *Pty) Signal(t testing.TB, sig os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// Exit waits for the process to end and returns its exit code.
func (p *Pty) Exit(t testing.TB) int {
	t.Helper()
	<-p.read // the other side is closed when the process has gone
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// File returns the terminal's side that tests may ask for its modes.
func (p *Pty) File() *os.File { return p.file }
