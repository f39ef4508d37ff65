package term

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

const (
	maxEntries      = 10_000
	maxEntryBytes   = 1 << 20  // longer entries stay in memory
	maxHistoryBytes = 64 << 20 // of a file that is read
	compactEvery    = 2_000    // entries added by this process
)

// History is the list of entries, newest last, and the file that keeps it: one
// JSON object a line, {"input": "…"}, mode 0600 in a 0700 directory. Several
// processes may use the file at once: an entry is one append under a lock, and
// compaction writes a new file and renames it under the same lock. All methods
// may be called from any goroutine.
type History struct {
	mu      sync.Mutex
	path    string // "" keeps everything in memory
	secret  func(string) bool
	warn    func(error)
	loaded  bool
	entries []string
	added   int
}

// HistoryOptions configure OpenHistory.
type HistoryOptions struct {
	// Dir is the directory of the file history.jsonl; it is made when missing.
	// Empty keeps the history in memory.
	Dir string
	// Secret reports further texts to keep out of the file, such as those that
	// hold a value that the session knows to be secret. It may be nil.
	Secret func(text string) bool
	// Warn is called once, with the first error; the history is then kept in
	// memory alone. It may be called from any goroutine, must not use the
	// History, and may be nil.
	Warn func(error)
}

type historyLine struct {
	Input string `json:"input"`
}

// OpenHistory returns the history. The file is read at the first use; an Editor
// starts that in the background. It never fails: what goes wrong is told to
// Warn, and a damaged line is skipped.
func OpenHistory(o HistoryOptions) *History {
	h := &History{secret: o.Secret, warn: o.Warn, loaded: o.Dir == ""}
	if o.Dir != "" {
		h.path = filepath.Join(o.Dir, "history.jsonl")
	}
	return h
}

// Entries returns a copy of the entries, oldest first.
func (h *History) Entries() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.load()
	return slices.Clone(h.entries)
}

func (h *History) load() {
	if h.loaded {
		return
	}
	h.loaded = true
	h.try(func() error {
		if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
			return err
		}
		entries, total, err := readHistory(h.path)
		if err != nil {
			return err
		}
		h.entries = entries
		if total > 2*maxEntries {
			return h.compact()
		}
		return nil
	})
}

// Add appends an entry, unless it repeats the one before. An entry that begins
// with a space, or that holds a secret (see HoldsSecret), stays in memory.
func (h *History) Add(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.load()
	if n := len(h.entries); text == "" || n > 0 && h.entries[n-1] == text {
		return
	}
	h.entries = append(h.entries, text)
	if over := len(h.entries) - maxEntries; over > 0 {
		h.entries = slices.Clone(h.entries[over:])
	}
	if h.path == "" || len(text) > maxEntryBytes || strings.HasPrefix(text, " ") || HoldsSecret(text) || h.secret != nil && h.secret(text) {
		return
	}
	h.try(func() error {
		if err := h.append(text); err != nil {
			return err
		}
		if h.added++; h.added%compactEvery == 0 {
			return h.compact()
		}
		return nil
	})
}

// try runs an operation on the file; its failure is told once and ends the use
// of the file.
func (h *History) try(operation func() error) {
	if err := operation(); err != nil {
		h.path = ""
		if h.warn != nil {
			h.warn(fmt.Errorf("the history is kept in memory only: %w", err))
		}
	}
}

// locked runs f while this process alone may change the file. The lock is a
// file of its own, because compaction replaces the other.
func (h *History) locked(f func() error) error {
	lock, err := os.OpenFile(h.path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks
	if err := lockFile(lock); err != nil {
		return err
	}
	return f()
}

func (h *History) append(text string) error {
	record, err := encodeEntry(text)
	if err != nil {
		return err
	}
	return h.locked(func() error {
		f, err := openRegular(h.path, os.O_RDWR|os.O_CREATE|os.O_APPEND)
		if err != nil {
			return err
		}
		defer f.Close()
		// After a crash the last line may be torn; end it.
		if size, err := f.Seek(0, io.SeekEnd); err == nil && size > 0 {
			var last [1]byte
			if _, err := f.ReadAt(last[:], size-1); err == nil && last[0] != '\n' {
				record = append([]byte{'\n'}, record...)
			}
		}
		if _, err := f.Write(record); err != nil {
			return err
		}
		return f.Close()
	})
}

func encodeEntry(text string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(historyLine{text})
	return b.Bytes(), err
}

// compact rewrites the file with the newest entries of all processes.
func (h *History) compact() error {
	return h.locked(func() error {
		entries, total, err := readHistory(h.path)
		if err != nil || total <= maxEntries+maxEntries/4 {
			return err
		}
		tmp, err := os.CreateTemp(filepath.Dir(h.path), "history-*.tmp") // mode 0600
		if err != nil {
			return err
		}
		defer os.Remove(tmp.Name())
		defer tmp.Close()
		var b bytes.Buffer
		for _, entry := range entries {
			record, err := encodeEntry(entry)
			if err != nil {
				return err
			}
			b.Write(record)
		}
		if _, err := tmp.Write(b.Bytes()); err != nil {
			return err
		}
		if err := tmp.Sync(); err != nil {
			return err
		}
		if err := tmp.Close(); err != nil {
			return err
		}
		return os.Rename(tmp.Name(), h.path)
	})
}

// readHistory returns the newest entries of the file, and how many lines it has.
func readHistory(path string) (entries []string, total int, err error) {
	f, err := openRegular(path, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			return nil, 0, err
		}
	}
	if skip := info.Size() - maxHistoryBytes; skip > 0 {
		if _, err := f.Seek(skip, io.SeekStart); err != nil {
			return nil, 0, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxHistoryBytes))
	if err != nil {
		return nil, 0, err
	}
	lines := bytes.Split(data, []byte{'\n'})
	total = len(lines)
	for _, line := range lines[max(0, total-2*maxEntries):] {
		var entry historyLine
		if len(line) > 2*maxEntryBytes || json.Unmarshal(line, &entry) != nil || entry.Input == "" {
			continue
		}
		if n := len(entries); n == 0 || entries[n-1] != entry.Input {
			entries = append(entries, entry.Input)
		}
	}
	return slices.Clone(entries[max(0, len(entries)-maxEntries):]), total, nil
}

// openRegular opens a file and refuses a pipe or a device, which could block.
func openRegular(path string, flag int) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.OpenFile(path, flag, 0o600)
}
