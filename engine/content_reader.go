package engine

import (
	"context"
	"io"
	"sync"
)

// contentReader is a content as an io.ReadCloser, for http.Handlers and net/http. Unlike a ByteStream it may be closed while
// another goroutine reads; the stream is then closed when that read has ended. It remembers how the content failed, because
// net/http wraps such errors.
type contentReader struct {
	ctx     context.Context
	cancel  context.CancelFunc
	waiting func(begins bool) // told before and after each wait for the content; may be nil
	rest    []byte            // the reader's

	mu      sync.Mutex
	stream  ByteStream
	reading bool
	closed  bool
	failed  error
}

func newContentReader(ctx context.Context, stream ByteStream, waiting func(begins bool)) *contentReader {
	c := &contentReader{stream: stream, waiting: waiting}
	c.ctx, c.cancel = context.WithCancel(ctx)
	return c
}

func (c *contentReader) Read(p []byte) (int, error) {
	if c.waiting != nil {
		c.waiting(true)
		defer c.waiting(false)
	}
	for len(c.rest) == 0 {
		chunk, err := c.next()
		if err != nil {
			return 0, err
		}
		c.rest = chunk
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *contentReader) next() ([]byte, error) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil, io.ErrClosedPipe
	}
	c.reading = true
	c.mu.Unlock()

	chunk, err := c.stream.Next(c.ctx)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
	if err != nil && err != io.EOF && c.ctx.Err() == nil {
		c.failed = err
	}
	if c.closed {
		c.stream.Close()
		return nil, io.ErrClosedPipe
	}
	return chunk, err
}

// Close breaks off a read that is under way.
func (c *contentReader) Close() error {
	c.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	if c.reading {
		return nil
	}
	return c.stream.Close()
}

// failure is the content's own error, nil when it had none.
func (c *contentReader) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}
