package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"httpx-repl/repl"
	"httpx-repl/transcripts"
)

// replayCommand replays a transcript or a journal offline.
func replayCommand(p *process, args []string) error {
	s, rest, err := parseFlags("replay", args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError("replay takes one transcript: httpx-repl replay FILE.hx.md")
	}
	doc, err := load(rest[0])
	if err != nil {
		return err
	}
	x := &session{p: p, s: s}
	if err := x.openTerminals(false); err != nil {
		return err
	}
	x.s.lab = false // the recording answers, also for the lab
	client, _, err := x.client()
	if err != nil {
		return err
	}
	ctx, stop := endedBy(context.Background(), p.Interrupts)
	defer stop()
	o := repl.ReplayOptions{Name: rest[0], Version: version, Client: client}
	r, err := repl.ShowReplay(ctx, doc, o, x.out, x.err, x.out.Interactive())
	switch {
	case ctx.Err() != nil:
		return &exitError{exitInterrupted, ""}
	case err != nil:
		return fileError("%s: %v", rest[0], err)
	case r.Diverged != nil:
		return &exitError{exitDiverged, ""}
	case len(r.Differs) > 0:
		return &exitError{exitFailed, ""}
	}
	return nil
}

// load reads a transcript, or a journal as one.
func load(path string) (*transcripts.Document, error) {
	if strings.HasSuffix(path, ".hxlog") {
		recorded, _, err := transcripts.OpenSession(path)
		if err != nil {
			return nil, fileError("%s: %v", path, reason(err))
		}
		return &transcripts.Document{Session: recorded}, nil
	}
	doc, err := transcripts.Load(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fileError("there is no file %s", path)
	case err != nil:
		return nil, fileError("%v", err) // names the file
	}
	return doc, nil
}

// recoverCommand turns a journal that a crash left behind into a transcript in the working directory.
func recoverCommand(p *process, args []string) error {
	s, rest, err := parseFlags("recover", args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return usageError("recover takes one journal, or none for the latest that a crash left behind")
	}
	x := &session{p: p, s: s}
	if err := x.openTerminals(false); err != nil {
		return err
	}
	path := ""
	if len(rest) == 1 {
		path = rest[0]
	} else if path = p.crashed(); path == "" {
		return fileError("no journal of an unfinished session was found")
	}
	recorded, facts, err := transcripts.OpenSession(path)
	if err != nil {
		return fileError("%s: %v", path, reason(err))
	}
	target := strings.TrimSuffix(filepath.Base(path), ".hxlog") + ".hx.md"
	recovered := repl.NewSession(repl.Options{Version: version, Record: func() (*transcripts.Session, error) { return recorded, nil }})
	note, err := recovered.Save(target)
	var unverified *transcripts.UnverifiedError
	if err != nil && !errors.As(err, &unverified) {
		return fileError("%s could not be saved: %v", target, err)
	}
	if err != nil {
		note = err.Error()
	}
	p.putAway(path)
	x.err.PrintText(note + "\n")
	if len(facts.Interrupted) > 0 {
		x.err.PrintText("cell " + strings.Join(facts.Interrupted, ", ") + " had not finished; it is kept, marked as interrupted\n")
	}
	if facts.Dropped > 0 {
		x.err.PrintText("the record that was being written when the session ended was dropped\n")
	}
	return nil
}

// putAway moves a recovered journal out of the way, so that the next session does not speak of it again. It stays readable.
func (p *process) putAway(path string) {
	dir := p.journalDir()
	if absolute, err := filepath.Abs(path); err != nil || dir == "" || filepath.Dir(absolute) != dir {
		return // a journal from elsewhere
	}
	recovered := filepath.Join(dir, "recovered")
	if os.MkdirAll(recovered, 0o700) != nil {
		return
	}
	for _, name := range []string{path, path + ".d"} {
		_ = os.Rename(name, filepath.Join(recovered, filepath.Base(name))) // the folder of large bodies may not exist
	}
}
