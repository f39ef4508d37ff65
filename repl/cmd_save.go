package repl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"httpx-repl/transcripts"
)

// cmdSave saves the session and says how it went.
func (s *Session) cmdSave(_ context.Context, path string) error {
	if path == "" {
		return errors.New(".save takes the name of the file, such as .save lesson.hx.md")
	}
	note, err := s.Save(path)
	if err != nil {
		return err
	}
	s.o.Out.Print(dim(note))
	return nil
}

// Save writes the session so far as a transcript, replays what it wrote, offline, and returns a line that says so. A replay that
// prints something else is an error, though the file is written: the session cannot be had again.
func (s *Session) Save(path string) (note string, err error) {
	if filepath.Ext(path) == "" {
		path += ".hx.md"
	}
	recorded, err := s.o.Record()
	if err != nil {
		return "", fmt.Errorf("the session's record cannot be read: %w", err)
	}
	saved, err := transcripts.Save(path, recorded, transcripts.SaveOptions{Redactor: s.o.Redactor, Verify: s.verify})
	var file *os.PathError // speaks of a temporary file
	if errors.As(err, &file) {
		return "", fmt.Errorf("%s cannot be written: %w", path, file.Err)
	}
	if err != nil {
		return "", err
	}
	note = fmt.Sprintf("saved %s: %s, %s", saved.Path, count(saved.Cells, "cell"), count(saved.Exchanges, "exchange"))
	if len(saved.Secrets) > 0 {
		note += fmt.Sprintf(", %s hidden (%s)", count(len(saved.Secrets), "secret"), strings.Join(saved.Secrets, ", "))
	}
	return note + ", replay verified", nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// verify replays a document before it counts as saved.
func (s *Session) verify(text []byte, blobs transcripts.Blobs) error {
	doc, err := transcripts.Parse(text, blobs.Folder())
	if err != nil {
		return err
	}
	r, err := Replay(context.Background(), doc.Session, ReplayOptions{Name: "the saved transcript", Version: s.o.Version})
	switch {
	case err != nil:
		return err
	case r.Diverged != nil:
		return r.Diverged
	case len(r.Differs) > 0:
		return fmt.Errorf("%s\n%s", r.Summary(), r.Differs[0].Text)
	}
	return nil
}
