package h1

import (
	"bytes"
	"io"
)

// phase is the place in a chunked body.
type phase uint8

const (
	chunkSize phase = iota
	chunkData
	chunkEnd // the line end after the data
	trailer
)

// Ended tells whether the response is complete. A body of length 0 ends with its head.
func (c *Conn) Ended() bool { return c.ended }

// Trailers are the fields after a chunked body, once it has ended; nil for none.
func (c *Conn) Trailers() [][2]string { return c.trailers }

// ReadBody reads some of the body into p, at least one byte, and waits for that. It is io.EOF when the body had ended before; that
// may show only with this call.
func (c *Conn) ReadBody(p []byte) (int, error) { return c.readBody(p, true) }

// ReadBuffered is ReadBody without the wait: it gives what has come already, perhaps nothing.
func (c *Conn) ReadBuffered(p []byte) (int, error) { return c.readBody(p, false) }

func (c *Conn) readBody(p []byte, wait bool) (n int, err error) {
	switch {
	case c.readErr != nil && c.readErr != io.EOF:
		return 0, c.readErr
	case c.ended || c.body == none:
		return 0, io.EOF
	case c.body == chunked:
		n, err = c.readChunked(p, wait)
	default:
		n, err = c.readPlain(p, wait)
	}
	if err == io.EOF && !c.ended {
		err = &Error{Kind: Truncated, Text: "the server closed the connection in the body of the response", Cause: io.ErrUnexpectedEOF}
	}
	if err != nil && err != io.EOF {
		c.readErr = err
	}
	return n, err
}

// readPlain reads a body that has a length, or ends with the connection.
func (c *Conn) readPlain(p []byte, wait bool) (n int, err error) {
	if c.body == length && int64(len(p)) > c.left {
		p = p[:c.left]
	}
	switch {
	case c.r < c.w:
		n = copy(p, c.in[c.r:c.w])
		c.r += n
	case wait && len(p) > 0:
		n, err = c.read(p)
	}
	if c.body == length {
		c.left -= int64(n)
		c.ended = c.left == 0
	} else if err == io.EOF {
		c.ended = true
	}
	return n, err
}

// readChunked reads as much as there is; it waits only for the first byte. An error that follows on some bytes comes with the next call.
func (c *Conn) readChunked(p []byte, wait bool) (n int, err error) {
	for n < len(p) {
		more := wait && n == 0
		ok := false
		switch c.phase {
		case chunkSize:
			ok, err = c.readChunkSize(more)
		case chunkData:
			var got int
			got, err = c.readChunkData(p[n:], more)
			n += got
			ok = got > 0
		case chunkEnd:
			ok, err = c.readChunkEnd(more)
		case trailer:
			ok, err = c.readTrailers(more)
			if ok && n == 0 {
				return 0, io.EOF
			}
		}
		if n > 0 && err != nil {
			return n, nil
		}
		if err != nil || !ok || c.ended {
			return n, err
		}
	}
	return n, nil
}

// readChunkSize reads "1a;extension".
func (c *Conn) readChunkSize(wait bool) (bool, error) {
	var line []byte
	for {
		i := bytes.IndexByte(c.in[c.r:c.w], '\n')
		if i > maxChunkLine || i < 0 && c.w-c.r > maxChunkLine {
			return false, remote("the line of a chunk's size is longer than %d bytes", maxChunkLine)
		}
		if i >= 0 {
			line = c.in[c.r : c.r+i]
			break
		}
		if !wait {
			return false, nil
		}
		if err := c.fill(); err != nil {
			return false, err
		}
	}
	size, ok := parseChunkSize(line)
	if !ok {
		return false, remote("malformed chunk size %s", excerpt(string(bytes.TrimSuffix(line, []byte("\r")))))
	}
	c.r += len(line) + 1
	c.left, c.phase = size, chunkData
	if size == 0 {
		c.phase, c.scanned, c.lines = trailer, 0, 1 // one less than a head, which has a status line
	}
	return true, nil
}

// parseChunkSize reads a line without its LF. The CR must be there: as h11 and net/http do, a bare LF is refused here.
func parseChunkSize(line []byte) (size int64, ok bool) {
	if len(line) == 0 || line[len(line)-1] != '\r' {
		return 0, false
	}
	line = line[:len(line)-1]
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		if bytes.IndexByte(line[i:], '\r') >= 0 {
			return 0, false
		}
		line = line[:i]
	}
	line = bytes.TrimRight(line, " \t")
	if len(line) == 0 || len(line) > 20 {
		return 0, false
	}
	for _, d := range line {
		switch {
		case d >= '0' && d <= '9':
			d -= '0'
		case d|0x20 >= 'a' && d|0x20 <= 'f':
			d = d | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		if size >= 1<<59 {
			return 0, false
		}
		size = size<<4 | int64(d)
	}
	return size, true
}

func (c *Conn) readChunkData(p []byte, wait bool) (n int, err error) {
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	switch {
	case c.r < c.w:
		n = copy(p, c.in[c.r:c.w])
		c.r += n
	case wait && len(p) >= largeBuffer:
		n, err = c.read(p)
	case wait:
		if err = c.fill(); err == nil {
			n = copy(p, c.in[c.r:c.w])
			c.r += n
		}
	}
	if c.left -= int64(n); c.left == 0 {
		c.phase = chunkEnd
	}
	return n, err
}

func (c *Conn) readChunkEnd(wait bool) (bool, error) {
	for c.w-c.r < 2 {
		if c.r < c.w && c.in[c.r] != '\r' {
			break
		}
		if !wait {
			return false, nil
		}
		if err := c.fill(); err != nil {
			return false, err
		}
	}
	if c.in[c.r] != '\r' || c.in[c.r+1] != '\n' {
		return false, remote("a chunk is longer than its size")
	}
	c.r += 2
	c.phase = chunkSize
	return true, nil
}

func (c *Conn) readTrailers(wait bool) (bool, error) {
	end, err := c.block(wait)
	if err != nil || end == 0 {
		return false, err
	}
	if end-c.r > len("\r\n") {
		if c.trailers, err = parseFields(string(c.in[c.r:end])); err != nil {
			return false, err
		}
	}
	c.r = end
	c.ended = true
	return true, nil
}
