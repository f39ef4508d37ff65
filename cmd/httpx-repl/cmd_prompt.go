package main

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"httpx-repl/repl"
	"httpx-repl/transcripts"
)

// promptCommand is the prompt, or, when standard input is no terminal, the cells that are read from it.
func promptCommand(p *process, args []string) error {
	s, rest, err := parseFlags("httpx-repl", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 && isCommand(rest[0]) {
		return usageError("flags stand after the command: httpx-repl %s [flags] …", rest[0])
	}
	if len(rest) > 0 {
		return usageError("unexpected %q; a script is run with httpx-repl run %s", rest[0], rest[0])
	}
	interactive := p.StdinTerminal && p.StdoutTerminal
	crashed := interactive && p.crashed() != ""
	x, err := p.open(s, opening{interactive: interactive, journal: true})
	if err != nil {
		return err
	}
	ctx, stop := endedBy(context.Background(), p.Terminations)
	defer stop()
	if err := x.preload(ctx); err != nil {
		return err
	}
	if !interactive {
		return x.cells(ctx)
	}
	defer x.out.Restore()
	err = x.repl.Prompt(ctx, p.Interrupts, banner(crashed))
	closed := x.close()
	if context.Cause(ctx) == errInterrupted {
		return &exitError{exitInterrupted, ""}
	}
	return errors.Join(err, closed)
}

func banner(crashed bool) string {
	text := "httpx-repl " + version + ": JavaScript with await, client is ready. Try: await client.get(lab.url + \"/get\")\n" +
		".help lists the commands, Tab completes, Ctrl-C cancels, Ctrl-D leaves."
	if crashed {
		text += "\nAn earlier session ended abruptly: httpx-repl recover saves what it had as a transcript."
	}
	return text
}

// crashed is the journal of a session that never ended in good order, "" when there is none.
func (p *process) crashed() string {
	dir := p.journalDir()
	if dir == "" {
		return ""
	}
	list, err := transcripts.FindUnclosed(dir)
	if err != nil || len(list) == 0 {
		return ""
	}
	return list[0].Path
}

// cells runs the cells on standard input.
func (x *session) cells(ctx context.Context) error {
	ctx, stop := endedBy(ctx, x.p.Interrupts)
	defer stop()
	err := x.repl.Cells(ctx, x.p.Stdin)
	if err == nil {
		err = x.runtime.Drain(ctx)
	}
	failed := x.repl.Failed() || x.runtime.Failed()
	closed := x.close()
	switch {
	case context.Cause(ctx) == errInterrupted:
		return &exitError{exitInterrupted, ""}
	case errors.Is(err, repl.ErrUnfinished):
		return &exitError{exitFailed, "the input ended within a cell"}
	case err != nil:
		return fileError("%v", err)
	case closed != nil:
		return closed
	case failed:
		return x.failure()
	}
	return nil
}

// failure is the exit after an uncaught error: the refusal's own code when --allow-net was the cause.
func (x *session) failure() error {
	if x.refused {
		return &exitError{exitRefused, ""}
	}
	return &exitError{exitFailed, ""}
}

var errInterrupted = errors.New("interrupted")

// endedBy is a context that a signal ends. A second one ends the program at once, as if nothing caught it.
func endedBy(ctx context.Context, signals chan os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-signals:
			signal.Stop(signals)
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}
