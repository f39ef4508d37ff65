package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/creack/pty"
)

type startResult struct {
	name string
	wall time.Duration
	err  error
}

const promptLimit = 10 * time.Second

// measureStarts times whole processes that evaluate 1+1, and httpx-repl from exec to its first prompt. Their home is
// a scratch directory, so that no history or startup file of the user's takes part.
func measureStarts(ctx context.Context, s settings, scratch string, progress io.Writer) []startResult {
	environment := append(os.Environ(), "HOME="+scratch, "XDG_STATE_HOME="+filepath.Join(scratch, "state"),
		"XDG_CONFIG_HOME="+filepath.Join(scratch, "config"), "XDG_CACHE_HOME="+filepath.Join(scratch, "cache"), "TERM=xterm-256color")
	var rows []startResult
	repeat := func(name string, once func() (time.Duration, error)) {
		fmt.Fprintln(progress, "start:", name)
		var walls []int64
		for range s.starts {
			wall, err := once()
			if err != nil {
				rows = append(rows, startResult{name: name, err: err})
				return
			}
			walls = append(walls, int64(wall))
		}
		rows = append(rows, startResult{name: name, wall: time.Duration(median(walls))})
	}
	evaluate := func(name string, args ...string) {
		repeat(name, func() (time.Duration, error) { return timeProcess(ctx, environment, args...) })
	}
	if s.bin != "" {
		evaluate("httpx-repl eval '1+1'", s.bin, "eval", "1+1")
		repeat("httpx-repl, exec to first prompt", func() (time.Duration, error) { return timePrompt(ctx, environment, s.bin) })
	}
	if node, ok := findTool("node", s.scripts); ok {
		evaluate("node -p 1+1", node, "-p", "1+1")
	}
	if bun, ok := findTool("bun", s.scripts); ok {
		evaluate("bun -p 1+1", bun, "-p", "1+1")
	}
	return rows
}

func timeProcess(ctx context.Context, environment []string, args ...string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, promptLimit)
	defer cancel()
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Env = environment
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	begun := time.Now()
	err := command.Run()
	wall := time.Since(begun)
	if err != nil {
		return 0, childError(err, said.String())
	}
	if lastLine(out.String()) != "2" {
		return 0, fmt.Errorf("1+1 printed %q", lastLine(out.String()))
	}
	return wall, nil
}

// escapes are the sequences that a prompt may be drawn with.
var escapes = regexp.MustCompile(`\x1b\[[0-9;:?<=>]*[ -/]*[@-~]`)

// timePrompt runs the prompt on a terminal and stops it when the first one is on the screen.
func timePrompt(ctx context.Context, environment []string, bin string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, promptLimit)
	defer cancel()
	command := exec.CommandContext(ctx, bin)
	command.Env = environment
	begun := time.Now()
	terminal, err := pty.StartWithSize(command, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return 0, err
	}
	defer func() {
		cancel() // kills it
		terminal.Close()
		_ = command.Wait()
	}()
	// A killed child ends the terminal, and with it the read.
	var screen []byte
	buffer := make([]byte, 4096)
	for {
		n, err := terminal.Read(buffer)
		at := time.Since(begun)
		screen = append(screen, buffer[:n]...)
		if bytes.Contains(escapes.ReplaceAll(screen, nil), []byte("httpx [1]> ")) {
			return at, nil
		}
		if ctx.Err() != nil {
			return 0, errNoPrompt
		}
		if err != nil {
			return 0, fmt.Errorf("it ended before its prompt: %q", lastLine(string(screen)))
		}
	}
}
