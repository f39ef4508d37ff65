package repl

import (
	"context"
	"errors"
	"fmt"
	"os"

	"httpx-repl/jsbind"
	"httpx-repl/jsbind/inspect"
	"httpx-repl/repl/term"
	"httpx-repl/transcripts"
)

// cmdReplay replays a transcript beside the session, which it does not touch.
func (s *Session) cmdReplay(ctx context.Context, path string) error {
	if path == "" {
		return errors.New(".replay takes the name of a transcript, such as .replay lesson.hx.md")
	}
	doc, err := transcripts.Load(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return err
	}
	_, err = ShowReplay(ctx, doc, ReplayOptions{Name: path, Version: s.o.Version}, s.o.Out, s.o.Err, true)
	return err
}

// ShowReplay replays a transcript and prints it: each cell's text first when showCells says so, and always what the cells
// print, as the prompt would. A divergence and different outputs are printed to errs. It sets o's funcs.
func ShowReplay(ctx context.Context, doc *transcripts.Document, o ReplayOptions, out, errs *term.Terminal, showCells bool) (*Replayed, error) {
	o.Output = func(o jsbind.Output) { Output(out, errs, o) }
	if showCells {
		highlight := term.NewHighlighter().Highlight
		o.Cell = func(c *transcripts.Cell) {
			lines := highlight(c.Source)
			for i := range lines {
				prompt := "... "
				if i == 0 {
					prompt = "> "
				}
				lines[i] = append(inspect.Line{{Text: prompt, Style: inspect.Dim}}, lines[i]...)
			}
			out.Print(lines)
		}
	}
	o.Result = func(_ *transcripts.Cell, r jsbind.Result) {
		switch {
		case r.Diverged != nil:
		case r.Cancelled:
			errs.Print([]inspect.Line{{{Text: "Cancelled.", Style: inspect.Error}}})
		case r.Failed:
			errs.Print(r.Lines)
		default:
			out.Print(r.Lines)
		}
	}
	r, err := Replay(ctx, doc.Session, o)
	if err != nil {
		return nil, err
	}
	for _, n := range append(doc.Notes, r.Notes...) {
		errs.Print(dim("note: " + n.String()))
	}
	var divergence *transcripts.Divergence
	switch {
	case errors.As(r.Diverged, &divergence):
		errs.PrintText(divergence.Report() + "\n")
	case r.Diverged != nil:
		errs.PrintText(o.Name + ": " + r.Diverged.Error() + "\n")
	}
	for _, d := range r.Differs {
		errs.PrintText(o.Name + ": cell " + d.Cell + " prints something else than recorded\n" + d.Text)
	}
	errs.Print(dim(r.Summary()))
	return r, nil
}
