package repl

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"httpx-repl/jsbind"
	"httpx-repl/jsbind/inspect"
	"httpx-repl/repl/term"
	"httpx-repl/transcripts"
)

// Options configure a session.
type Options struct {
	Runtime *jsbind.Runtime
	Out     *term.Terminal // results and what scripts print
	Err     *term.Terminal // diagnostics; the same as Out at a prompt
	// Record gives the session as recorded so far, for .save.
	Record func() (*transcripts.Session, error)
	// Version is httpx-repl's own, for replays.
	Version string
	// Redactor hides the session's secrets in what is saved.
	Redactor *transcripts.Redactor
	// History keeps what was typed; nil keeps nothing.
	History *term.History
}

// Session is one person's session. One goroutine runs its cells.
type Session struct {
	o       Options
	cells   int
	failed  bool
	running atomic.Value // the name of the cell that runs, "" for none
}

// NewSession makes a session. The caller closes the runtime and the terminals.
func NewSession(o Options) *Session { return &Session{o: o} }

// Failed reports whether any cell has failed.
func (s *Session) Failed() bool { return s.failed }

// Run evaluates the next cell. When ctx ends it is cancelled. Show tells whether its value is echoed.
func (s *Session) Run(ctx context.Context, text string, show bool) jsbind.Result {
	s.cells++
	name := fmt.Sprintf("c%d", s.cells)
	s.running.Store(name)
	ctx, stop := s.afterEcho(ctx)
	r := s.o.Runtime.Eval(ctx, name, text, show)
	stop()
	s.running.Store("")
	s.failed = s.failed || r.Failed
	s.print(r, show)
	return r
}

// afterEcho is ctx, except that when it ends the line is ended first on which the terminal has echoed ^C.
func (s *Session) afterEcho(ctx context.Context) (context.Context, func()) {
	if !s.o.Err.Interactive() {
		return ctx, func() {}
	}
	echoed, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() {
		s.o.Err.PrintText("\n")
		cancel(context.Cause(ctx))
	})
	return echoed, func() {
		unwatch()
		cancel(nil)
	}
}

// print shows what came of a cell.
func (s *Session) print(r jsbind.Result, show bool) {
	switch {
	case r.Cancelled:
		s.o.Err.Print([]inspect.Line{{{Text: "Cancelled.", Style: inspect.Error}}})
	case r.Failed:
		s.o.Err.Print(r.Lines)
	case show:
		s.o.Out.Print(r.Lines)
		if r.Facts != "" && s.o.Out.Interactive() {
			s.o.Out.Print(dim(r.Facts))
		}
	}
	if !show && !r.Failed {
		return // a script's last value is not shown, and what it leaves running is its own affair
	}
	for _, note := range r.Notes {
		s.o.Err.Print(dim(note))
	}
}

func dim(text string) []inspect.Line {
	return []inspect.Line{{{Text: text, Style: inspect.Dim}}}
}

// Output prints what scripts of the session print. At a terminal, what comes while another cell runs, or none, is marked with
// its cell.
func (s *Session) Output(o jsbind.Output) {
	if running, _ := s.running.Load().(string); o.Cell != running && o.Cell != "" && s.o.Out.Interactive() {
		label := inspect.Span{Text: "[" + strings.TrimPrefix(o.Cell, "c") + "] ", Style: inspect.Dim}
		lines := make([]inspect.Line, len(o.Lines))
		for i, l := range o.Lines {
			lines[i] = append(inspect.Line{label}, l...)
		}
		o.Lines = lines
	}
	Output(s.o.Out, s.o.Err, o)
}

// Output prints what scripts print: at a terminal with control characters shown, into a pipe as it is.
func Output(out, err *term.Terminal, o jsbind.Output) {
	to := out
	if o.Error {
		to = err
	}
	if to.Interactive() {
		to.Print(o.Lines)
		return
	}
	to.PrintRaw(inspect.Text(o.Lines) + "\n")
}

// took is a duration for people.
func took(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
