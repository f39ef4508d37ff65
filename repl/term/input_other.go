//go:build !unix

package term

import "os"

// ttyReader reads a console; a read that has begun cannot be ended here, so
// pause only takes effect after the next key.
type ttyReader struct{ *os.File }

func newTTYReader(f *os.File) (*ttyReader, error) { return &ttyReader{f}, nil }

func (t *ttyReader) resume() {}
func (t *ttyReader) pause()  {}
func (t *ttyReader) close()  {}

func watchSize(func()) (stop func()) { return func() {} }

func suspend() {}
