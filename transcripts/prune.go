package transcripts

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Prune removes the oldest journals in dir, by name, until keep are left, with their blobs. A journal that a living process
// writes stays. What cannot be removed is left alone.
func Prune(dir string, keep int) error {
	entries, err := os.ReadDir(dir) // sorted by name, and a journal's name begins with its time
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var journals []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && strings.HasSuffix(entry.Name(), ".hxlog") {
			journals = append(journals, filepath.Join(dir, entry.Name()))
		}
	}
	for _, path := range journals[:max(len(journals)-keep, 0)] {
		removeJournal(path)
	}
	return nil
}

// removeJournal removes a journal and its blobs unless somebody writes it.
func removeJournal(path string) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if lockFile(f) != nil {
		return
	}
	if os.Remove(path) == nil {
		os.RemoveAll(path + ".d")
	}
}
