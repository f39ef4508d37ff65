package transcripts

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// SaveOptions says how a session is saved.
type SaveOptions struct {
	Redactor     *Redactor // nil for the default names
	AllowSecrets bool      // save although Scan finds something

	// Verify replays the document as it will be written and returns an error that tells what differs; nil verifies nothing. It is
	// called after the document was parsed back, with its text and its blobs. A document that fails is saved all the same,
	// because the session cannot be had again, and Save returns the error.
	Verify func(doc []byte, blobs Blobs) error
}

// Saved tells what Save wrote.
type Saved struct {
	Path             string
	Cells, Exchanges int
	Secrets          []string // names
	Unchanged        bool     // the file already had this content
	Backup           string   // the older content, "" when there was none
	Verified         bool
}

// An UnverifiedError means that a document was saved and that its replay differs from the session.
type UnverifiedError struct{ Err error }

func (e *UnverifiedError) Error() string { return "saved, but its replay differs: " + e.Err.Error() }
func (e *UnverifiedError) Unwrap() error { return e.Err }

// Save redacts s, renders it, checks that the document reads back, and replaces the file at path: a reader sees either the old or
// the new one. The older file, when it differs, is kept as path + ".bak". Blobs go to the folder BlobFolder(path). Errors are
// *SecretsError (nothing was written), *UnverifiedError (it was) and those of the file system.
func Save(path string, s *Session, o SaveOptions) (Saved, error) {
	if o.Redactor == nil {
		o.Redactor = NewRedactor(RedactOptions{})
	}
	s = o.Redactor.Session(s.Document())
	text, blobs := Render(s)
	if used := usedSecrets(s.Meta.Secrets, text, blobs); len(used) < len(s.Meta.Secrets) {
		s.Meta.Secrets = used
		text, blobs = Render(s)
	}
	saved := Saved{Path: path, Cells: len(s.Cells), Exchanges: len(s.Exchanges()), Secrets: s.Meta.Secrets}
	if !o.AllowSecrets {
		found := Scan(text)
		for _, data := range blobs {
			found = append(found, Scan(data)...)
		}
		if len(found) > 0 {
			return saved, &SecretsError{found}
		}
	}
	if _, err := Parse(text, blobs.Folder()); err != nil {
		return saved, fmt.Errorf("not saved: the document does not read back: %w", err)
	}
	var unverified error
	if o.Verify != nil {
		unverified = o.Verify(text, blobs)
		saved.Verified = unverified == nil
	}
	if err := write(path, text, blobs, &saved); err != nil {
		return saved, err
	}
	if unverified != nil {
		return saved, &UnverifiedError{unverified}
	}
	return saved, nil
}

// usedSecrets are the names whose placeholders the document holds.
func usedSecrets(names []string, text []byte, blobs Blobs) []string {
	var used []string
	for _, name := range names {
		mark := []byte("{{secret." + name + "}}")
		found := bytes.Contains(text, mark)
		for _, data := range blobs {
			found = found || bytes.Contains(data, mark)
		}
		if found {
			used = append(used, name)
		}
	}
	return used
}

func write(path string, text []byte, blobs Blobs, saved *Saved) error {
	dir := BlobFolder(path)
	for _, data := range blobs {
		if _, err := writeBlob(dir, data); err != nil {
			return fmt.Errorf("cannot write the bodies: %w", err)
		}
	}
	mode := os.FileMode(0o600)
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, text):
		saved.Unchanged = true
		return nil
	case err == nil:
		if info, err := os.Stat(path); err == nil {
			mode = info.Mode().Perm()
		}
		saved.Backup = path + ".bak"
		if err := replaceFile(saved.Backup, old, mode); err != nil {
			return fmt.Errorf("cannot keep the older transcript: %w", err)
		}
	case !os.IsNotExist(err):
		return fmt.Errorf("cannot read what is to be replaced: %w", err)
	}
	if err := replaceFile(path, text, mode); err != nil {
		return fmt.Errorf("cannot write the transcript: %w", err)
	}
	return nil
}

// BlobFolder returns the folder of a document's blobs: name.hx.d for name.hx.md.
func BlobFolder(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".d"
}

// Load reads the document at path with its blobs.
func Load(path string) (*Document, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() > maxDocument {
		return nil, fmt.Errorf("%s has %d bytes; %d is the limit of a transcript", path, info.Size(), maxDocument)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	doc, err := Parse(text, blobFolder(BlobFolder(path)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return doc, nil
}
