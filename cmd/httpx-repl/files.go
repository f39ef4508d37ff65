package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxFile bounds a file that a script imports or reads, in bytes.
const maxFile = 16 << 20

// readFile reads a regular file that is, links resolved, one of --allow-read's or below one.
func (x *session) readFile(path string) ([]byte, error) {
	if len(x.s.allowRead) == 0 {
		x.refused = true
		return nil, errors.New("files may not be read: start httpx-repl with --allow-read PATHS; httpx, client and lab are globals already")
	}
	real, err := filepath.EvalSymlinks(x.p.absolute(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	}
	if !x.mayRead(real) {
		x.refused = true
		return nil, fmt.Errorf("%s is not below what --allow-read names (%s)", path, strings.Join(x.s.allowRead, ", "))
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%s is larger than may be read (16 MiB)", path)
	}
	f, err := os.Open(real)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

func (x *session) mayRead(real string) bool {
	for _, allowed := range x.s.allowRead {
		root, err := filepath.EvalSymlinks(x.p.absolute(allowed))
		if err != nil {
			continue
		}
		below, err := filepath.Rel(root, real)
		if err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator)) {
			return true
		}
	}
	return false
}
