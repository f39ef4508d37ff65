// Command bench measures httpx-repl beside what its users would pick instead, in one run on one machine: requests a
// second and CPU a request of small JSON GETs over loopback, and how long a process takes to start. README.md says
// how to run it and how to read it.
//
// The program starts itself again for the server and for the Go client, so that each has a process whose CPU time the
// system counts. The files: main wires and prints, server answers, contender runs one client, gohttp is the Go client,
// start times processes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

type settings struct {
	bin         string
	scripts     string
	requests    int
	serial      int
	concurrency int
	rounds      int
	starts      int
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "serve":
			exit(serve(os.Stdin, os.Stdout))
		case "get":
			exit(getLoop(os.Args[2:], os.Stdout))
		}
	}
	var s settings
	flag.StringVar(&s.bin, "bin", "", "the httpx-repl binary; built from ./cmd/httpx-repl when empty")
	flag.StringVar(&s.scripts, "scripts", "bench", "the directory of loop.js, loop.node.mjs and node_modules")
	flag.IntVar(&s.requests, "n", 20_000, "requests of a concurrent run")
	flag.IntVar(&s.serial, "serial", 5_000, "requests of a run that makes one at a time")
	flag.IntVar(&s.concurrency, "c", 50, "requests at once")
	flag.IntVar(&s.rounds, "rounds", 3, "runs of each client, of which the median counts")
	flag.IntVar(&s.starts, "starts", 20, "process starts, of which the median counts")
	flag.Parse()
	if flag.NArg() > 0 || s.requests < 1 || s.serial < 1 || s.concurrency < 1 || s.rounds < 1 || s.starts < 1 {
		fmt.Fprintln(os.Stderr, "bench: numbers must be 1 or more, and there are no arguments but flags")
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, s, os.Stdout, os.Stderr))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run prints the tables to out and what it does meanwhile to progress.
func run(ctx context.Context, s settings, out, progress io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "httpx-repl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if _, err := os.Stat(filepath.Join(s.scripts, "loop.js")); err != nil {
		return fmt.Errorf("the scripts are not in %q: run from the repository's root or give -scripts", s.scripts)
	}

	var absent []string
	if s.bin == "" {
		fmt.Fprintln(progress, "building httpx-repl")
		if s.bin, err = build(ctx, scratch); err != nil {
			absent = append(absent, err.Error())
		}
	} else if s.bin, err = exec.LookPath(s.bin); err != nil {
		return fmt.Errorf("-bin: %w", err)
	}
	contenders, missing := findContenders(self, s)
	absent = append(absent, missing...)

	url, stopServer, err := startServer(ctx, self)
	if err != nil {
		return err
	}
	defer stopServer()

	loads := []load{{s.requests, s.concurrency}, {s.serial, 1}}
	results := measure(ctx, contenders, loads, url, s.rounds, progress)
	for i, l := range loads {
		printLoad(out, l, contenders, results[i])
	}
	starts := measureStarts(ctx, s, scratch, progress)
	printStarts(out, s, starts)
	for _, why := range absent {
		fmt.Fprintf(out, "Not measured: %s\n", why)
	}
	return ctx.Err()
}

// build makes the binary as a release does, stripped.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "httpx-repl")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./cmd/httpx-repl")
	if text, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("httpx-repl could not be built (%w): %s", err, lastLine(string(text)))
	}
	return path, nil
}

// load is how many requests are made, and how many at once.
type load struct{ requests, concurrency int }

// measure runs the contenders in turn, round by round, so that what else the machine does falls on all of them.
func measure(ctx context.Context, contenders []contender, loads []load, url string, rounds int, progress io.Writer) [][][]result {
	results := make([][][]result, len(loads))
	for i, l := range loads {
		results[i] = make([][]result, len(contenders))
		for round := range rounds {
			for j, c := range contenders {
				if ctx.Err() != nil {
					return results
				}
				fmt.Fprintf(progress, "%d at once, round %d of %d: %s\n", l.concurrency, round+1, rounds, c.name)
				results[i][j] = append(results[i][j], c.run(ctx, url, l))
			}
		}
	}
	return results
}

func printLoad(out io.Writer, l load, contenders []contender, results [][]result) {
	fmt.Fprintf(out, "\n%d small JSON GETs, %d at once:\n\n", l.requests, l.concurrency)
	fmt.Fprintln(out, "| client | requests/s | CPU a request | wall a request |\n|---|---:|---:|---:|")
	for i, c := range contenders {
		var rates, cpus []float64
		var failed error
		for _, r := range results[i] {
			if r.err != nil {
				failed = r.err
				continue
			}
			rates = append(rates, float64(r.count)/r.seconds)
			cpus = append(cpus, r.cpu.Seconds()/float64(r.count)*1e6)
		}
		switch {
		case failed != nil:
			fmt.Fprintf(out, "| %s | failed: %s | – | – |\n", c.name, strings.ReplaceAll(failed.Error(), "|", "\\|"))
		case len(rates) == 0:
			fmt.Fprintf(out, "| %s | – | – | – |\n", c.name)
		default:
			rate := median(rates)
			fmt.Fprintf(out, "| %s | %.0f | %.1f µs | %.1f µs |\n", c.name, rate, median(cpus), 1e6/rate)
		}
	}
}

func printStarts(out io.Writer, s settings, rows []startResult) {
	fmt.Fprintf(out, "\nProcess start, median of %d:\n\n| what | wall |\n|---|---:|\n", s.starts)
	for _, row := range rows {
		if row.err != nil {
			fmt.Fprintf(out, "| %s | failed: %s |\n", row.name, strings.ReplaceAll(row.err.Error(), "|", "\\|"))
			continue
		}
		fmt.Fprintf(out, "| %s | %.1f ms |\n", row.name, row.wall.Seconds()*1e3)
	}
	fmt.Fprintln(out)
}

func median[T float64 | int64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// childError is err with the last thing that the child said.
func childError(err error, stderr string) error {
	if said := lastLine(stderr); said != "" {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

var errNoPrompt = errors.New("no prompt within 10 s")
