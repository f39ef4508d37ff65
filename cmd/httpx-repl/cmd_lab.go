package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"httpx-repl/engine/lab"
)

// labCommand runs the lab server until Ctrl-C.
func labCommand(p *process, args []string) error {
	f := flag.NewFlagSet("lab", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	addr := f.String("addr", "127.0.0.1:0", "")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(p.Stdout, "httpx-repl lab [--addr HOST:PORT]   run the lab server until Ctrl-C")
		return nil
	} else if err != nil || f.NArg() > 0 {
		return usageError("lab takes --addr HOST:PORT and nothing else")
	}
	server, err := lab.Start(lab.Options{Addr: *addr})
	if err != nil {
		return &exitError{exitFailed, err.Error()}
	}
	defer server.Close()
	fmt.Fprintf(p.Stdout, "%s\n%s\nGET %s/help lists what it answers. Ctrl-C ends it.\n", server.URL(), server.HTTPSURL(), server.URL())
	ctx, stop := endedBy(context.Background(), p.Interrupts)
	defer stop()
	ctx, stopTerm := endedBy(ctx, p.Terminations)
	defer stopTerm()
	<-ctx.Done()
	return nil
}
