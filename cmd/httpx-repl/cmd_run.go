package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"httpx-repl/jsbind"
)

// maxScript bounds a script's size, in bytes.
const maxScript = 1 << 20

// runCommand runs a script as one cell, or the cells of a transcript, and echoes nothing.
func runCommand(p *process, args []string) error {
	s, rest, err := parseFlags("run", args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return usageError("run takes the script's file, or - for standard input")
	}
	cells, err := p.readScript(rest[0])
	if err != nil {
		return err
	}
	return p.runCells(s, opening{args: rest[1:], dir: filepath.Dir(rest[0])}, cells, false)
}

// evalCommand evaluates its argument and prints the value.
func evalCommand(p *process, args []string) error {
	s, rest, err := parseFlags("eval", args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError("eval takes one argument, the code: httpx-repl eval '1 + 1'")
	}
	return p.runCells(s, opening{}, rest, true)
}

func (p *process) readScript(path string) ([]string, error) {
	var text []byte
	var err error
	if path == "-" {
		text, err = io.ReadAll(io.LimitReader(p.Stdin, maxScript+1))
	} else if strings.HasSuffix(path, ".hx.md") {
		doc, err := load(path)
		if err != nil {
			return nil, err
		}
		var cells []string
		for _, c := range doc.Session.Cells {
			cells = append(cells, c.Source)
		}
		return cells, nil
	} else {
		text, err = os.ReadFile(path)
	}
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fileError("there is no file %s", path)
	case err != nil:
		return nil, fileError("%s cannot be read: %v", path, reason(err))
	case len(text) > maxScript:
		return nil, fileError("%s is larger than a script may be (1 MiB)", path)
	}
	script := string(text)
	if strings.HasPrefix(script, "#!") {
		script = "//" + script[2:]
	}
	return []string{script}, nil
}

// reason is a file error without the operation and the path that the message names already.
func reason(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// runCells runs cells one after the other until one fails, then waits for everything that they left running.
func (p *process) runCells(s settings, o opening, cells []string, show bool) error {
	x, err := p.open(s, o)
	if err != nil {
		return err
	}
	ctx, stop := endedBy(context.Background(), p.Interrupts)
	defer stop()
	ctx, stopTerm := endedBy(ctx, p.Terminations)
	defer stopTerm()
	if err := x.preload(ctx); err != nil {
		return err
	}
	var r jsbind.Result
	for _, text := range cells {
		if r = x.repl.Run(ctx, text, show); r.Failed {
			break
		}
	}
	if !r.Failed {
		_ = x.runtime.Drain(ctx) // ends early when interrupted, which is looked at below
	}
	failed := r.Failed || x.runtime.Failed()
	closed := x.close()
	switch {
	case ctx.Err() != nil:
		return &exitError{exitInterrupted, ""}
	case failed:
		return x.failure()
	}
	return closed
}

// preload runs the script of --preload as the first cell. When it fails, so does the program.
func (x *session) preload(ctx context.Context) error {
	if x.s.preload == "" {
		return nil
	}
	cells, err := x.p.readScript(x.s.preload)
	if err != nil {
		return errors.Join(err, x.close())
	}
	for _, text := range cells {
		if r := x.repl.Run(ctx, text, false); r.Failed {
			return errors.Join(x.failure(), x.close())
		}
	}
	return nil
}
