package h1

import (
	"bytes"
	"io"
)

// Limits on what is read.
const (
	MaxHead    = 256 << 10 // bytes of one head, or of the trailers
	MaxLines   = 1000      // lines of one head, or of the trailers
	MaxInterim = 16        // interim responses before the final one

	maxChunkLine = 4 << 10
)

const (
	smallBuffer = 4 << 10
	largeBuffer = 64 << 10 // for chunked bodies that come fast
	keptBuffer  = 16 << 10 // a larger one is given up between exchanges
)

// Conn is one connection. The zero value is of no use; NewConn makes one.
type Conn struct {
	rw io.ReadWriter

	// The exchange, set by WriteHead before anything is read.
	head    bool // HEAD: no body whatever the head says
	connect bool
	upgrade bool // the request asks for another protocol
	close   bool // the request says that it is the last

	// Writing.
	out      []byte
	sending  framing
	unsent   int64 // of a body with a length
	sent     bool  // the request is complete
	wrote    bool  // some byte of it is out
	writeErr error

	// Reading.
	in       []byte // in[r:w] has been read from rw and not been used
	r, w     int
	scanned  int  // of in[r:w], searched for the end of a head; the start of a line
	lines    int  // in that
	fast     bool // the last read filled the buffer
	received bool // some byte of the response is here
	readErr  error
	body     framing
	phase    phase
	left     int64 // of the body, or of the chunk
	ended    bool  // the response is complete
	keep     bool  // the response allows another exchange
	trailers [][2]string
}

// framing says how the end of a body is found.
type framing uint8

const (
	none framing = iota
	length
	chunked
	untilClose
	raw // not HTTP any more
)

// NewConn starts at the beginning of a connection. Each Read and Write of rw is one operation on the network.
func NewConn(rw io.ReadWriter) *Conn { return &Conn{rw: rw} }

// Received tells whether any byte has come since the last request began.
func (c *Conn) Received() bool { return c.received }

// Untouched tells whether no byte of the last request has gone out. It is asked when writing has ended.
func (c *Conn) Untouched() bool { return !c.wrote }

// Buffered is the number of bytes that have been read and not been used.
func (c *Conn) Buffered() int { return c.w - c.r }

// Reusable tells whether another request may follow: both messages are complete, both sides want to go on, and nothing has come
// after the response.
func (c *Conn) Reusable() bool {
	return c.sent && c.ended && c.keep && !c.close && c.r == c.w && c.readErr == nil && c.writeErr == nil
}

// Raw is the connection after a response with Switched: what was read too much comes first.
func (c *Conn) Raw() io.ReadWriter { return rawConn{c} }

type rawConn struct{ c *Conn }

func (r rawConn) Read(p []byte) (int, error) {
	if c := r.c; c.r < c.w {
		n := copy(p, c.in[c.r:c.w])
		c.r += n
		return n, nil
	}
	return r.c.rw.Read(p)
}

func (r rawConn) Write(p []byte) (int, error) { return r.c.rw.Write(p) }

// fill reads once, and makes room for it.
func (c *Conn) fill() error {
	switch {
	case c.r == c.w:
		c.r, c.w = 0, 0
		if c.in == nil {
			c.in = make([]byte, smallBuffer)
		} else if c.fast && len(c.in) < largeBuffer {
			c.in = make([]byte, largeBuffer)
		}
	case c.w < len(c.in):
	case c.r > 0:
		c.w = copy(c.in, c.in[c.r:c.w])
		c.r = 0
	default:
		c.in = append(c.in, make([]byte, len(c.in))...)
	}
	n, err := c.read(c.in[c.w:])
	c.fast = c.w+n == len(c.in)
	c.w += n
	return err
}

// read reads once, at least one byte.
func (c *Conn) read(p []byte) (int, error) {
	if c.readErr != nil {
		return 0, c.readErr
	}
	for range 100 {
		n, err := c.rw.Read(p)
		switch {
		case n > 0:
			c.received = true
			return n, nil // an error comes again with the next read
		case err == io.EOF:
			c.readErr = io.EOF
			return 0, io.EOF
		case err != nil:
			c.readErr = &Error{Kind: Read, Cause: err}
			return 0, c.readErr
		}
	}
	c.readErr = &Error{Kind: Read, Cause: io.ErrNoProgress}
	return 0, c.readErr
}

// block finds the lines up to and with the first empty one, and returns where they end. It is 0 when more would have to be
// read first, and wait is false.
func (c *Conn) block(wait bool) (end int, err error) {
	for {
		for {
			i := bytes.IndexByte(c.in[c.r+c.scanned:c.w], '\n')
			if i < 0 {
				break
			}
			start := c.r + c.scanned
			c.scanned += i + 1
			if i == 0 || i == 1 && c.in[start] == '\r' {
				end = c.r + c.scanned
				c.scanned = 0
				if end-c.r > MaxHead {
					return 0, remote("more than %d bytes of headers", MaxHead)
				}
				return end, nil
			}
			if c.lines++; c.lines > MaxLines+1 { // and the status line
				return 0, remote("more than %d header lines", MaxLines)
			}
		}
		if c.w-c.r > MaxHead {
			return 0, remote("more than %d bytes of headers", MaxHead)
		}
		if !wait {
			return 0, nil
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
}
