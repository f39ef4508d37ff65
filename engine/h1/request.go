package h1

import (
	"strconv"
	"strings"
)

// maxPiece is how much of a chunked body goes into one chunk.
const maxPiece = 64 << 10

// WriteRequest writes a whole request, in one Write when the body is small. The framing of the fields must fit the body.
func (c *Conn) WriteRequest(method, target string, headers [][2]string, body []byte) error {
	if err := c.begin(method, target, headers); err != nil {
		return err
	}
	switch {
	case c.sending == length && int64(len(body)) != c.unsent, c.sending == none && len(body) > 0:
		return local("the body has %d bytes, not the %d that were announced", len(body), c.unsent)
	case len(body) > maxPiece:
		if err := c.write(c.out); err != nil {
			return err
		}
		if err := c.WriteBody(body); err != nil {
			return err
		}
		return c.CloseBody(nil)
	case c.sending == chunked:
		if len(body) > 0 {
			c.appendChunk(body)
		}
		c.out = append(c.out, "0\r\n\r\n"...)
	default:
		c.out = append(c.out, body...)
	}
	if err := c.write(c.out); err != nil {
		return err
	}
	c.unsent, c.sent = 0, true
	return nil
}

// WriteHead writes the head of a request whose body follows with WriteBody and CloseBody.
func (c *Conn) WriteHead(method, target string, headers [][2]string) error {
	if err := c.begin(method, target, headers); err != nil {
		return err
	}
	return c.write(c.out)
}

// begin starts an exchange and puts the head into out.
func (c *Conn) begin(method, target string, headers [][2]string) error {
	c.head, c.connect, c.upgrade, c.close = method == "HEAD", method == "CONNECT", false, false
	c.sending, c.unsent, c.sent, c.wrote = none, 0, false, false
	c.received, c.ended, c.keep, c.trailers = c.w > c.r, false, false, nil
	c.body, c.scanned, c.lines = none, 0, 0
	if len(c.in) > keptBuffer && c.r == c.w {
		c.in, c.r, c.w, c.fast = nil, 0, 0, false
	}
	if method == "" || !isToken(method) {
		return local("the method %s is not a token", excerpt(method))
	}
	if target == "" {
		return local("the target is empty")
	}
	for i := 0; i < len(target); i++ {
		if target[i] <= ' ' || target[i] == 0x7f {
			return local("the target has the character %q at position %d", target[i], i)
		}
	}
	if err := c.frame(headers); err != nil {
		return err
	}
	c.out = append(c.out[:0], method...)
	c.out = append(c.out, ' ')
	c.out = append(c.out, target...)
	c.out = append(c.out, " HTTP/1.1\r\n"...)
	for _, field := range headers {
		if c.sending == chunked && len(field[0]) == len("Content-Length") && strings.EqualFold(field[0], "Content-Length") {
			continue // a message with both could be read in two ways (RFC 9112, section 6.2)
		}
		if err := c.appendField(field); err != nil {
			return err
		}
	}
	c.out = append(c.out, "\r\n"...)
	return nil
}

// frame finds what the fields say about the body and the connection.
func (c *Conn) frame(headers [][2]string) error {
	for _, field := range headers {
		switch name, value := field[0], field[1]; {
		case isName(name, "content-length"):
			n, ok := parseLength(value)
			if !ok || c.sending == length && n != c.unsent {
				return local("the Content-Length %s cannot be sent", excerpt(value))
			}
			if c.sending != chunked {
				c.sending, c.unsent = length, n
			}
		case isName(name, "transfer-encoding"):
			if !strings.EqualFold(value, "chunked") {
				return local("the Transfer-Encoding %s cannot be sent, only chunked", excerpt(value))
			}
			c.sending, c.unsent = chunked, 0
		case isName(name, "upgrade"):
			c.upgrade = true
		case isName(name, "connection"):
			c.close = c.close || hasToken(value, "close")
		}
	}
	return nil
}

func (c *Conn) appendField(field [2]string) error {
	if field[0] == "" || !isToken(field[0]) {
		return local("the header name %s is not a token", excerpt(field[0]))
	}
	if i := badValueByte(field[1]); i >= 0 {
		return local("the value of the header %s has the character %q at position %d", field[0], field[1][i], i)
	}
	c.out = append(c.out, field[0]...)
	c.out = append(c.out, ": "...)
	c.out = append(c.out, field[1]...)
	c.out = append(c.out, "\r\n"...)
	return nil
}

// WriteBody writes some of the body. It is an error to write more than was announced.
func (c *Conn) WriteBody(p []byte) error {
	switch c.sending {
	case none:
		if len(p) > 0 {
			return local("the head announced no body")
		}
	case length:
		if int64(len(p)) > c.unsent {
			return local("the body is at least %d bytes longer than announced", int64(len(p))-c.unsent)
		}
		if err := c.write(p); err != nil {
			return err
		}
		c.unsent -= int64(len(p))
	case chunked:
		for len(p) > 0 {
			n := min(len(p), maxPiece)
			c.out = c.out[:0]
			c.appendChunk(p[:n])
			if err := c.write(c.out); err != nil {
				return err
			}
			p = p[n:]
		}
	}
	return nil
}

func (c *Conn) appendChunk(p []byte) {
	c.out = strconv.AppendUint(c.out, uint64(len(p)), 16)
	c.out = append(c.out, "\r\n"...)
	c.out = append(c.out, p...)
	c.out = append(c.out, "\r\n"...)
}

// CloseBody ends the body, a chunked one with trailers if there are any. It is an error when bytes are missing.
func (c *Conn) CloseBody(trailers [][2]string) error {
	if c.unsent > 0 {
		return local("%d bytes of the body are missing", c.unsent)
	}
	if c.sending == chunked {
		c.out = append(c.out[:0], "0\r\n"...)
		for _, field := range trailers {
			if err := c.appendField(field); err != nil {
				return err
			}
		}
		c.out = append(c.out, "\r\n"...)
		if err := c.write(c.out); err != nil {
			return err
		}
	}
	c.sent = true
	return nil
}

func (c *Conn) write(p []byte) error {
	if c.writeErr != nil {
		return c.writeErr
	}
	n, err := c.rw.Write(p)
	c.wrote = c.wrote || n > 0
	if err != nil {
		c.writeErr = &Error{Kind: Write, Cause: err}
		return c.writeErr
	}
	if cap(c.out) > 2*maxPiece {
		c.out = nil
	}
	return nil
}
