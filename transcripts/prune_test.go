package transcripts

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"httpx-repl/engine/event"
)

func TestPruneKeepsTheNewestAndTheLiving(t *testing.T) {
	dir := t.TempDir()
	name := func(i int) string { return filepath.Join(dir, fmt.Sprintf("2026-%02d.hxlog", i)) }
	living, err := OpenJournal(name(0), JournalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer living.Close()
	for i := 1; i <= 5; i++ {
		j, err := OpenJournal(name(i), JournalOptions{})
		if err != nil {
			t.Fatal(err)
		}
		j.Record(event.Event{Kind: event.Close})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(name(1)+".d", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Prune(dir, 2); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{name(0), name(4), name(5)}; fmt.Sprint(left) != fmt.Sprint(want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	if err := Prune(filepath.Join(dir, "nowhere"), 2); err != nil {
		t.Errorf("a folder that is not there: %v", err)
	}
}
