package engine

import "context"

// ByteStream is a body as it flows, in chunks. One goroutine uses a stream at a time.
type ByteStream interface {
	// Next returns the next chunk, never empty, which the caller owns, or io.EOF after the last. It waits for data at most
	// until ctx ends. After an error other than io.EOF the stream is unusable and must still be closed.
	Next(ctx context.Context) ([]byte, error)

	// Close gives the stream's resources back: a connection whose body was not read to its end is closed. Idempotent.
	Close() error
}

// Content is the body of a request (or of a response made by hand): something that can be streamed, perhaps more than once.
type Content interface {
	// Stream starts the body from its beginning. A body that can be read only once returns a StreamConsumed error the
	// second time.
	Stream() (ByteStream, error)

	// Len is the body's length in bytes, or -1 when it is not known beforehand (it is then sent chunked).
	Len() int64
}

// BufferedStream is what a ByteStream may implement besides, so that its reader can take a small body together with the head.
type BufferedStream interface {
	ByteStream

	// Buffered tells that the whole rest of the body is in memory: the calls of Next up to io.EOF do not wait, and do not fail.
	// It does not read anything itself, and once true it stays so.
	Buffered() bool
}
