package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"httpx-repl/jsbind"
	"httpx-repl/jsbind/inspect"
	"httpx-repl/repl/term"
)

// Prompt reads and runs cells at a terminal until the person leaves. Interrupts delivers Ctrl-C while a cell runs; while one is
// typed the editor sees the key itself.
func (s *Session) Prompt(ctx context.Context, interrupts <-chan os.Signal, banner string) error {
	editor, err := term.NewEditor(s.o.Out, term.EditorConfig{
		Prompt: s.promptText,
		Verdict: func(text string) term.Verdict {
			// Enter was pressed, and no key is a signal yet: a Ctrl-C from before is no longer meant, one from now on is.
			drain(interrupts)
			return verdict(text)
		},
		Complete:  s.complete,
		History:   s.o.History,
		Highlight: term.NewHighlighter().Highlight,
	})
	if err != nil {
		return fmt.Errorf("the prompt could not be opened: %w", err)
	}
	defer editor.Close()
	s.o.Out.Print([]inspect.Line{{{Text: banner, Style: inspect.Dim}}})
	var chain string // the last cell's text, when it was an expression that a line beginning with a dot may continue
	for {
		text, err := editor.Read(ctx)
		switch {
		case errors.Is(err, term.ErrInterrupt):
			continue
		case errors.Is(err, io.EOF):
			s.sayOpen()
			return nil
		case err != nil:
			return err
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		if isCommand(text) && (chain == "" || !continues(text)) {
			exit := false
			s.interruptible(ctx, interrupts, func(ctx context.Context) { exit = s.command(ctx, text) })
			if exit {
				s.sayOpen()
				return nil
			}
			continue
		}
		if chain != "" && continues(text) {
			text = "_" + strings.TrimSpace(text)
		}
		chain = ""
		s.interruptible(ctx, interrupts, func(ctx context.Context) {
			if r := s.Run(ctx, text, true); r.HasValue {
				chain = text
			}
		})
	}
}

// interruptible runs f with a context that Ctrl-C ends.
func (s *Session) interruptible(ctx context.Context, interrupts <-chan os.Signal, f func(context.Context)) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-interrupts:
			cancel(errors.New("interrupted by Ctrl-C"))
		case <-stop:
		}
	}()
	f(ctx)
	close(stop)
	<-stopped
}

// drain forgets a Ctrl-C that came when nothing ran.
func drain(interrupts <-chan os.Signal) {
	for {
		select {
		case <-interrupts:
		default:
			return
		}
	}
}

func (s *Session) promptText() (first, continuation string) {
	first = fmt.Sprintf("httpx [%d]> ", s.cells+1)
	return first, strings.Repeat(" ", len(first)-4) + "... "
}

// continues reports whether a line that begins with a dot goes on with the last expression: it calls or reads a member, and is
// no command.
func continues(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, ".") && strings.ContainsAny(text, "([") && !isNamed(text)
}

func verdict(text string) term.Verdict {
	switch {
	case continues(text) && jsbind.Check("_"+strings.TrimSpace(text)) != jsbind.Invalid:
		text = "_" + strings.TrimSpace(text)
	case isCommand(text):
		return term.Complete
	}
	switch jsbind.Check(text) {
	case jsbind.Incomplete:
		return term.Incomplete
	case jsbind.Invalid:
		return term.Invalid
	}
	return term.Complete
}

// complete offers dot commands and file names, and what the runtime knows.
func (s *Session) complete(text string, pos int) term.Completion {
	before := text[:pos]
	if isCommand(before) || before == "." {
		return completeCommand(before)
	}
	start, list := s.o.Runtime.Complete(text, pos)
	c := term.Completion{Start: start}
	for _, x := range list {
		c.Items = append(c.Items, term.Item{Text: x.Text, Kind: x.Kind})
	}
	return c
}

func completeCommand(before string) term.Completion {
	name, args, hasArgs := strings.Cut(before[1:], " ")
	if !hasArgs {
		c := term.Completion{Start: 0}
		for _, k := range commands {
			if strings.HasPrefix(k.name, name) {
				c.Items = append(c.Items, term.Item{Text: "." + k.name, Kind: "command", Detail: k.help})
			}
		}
		return c
	}
	c := term.Completion{Start: len(before) - len(args)}
	if name != "save" && name != "replay" {
		return c
	}
	files, err := filepath.Glob(args + "*")
	if err != nil {
		return c
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.IsDir() {
			f += string(filepath.Separator)
		}
		c.Items = append(c.Items, term.Item{Text: f, Kind: "file"})
	}
	return c
}

// sayOpen says at the end what is still open.
func (s *Session) sayOpen() {
	open := 0
	for _, r := range s.o.Runtime.Requests() {
		if r.State == "open" {
			open++
		}
	}
	if open > 0 {
		s.o.Out.Print(dim(fmt.Sprintf("Closing %d open request(s).", open)))
	}
}
