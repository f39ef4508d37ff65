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
	Dir            string // the working directory
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
	dir, err := os.Getwd()
	if err != nil {
		dir = string(filepath.Separator)
	}
	p := &process{
		Dir:  dir,
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

// journalDir is where the journals are kept, "" when there is no home.
func (p *process) journalDir() string {
	dir := p.stateDir()
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "journals")
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

// absolute is a path of the command line as an absolute one.
func (p *process) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(p.Dir, path)
}
