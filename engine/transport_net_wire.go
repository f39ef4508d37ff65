package engine

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"sync"
)

// wireConn is a connection as net/http sees it: above TLS, so that the bytes that pass are those of HTTP. For HTTP/1.1 it keeps
// the head of the response as it came, which net/http does not, and tells the watchdog that something arrived.
type wireConn struct {
	net.Conn
	state *tls.ConnectionState // nil without TLS
	h2    bool

	mu     sync.Mutex
	flight *flight // under way; nil between requests
	saving bool    // the head is not complete yet
	head   []byte
}

// begin starts a request.
func (c *wireConn) begin(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight, c.saving, c.head = f, true, nil
}

// end says that the response was read to its end.
func (c *wireConn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flight, c.head = nil, nil
}

// Read reads, and closes the connection when something arrives that nobody asked for.
func (c *wireConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.h2 {
		return n, err
	}
	c.mu.Lock()
	f := c.flight
	if c.saving && n > 0 {
		c.save(p[:n])
	}
	c.mu.Unlock()
	switch {
	case f == nil && n > 0:
		c.Conn.Close()
		return 0, errUnsolicited
	case f != nil && n > 0:
		f.head.touch()
	case f != nil && err != nil && f.content != nil:
		// net/http waits for the content before it reports a broken connection; the content may have nothing to say for long.
		f.content.cancel()
	}
	return n, err
}

// save keeps the bytes up to the end of the last head; heads of interim responses are dropped.
func (c *wireConn) save(p []byte) {
	c.head = append(c.head, p...)
	for {
		end := headEnd(c.head)
		if end < 0 {
			c.saving = len(c.head) <= maxResponseHead
			return
		}
		interim := bytes.HasPrefix(c.head, []byte("HTTP/1.1 1")) && !bytes.HasPrefix(c.head, []byte("HTTP/1.1 101"))
		if !interim {
			c.head = c.head[:end:end]
			c.saving = false
			return
		}
		c.head = c.head[end:]
	}
}

// headEnd is the index after the empty line, or -1. A bare LF ends a line too.
func headEnd(b []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return -1
		}
		from += i + 1
		if bytes.HasPrefix(b[from:], []byte("\n")) {
			return from + 1
		}
		if bytes.HasPrefix(b[from:], []byte("\r\n")) {
			return from + 2
		}
	}
}

// readHead puts the version, reason phrase and headers into r as they came, in their order and case. A head that breaks the
// syntax of RFC 9112 where net/http lets it pass is a RemoteProtocolError.
func (c *wireConn) readHead(r *Response) error {
	c.mu.Lock()
	head := string(c.head)
	c.mu.Unlock()
	statusLine, rest, _ := strings.Cut(head, "\n")
	statusLine = strings.TrimRight(statusLine, "\r")
	version, status, _ := strings.Cut(statusLine, " ")
	code, reason, _ := strings.Cut(status, " ")
	if version != "HTTP/1.1" && version != "HTTP/1.0" || !isStatusCode(code) {
		return malformedHead("illegal status line %s", quoted(statusLine))
	}
	fields := make([][2]string, 0, strings.Count(rest, "\n"))
	for _, line := range strings.Split(rest, "\n") {
		line = strings.TrimRight(line, "\r")
		switch {
		case line == "":
			continue
		case line[0] == ' ' || line[0] == '\t':
			if len(fields) == 0 {
				return malformedHead("the first header line is a continuation")
			}
			last := &fields[len(fields)-1]
			last[1] = strings.TrimSpace(last[1] + " " + strings.Trim(line, " \t"))
			continue
		}
		name, value, found := strings.Cut(line, ":")
		if !found || name == "" || strings.IndexFunc(name, notTokenRune) >= 0 {
			return malformedHead("illegal header line %s", quoted(line))
		}
		fields = append(fields, [2]string{name, strings.Trim(value, " \t")})
	}
	r.Version, r.Reason, r.Headers = version, reason, NewHeaders(fields)
	return nil
}

func malformedHead(format string, args ...any) error {
	e := NewError(RemoteProtocolError, nil, "The server sent a malformed response: "+format+".", args...)
	e.Phase = "read"
	return e
}

func isStatusCode(s string) bool {
	if len(s) != 3 || s[0] == '0' {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}
