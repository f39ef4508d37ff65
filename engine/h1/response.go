package h1

import (
	"io"
	"strings"
)

// Response is the head of a response.
type Response struct {
	Version string // "HTTP/1.1"
	Status  int
	Reason  string      // as it came; it may hold control characters
	Headers [][2]string // as they came, in their order and case; folded lines are joined by a blank
	Length  int64       // of the body in bytes, or -1 when only its end will tell
	// Switched says that what follows is another protocol, after 101 or the success of CONNECT: see Conn.Raw.
	Switched bool
}

// ReadResponse reads the head of the final response. Interim is told of those before it (RFC 9110, section 15.2); it may be nil.
func (c *Conn) ReadResponse(interim func(Response)) (Response, error) {
	for n := 0; ; n++ {
		head, err := c.readHead()
		if err != nil {
			return Response{}, c.broken(err)
		}
		r, f, err := parseHead(head)
		if err != nil {
			return Response{}, c.broken(err)
		}
		if r.Status >= 200 || r.Status == 101 {
			if err := c.expectBody(&r, f); err != nil {
				return Response{}, c.broken(err)
			}
			return r, nil
		}
		if n == MaxInterim {
			return Response{}, c.broken(remote("more than %d interim responses", MaxInterim))
		}
		if interim != nil {
			interim(r)
		}
	}
}

func (c *Conn) broken(err error) error {
	c.readErr = err
	return err
}

func (c *Conn) readHead() (string, error) {
	c.lines = 0
	end, err := c.block(true)
	if err == io.EOF {
		text := "the server closed the connection without sending a response"
		if c.r < c.w {
			text = "the server closed the connection in the head of the response"
		}
		return "", &Error{Kind: Closed, Text: text, Cause: io.EOF}
	}
	if err != nil {
		return "", err
	}
	head := string(c.in[c.r:end])
	c.r = end
	return head, nil
}

// frames are what the fields of a head say about the body and the connection.
type frames struct {
	length           int64 // -1 for none
	chunked          bool
	close, keepAlive bool
}

// parseHead reads a status line and the fields, up to and with the empty line.
func parseHead(head string) (r Response, f frames, err error) {
	line, rest := cutLine(head)
	if err := parseStatusLine(line, &r); err != nil {
		return r, f, err
	}
	if r.Headers, err = parseFields(rest); err != nil {
		return r, f, err
	}
	f.length = -1
	for _, field := range r.Headers {
		switch name, value := field[0], field[1]; len(name) {
		case len("content-length"):
			if !isName(name, "content-length") {
				continue
			}
			n, ok := parseLength(value)
			if !ok {
				return r, f, remote("malformed Content-Length %s", excerpt(value))
			}
			if f.length >= 0 && f.length != n {
				return r, f, remote("two different Content-Length: %d and %d", f.length, n)
			}
			f.length = n
		case len("transfer-encoding"):
			if !isName(name, "transfer-encoding") {
				continue
			}
			if !isName(value, "chunked") || f.chunked {
				return r, f, remote("the transfer coding %s, where only a single chunked is known", excerpt(value))
			}
			if r.Version == "HTTP/1.0" {
				return r, f, remote("a transfer coding in an HTTP/1.0 response")
			}
			f.chunked = true
		case len("connection"):
			if isName(name, "connection") {
				f.close = f.close || hasToken(value, "close")
				f.keepAlive = f.keepAlive || hasToken(value, "keep-alive")
			}
		}
	}
	return r, f, nil
}

// parseStatusLine reads "HTTP/1.1 200 OK"; the reason, and the blank before it, may be missing.
func parseStatusLine(line string, r *Response) error {
	const shortest = len("HTTP/1.1 200")
	if len(line) < shortest || line[:7] != "HTTP/1." || !isDigit(line[7]) || line[8] != ' ' ||
		line[9] < '1' || line[9] > '9' || !isDigit(line[10]) || !isDigit(line[11]) ||
		len(line) > shortest && line[shortest] != ' ' {
		return remote("malformed status line %s", excerpt(line))
	}
	r.Version = line[:8]
	r.Status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
	if len(line) > shortest {
		r.Reason = line[shortest+1:]
		if strings.IndexByte(r.Reason, 0) >= 0 || strings.IndexByte(r.Reason, '\r') >= 0 {
			return remote("malformed reason phrase %s", excerpt(r.Reason))
		}
	}
	return nil
}

// parseFields reads field lines up to and with the empty line.
func parseFields(text string) ([][2]string, error) {
	fields := make([][2]string, 0, strings.Count(text, "\n")-1)
	for {
		var line string
		line, text = cutLine(text)
		if line == "" {
			return fields, nil
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(fields) == 0 {
				return nil, remote("the first header line is a continuation")
			}
			last := &fields[len(fields)-1][1]
			*last = trim(*last + " " + trim(line))
			if badValueByte(line) >= 0 {
				return nil, remote("control character in the header line %s", excerpt(line))
			}
			continue
		}
		colon := strings.IndexByte(line, ':')
		if colon <= 0 || !isToken(line[:colon]) {
			return nil, remote("malformed header line %s", excerpt(line))
		}
		value := trim(line[colon+1:])
		if badValueByte(value) >= 0 {
			return nil, remote("control character in the header line %s", excerpt(line))
		}
		fields = append(fields, [2]string{line[:colon], value})
	}
}

// cutLine takes the first line, without its end, off a text in which every line has one.
func cutLine(text string) (line, rest string) {
	i := strings.IndexByte(text, '\n')
	line, rest = text[:i], text[i+1:]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// expectBody decides how the body ends (RFC 9112, section 6.3).
func (c *Conn) expectBody(r *Response, f frames) error {
	c.phase, c.left, c.ended = chunkSize, 0, false
	c.keep = !f.close && (r.Version != "HTTP/1.0" || f.keepAlive)
	if f.chunked && f.length >= 0 {
		c.keep = false
	}
	r.Length = 0
	switch {
	case c.connect && r.Status/100 == 2, r.Status == 101:
		if r.Status == 101 && !c.upgrade {
			return remote("the server switched protocols, which nobody had asked for")
		}
		c.body, c.keep, r.Switched = raw, false, true
	case c.head, r.Status == 204, r.Status == 304:
		c.body = none
	case f.chunked:
		c.body, r.Length = chunked, -1
	case f.length >= 0:
		c.body, c.left, r.Length = length, f.length, f.length
	default:
		c.body, c.keep, r.Length = untilClose, false, -1
	}
	c.ended = c.body == none || c.body == raw || c.body == length && c.left == 0
	return nil
}
