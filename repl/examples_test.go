package repl

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"testing"

	"httpx-repl/transcripts"
)

// TestExamplesReplay replays every recorded example on one processor and on several: no network, the recorded order, the
// recorded output.
func TestExamplesReplay(t *testing.T) {
	files, err := filepath.Glob("../examples/*.hx.md")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d examples found, %v", len(files), err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			for _, processors := range []int{1, 2, 8} {
				runtime.GOMAXPROCS(processors)
				for range 5 {
					replayExample(t, file)
				}
			}
		})
	}
}

func replayExample(t *testing.T, file string) {
	t.Helper()
	doc, err := transcripts.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Notes) > 0 {
		t.Errorf("the document was edited since it was recorded: %v", doc.Notes)
	}
	r, err := Replay(context.Background(), doc.Session, ReplayOptions{Name: filepath.Base(file)})
	if err != nil {
		t.Fatal(err)
	}
	var divergence *transcripts.Divergence
	if errors.As(r.Diverged, &divergence) {
		t.Fatal(divergence.Report())
	}
	if r.Diverged != nil {
		t.Fatal(r.Diverged)
	}
	for _, d := range r.Differs {
		t.Errorf("cell %s:\n%s", d.Cell, d.Text)
	}
	if r.Cells == 0 {
		t.Error("no cell was replayed")
	}
}
