// Command httpx-repl is an interactive prompt for asynchronous HTTP.
//
// This package says who is wired to whom: flags become settings (flags.go), settings and the process (process.go) become a
// session (session.go), and each subcommand is a file of its own. It is the only place that ends the process, reads the clock,
// the environment and random numbers, and listens for signals.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// version is httpx-repl's own.
const version = "0.1.0"

// Exit codes, as the command line promises them.
const (
	exitOK          = 0
	exitFailed      = 1   // an uncaught error, or a transcript whose outputs differ
	exitUsage       = 2   // unknown command, bad flag
	exitFile        = 3   // a file that cannot be used
	exitRefused     = 4   // a permission, the network while offline
	exitDiverged    = 5   // a replay left its recording
	exitInterrupted = 130 // Ctrl-C
)

func main() {
	debug.SetGCPercent(400) // a session's heap is small; collecting it less often is worth a few megabytes
	time.Local = time.UTC   // what scripts see must not depend on where they run
	os.Exit(run(theProcess()))
}

// command is one subcommand.
type command struct {
	name string
	args string
	help string
	run  func(p *process, args []string) error
}

// commands is the table: dispatch and usage read it.
var commands []command

func init() {
	commands = []command{
		{"run", "FILE|- [ARG…]", "run a script, or the cells of a transcript; nothing is echoed", runCommand},
		{"eval", "CODE", "evaluate CODE and print its value", evalCommand},
		{"replay", "FILE", "replay a transcript offline and compare it with its recording", replayCommand},
		{"recover", "[JOURNAL]", "turn a journal that a crash left behind into a transcript", recoverCommand},
		{"lab", "", "run the lab server alone, for any other client", labCommand},
		{"version", "", "print the version", versionCommand},
	}
}

func run(p *process) int {
	err := dispatch(p)
	var exit *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errHelp):
		fmt.Fprint(p.Stdout, usage())
		return exitOK
	case errors.As(err, &exit):
		if exit.message != "" {
			fmt.Fprintln(p.Stderr, "httpx-repl: "+exit.message)
		}
		return exit.code
	}
	fmt.Fprintln(p.Stderr, "httpx-repl: "+err.Error())
	return exitFailed
}

func dispatch(p *process) error {
	if len(p.Args) > 0 && !strings.HasPrefix(p.Args[0], "-") {
		for _, c := range commands {
			if c.name == p.Args[0] {
				return c.run(p, p.Args[1:])
			}
		}
		return usageError("there is no command %q; httpx-repl --help lists them", p.Args[0])
	}
	return promptCommand(p, p.Args)
}

func isCommand(name string) bool {
	return slices.ContainsFunc(commands, func(c command) bool { return c.name == name })
}

// exitError ends the program with a code and, unless it is empty, a message.
type exitError struct {
	code    int
	message string
}

func (e *exitError) Error() string { return e.message }

func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Sprintf(format, args...)}
}

func fileError(format string, args ...any) error {
	return &exitError{exitFile, fmt.Sprintf(format, args...)}
}

func usage() string {
	var b strings.Builder
	b.WriteString("httpx-repl: an interactive prompt for asynchronous HTTP\n\n" +
		"  httpx-repl [flags]              the prompt; cells are read from standard input when it is no terminal\n")
	for _, c := range commands {
		fmt.Fprintf(&b, "  httpx-repl %-20s %s\n", strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	b.WriteString("\nFlags of the prompt, run, eval and replay:\n" + flagHelp +
		"\nExit codes: 0 all well; 1 an uncaught error, or outputs that differ; 2 usage; 3 a file that cannot be used;\n" +
		"4 refused; 5 a replay diverged; 130 interrupted.\n")
	return b.String()
}

func versionCommand(p *process, _ []string) error {
	fmt.Fprintf(p.Stdout, "httpx-repl %s\n", version)
	return nil
}
