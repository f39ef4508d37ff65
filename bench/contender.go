package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// contender is a client: a command that takes URL, N and CONCURRENCY after its arguments, makes the requests and
// prints {"count": …, "seconds": …} as its last line. trailing follows the three.
type contender struct {
	name     string
	command  string
	args     []string
	trailing []string
}

// result is one run. cpu is the whole process's, its start included.
type result struct {
	count   int
	seconds float64
	cpu     time.Duration
	err     error
}

// runLimit stops a client that hangs.
const runLimit = 2 * time.Minute

// findContenders lists the clients that are installed, and says what is missing of the others.
func findContenders(self string, s settings) (found []contender, missing []string) {
	found = append(found, contender{name: "Go net/http", command: self, args: []string{"get"}})
	if s.bin != "" {
		found = append(found, contender{name: "httpx-repl", command: s.bin, args: []string{"run", filepath.Join(s.scripts, "loop.js")}})
	}
	script := filepath.Join(s.scripts, "loop.node.mjs")
	if bun, ok := findTool("bun", s.scripts); ok {
		found = append(found, contender{name: "Bun fetch", command: bun, args: []string{script}})
	} else {
		missing = append(missing, "Bun: not on PATH or in node_modules")
	}
	node, ok := findTool("node", s.scripts)
	if !ok {
		return found, append(missing, "Node and undici: node is not on PATH")
	}
	found = append(found, contender{name: "Node fetch", command: node, args: []string{script}})
	if _, err := os.Stat(filepath.Join(s.scripts, "node_modules", "undici")); err == nil {
		found = append(found, contender{name: "undici request", command: node, args: []string{script}, trailing: []string{"undici"}})
	} else {
		missing = append(missing, "undici: not in node_modules")
	}
	return found, missing
}

func findTool(name, scripts string) (string, bool) {
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	path, err := exec.LookPath(filepath.Join(scripts, "node_modules", ".bin", name))
	return path, err == nil
}

func (c contender) run(ctx context.Context, url string, l load) result {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	args := append([]string{}, c.args...)
	args = append(args, url, strconv.Itoa(l.requests), strconv.Itoa(l.concurrency))
	args = append(args, c.trailing...)
	command := exec.CommandContext(ctx, c.command, args...)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("stopped after %v: %w", runLimit, ctx.Err())
		}
		return result{err: childError(err, said.String())}
	}
	var report struct {
		Count   int     `json:"count"`
		Seconds float64 `json:"seconds"`
	}
	if err := json.Unmarshal([]byte(lastLine(out.String())), &report); err != nil {
		return result{err: fmt.Errorf("its last line is no report: %q", lastLine(out.String()))}
	}
	if report.Count != l.requests || report.Seconds <= 0 {
		return result{err: fmt.Errorf("it made %d of %d requests in %g s", report.Count, l.requests, report.Seconds)}
	}
	state := command.ProcessState
	return result{count: report.Count, seconds: report.Seconds, cpu: state.UserTime() + state.SystemTime()}
}
