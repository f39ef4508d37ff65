package main

import (
	"crypto/rand"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"
)

// process is everything that the program has from its process: tests give it another.
type process struct {
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	StdinTerminal  bool
	StdoutTerminal bool
	StderrTerminal bool
	Env            func(name string) (string, bool)
	Now            func() time.Time
	Random         func(p []byte)
	Interrupts     chan os.Signal // Ctrl-C
	Terminations   chan os.Signal // SIGTERM, SIGHUP
}

func theProcess() *process {
	p := &process{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StdinTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Env:            os.LookupEnv,
		Now:            time.Now,
		Random:         func(b []byte) { rand.Read(b) },
		Interrupts:     make(chan os.Signal, 1),
		Terminations:   make(chan os.Signal, 1),
	}
	signal.Notify(p.Interrupts, os.Interrupt)
	signal.Notify(p.Terminations, syscall.SIGTERM, syscall.SIGHUP)
	return p
}

// stateDir is where journals and the history are kept (XDG base directories): "" when there is no home.
func (p *process) stateDir() string {
	if dir, ok := p.Env("XDG_STATE_HOME"); ok && filepath.IsAbs(dir) {
		return filepath.Join(dir, "httpx-repl")
	}
	if home, ok := p.Env("HOME"); ok && home != "" {
		return filepath.Join(home, ".local", "state", "httpx-repl")
	}
	return ""
}
