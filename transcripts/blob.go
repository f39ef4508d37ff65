package transcripts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A blob is a body that is kept outside its journal or document, in a file named by its content.

const maxBlob = 64 << 20 // bytes

func blobName(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + hex.EncodeToString(sum[:])
}

// validBlobName keeps a name that a file gives from leading anywhere else.
func validBlobName(name string) bool {
	digits, ok := strings.CutPrefix(name, "sha256-")
	return ok && len(digits) == 2*sha256.Size && strings.Trim(digits, hexDigits) == ""
}

// writeBlob stores data in dir, unless it is there, and returns its name.
func writeBlob(dir string, data []byte) (string, error) {
	name := blobName(data)
	path := filepath.Join(dir, name)
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == int64(len(data)) {
		return name, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return name, replaceFile(path, data, 0o600)
}

// readBlob reads and checks a blob.
func readBlob(dir fs.FS, name string) ([]byte, error) {
	if !validBlobName(name) {
		return nil, fmt.Errorf("%q is not the name of a blob", name)
	}
	if dir == nil {
		return nil, fmt.Errorf("the blob %s is needed, but there is no blob folder beside the file", name)
	}
	f, err := dir.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the blob %s is missing: copy the blob folder together with the file", name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBlob+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxBlob || blobName(data) != name {
		return nil, fmt.Errorf("the blob %s is damaged: its content does not fit its name", name)
	}
	return data, nil
}

// folder gives blobs that are in memory as the folder that they will be.
// Folder is the blobs as the folder that Parse reads.
func (b Blobs) Folder() fs.FS { return memoryFolder(b) }

type memoryFolder Blobs

func (m memoryFolder) Open(name string) (fs.File, error) {
	data, ok := m[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &memoryFile{Reader: bytes.NewReader(data)}, nil
}

type memoryFile struct{ *bytes.Reader }

func (*memoryFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (*memoryFile) Close() error               { return nil }

// replaceFile writes a file so that a reader sees either the old or the new content, whatever happens: a temporary file
// in the same folder, fsync, rename.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, which is right
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// syncFolder makes a rename survive a power cut where the system can do that; where it cannot, nothing is lost but that.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
