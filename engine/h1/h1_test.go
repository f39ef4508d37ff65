package h1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func wantKind(t *testing.T, err error, kind Kind, text string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want %s with %q", err, kinds[kind], text)
	}
}

func TestLimits(t *testing.T) {
	head := func(size int) string { // a head of so many bytes
		const around = "HTTP/1.1 204 No\r\nX: \r\n\r\n"
		return "HTTP/1.1 204 No\r\nX: " + strings.Repeat("y", size-len(around)) + "\r\n\r\n"
	}
	lines := func(n int) string { return strings.Repeat("X: y\r\n", n) }
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, test := range []struct{ name, raw, over string }{
		{"64 KiB of headers", head(64 << 10), ""},
		{"a head at the limit", head(MaxHead), ""},
		{"a head one over", head(MaxHead + 1), "bytes of headers"},
		{"lines at the limit", "HTTP/1.1 204 No\r\n" + lines(MaxLines) + "\r\n", ""},
		{"lines one over", "HTTP/1.1 204 No\r\n" + lines(MaxLines+1) + "\r\n", "header lines"},
		{"trailer lines at the limit", chunked + "0\r\n" + lines(MaxLines) + "\r\n", ""},
		{"trailer lines one over", chunked + "0\r\n" + lines(MaxLines+1) + "\r\n", "header lines"},
		{"trailers over", chunked + "0\r\nX: " + strings.Repeat("y", MaxHead) + "\r\n\r\n", "bytes of headers"},
		{"chunk line at the limit", chunked + "1;" + strings.Repeat("x", maxChunkLine-3) + "\r\na\r\n0\r\n\r\n", ""},
		{"chunk line one over", chunked + "1;" + strings.Repeat("x", maxChunkLine-1) + "\r\na\r\n0\r\n\r\n", "chunk's size"},
		{"a folded line of many", "HTTP/1.1 204 No\r\nX: y\r\n" + strings.Repeat(" z\r\n", MaxLines-1) + "\r\n", ""},
	} {
		for _, r := range []io.Reader{strings.NewReader(test.raw), iotest.HalfReader(strings.NewReader(test.raw))} {
			c := start(t, r, "GET")
			_, err := c.ReadResponse(nil)
			if err == nil {
				_, err = readAll(c)
			}
			if test.over == "" && err != nil {
				t.Errorf("%s: %v", test.name, err)
			} else if test.over != "" {
				wantKind(t, err, Remote, test.over)
			}
		}
	}
}

// endless gives the same bytes for ever, and counts them.
type endless struct {
	text string
	n    int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.text[(e.n+i)%len(e.text)]
	}
	e.n += len(p)
	return len(p), nil
}

func TestEndlessInputIsBounded(t *testing.T) {
	for name, test := range map[string]struct{ begin, rest string }{
		"no line end": {"", "x"}, "header lines": {"HTTP/1.1 200 OK\r\n", "X: y\r\n"}, "header value": {"HTTP/1.1 200 OK\r\nX: ", "y"},
		"interim responses": {"", "HTTP/1.1 100 Continue\r\n\r\n"}, "status reason": {"HTTP/1.1 200 ", "y"},
		"chunk size":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0"},
		"trailer lines": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"},
	} {
		more := &endless{text: test.rest}
		c := start(t, io.MultiReader(strings.NewReader(test.begin), more), "GET")
		_, err := c.ReadResponse(nil)
		if err == nil {
			_, err = readAll(c)
		}
		wantKind(t, err, Remote, "")
		if more.n > 3*MaxHead || len(c.in) > 2*MaxHead {
			t.Errorf("%s: read %d bytes, kept %d", name, more.n, len(c.in))
		}
	}
}

func TestWriting(t *testing.T) {
	big := bytes.Repeat([]byte("z"), maxPiece+1)
	for _, test := range []struct {
		name           string
		method, target string
		headers        [][2]string
		body           []byte
		want           string
		writes         int
	}{
		{"order, case and repetition", "GET", "/p?q", [][2]string{{"Host", "h"}, {"x-lower", "1"}, {"X-Lower", "2"}, {"A", ""}}, nil,
			"GET /p?q HTTP/1.1\r\nHost: h\r\nx-lower: 1\r\nX-Lower: 2\r\nA: \r\n\r\n", 1},
		{"a small body in the same write", "POST", "/", [][2]string{{"content-length", "2"}}, []byte("ok"),
			"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nok", 1},
		{"a large one in another", "POST", "/", [][2]string{{"Content-Length", "65537"}}, big,
			"POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n" + string(big), 2},
		{"chunked", "POST", "/", [][2]string{{"Transfer-Encoding", "Chunked"}}, []byte("0123456789"),
			"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n", 1},
		{"chunked and empty", "POST", "/", [][2]string{{"Transfer-Encoding", "chunked"}}, nil,
			"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1},
		{"chunked and large", "POST", "/", [][2]string{{"Transfer-Encoding", "chunked"}}, big,
			"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n" + string(big[1:]) + "\r\n1\r\nz\r\n0\r\n\r\n", 4},
		{"a length beside chunks is left out", "POST", "/", [][2]string{{"Content-Length", "2"}, {"Transfer-Encoding", "chunked"}}, []byte("ok"),
			"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1},
		{"Latin-1 and UTF-8 go out as they are", "GET", "/\xe9", [][2]string{{"A", "\xe9€"}}, nil, "GET /\xe9 HTTP/1.1\r\nA: \xe9€\r\n\r\n", 1},
	} {
		w := &wire{}
		c := NewConn(w)
		if err := c.WriteRequest(test.method, test.target, test.headers, test.body); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if got := w.sent.String(); got != test.want || w.writes != test.writes {
			t.Errorf("%s: %d writes of\n%.200q, want %d of\n%.200q", test.name, w.writes, got, test.writes, test.want)
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	for text, request := range map[string]struct {
		method, target string
		header         [2]string
		body           string
	}{
		"method":                     {"G T", "/", [2]string{"A", "b"}, ""},
		"not a token":                {"", "/", [2]string{"A", "b"}, ""},
		"target is empty":            {"GET", "", [2]string{"A", "b"}, ""},
		"position 1":                 {"GET", "/ HTTP/1.1\r\nEvil: 1", [2]string{"A", "b"}, ""},
		"header name":                {"GET", "/", [2]string{"A:", "b"}, ""},
		`header name ""`:             {"GET", "/", [2]string{"", "b"}, ""},
		`A has the character '\r'`:   {"GET", "/", [2]string{"A", "b\r\nEvil: 1"}, ""},
		`A has the character '\n'`:   {"GET", "/", [2]string{"A", "b\nEvil: 1"}, ""},
		`A has the character '\x00'`: {"GET", "/", [2]string{"A", "\x00"}, ""},
		`Content-Length "x"`:         {"GET", "/", [2]string{"Content-Length", "x"}, ""},
		"only chunked":               {"GET", "/", [2]string{"Transfer-Encoding", "gzip"}, ""},
		"has 2 bytes, not the 3":     {"POST", "/", [2]string{"Content-Length", "3"}, "ok"},
		"has 2 bytes, not the 0":     {"POST", "/", [2]string{"A", "b"}, "ok"},
	} {
		w := &wire{}
		c := NewConn(w)
		err := c.WriteRequest(request.method, request.target, [][2]string{{"Host", "h"}, request.header}, []byte(request.body))
		wantKind(t, err, Local, text)
		if w.sent.Len() > 0 || !c.Untouched() {
			t.Errorf("%s: %q was written", text, w.sent.String())
		}
	}
	// R8: no position of a name, a value or a target lets a line end through.
	for _, evil := range []string{"\r", "\n", "\r\n", "\x00", "\x0b", "\x0c", "\x7f"} {
		for i := range 4 {
			field := "abc"[:min(i, 3)] + evil + "abc"[min(i, 3):]
			for _, err := range []error{
				NewConn(&wire{}).WriteHead("GET", "/", [][2]string{{field, "v"}}), NewConn(&wire{}).WriteHead("GET", "/", [][2]string{{"n", field}}),
				NewConn(&wire{}).WriteHead("GET", "/"+field, nil), NewConn(&wire{}).WriteHead(field, "/", nil),
			} {
				wantKind(t, err, Local, "")
			}
		}
	}
}

func TestStreamedBodies(t *testing.T) {
	w := &wire{}
	c := NewConn(w)
	write := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
	}
	write(c.WriteHead("POST", "/", [][2]string{{"Transfer-Encoding", "chunked"}}), c.WriteBody([]byte("abc")), c.WriteBody(nil), c.WriteBody([]byte("d")),
		c.CloseBody([][2]string{{"X-Sum", "4"}}))
	if got := w.sent.String(); !strings.HasSuffix(got, "\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nX-Sum: 4\r\n\r\n") {
		t.Errorf("%q", got)
	}
	wantKind(t, NewConn(&wire{}).WriteBody([]byte("x")), Local, "announced no body")
	c = NewConn(&wire{})
	write(c.WriteHead("POST", "/", [][2]string{{"Content-Length", "3"}}), c.WriteBody([]byte("ab")))
	wantKind(t, c.CloseBody(nil), Local, "1 bytes of the body are missing")
	wantKind(t, c.WriteBody([]byte("cd")), Local, "1 bytes longer")
	write(c.WriteBody([]byte("c")), c.CloseBody(nil))
}

// failing gives an error after some bytes.
type failing struct {
	text string
	err  error
}

func (f *failing) Read(p []byte) (int, error) {
	n := copy(p, f.text)
	f.text = f.text[n:]
	if n == 0 {
		return 0, f.err
	}
	return n, nil
}

func (f *failing) Write(p []byte) (int, error) { return 0, f.err }

func TestErrorsOfTheConnection(t *testing.T) {
	broken := errors.New("broken")
	whole := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n"
	for n := range whole {
		c := start(t, &failing{whole[:n], broken}, "GET")
		_, err := c.ReadResponse(nil)
		if err == nil {
			_, err = readAll(c)
		}
		wantKind(t, err, Read, "broken")
		if !errors.Is(err, broken) || c.Reusable() || c.Received() != (n > 0) {
			t.Errorf("after %d bytes: %v, reusable %v", n, err, c.Reusable())
		}
		if _, again := c.ReadBody(make([]byte, 1)); again == nil || again == io.EOF {
			t.Errorf("after %d bytes, once more: %v", n, again)
		}
	}
	c := NewConn(&failing{"", broken})
	err := c.WriteRequest("GET", "/", nil, nil)
	wantKind(t, err, Write, "broken")
	if !errors.Is(err, broken) || !c.Untouched() {
		t.Error(err)
	}
}

func TestManyExchangesOnOneConnection(t *testing.T) {
	var in bytes.Buffer
	bodies := []string{"", "small", strings.Repeat("medium", 3000), strings.Repeat("large", 200000)}
	for i := range 40 {
		body := bodies[i%len(bodies)]
		if i%3 == 0 {
			fmt.Fprintf(&in, "HTTP/1.1 200 OK\r\nX-N: %d\r\nTransfer-Encoding: chunked\r\n\r\n", i)
			for part := range slices.Chunk([]byte(body), 30000) {
				fmt.Fprintf(&in, "%x\r\n%s\r\n", len(part), part)
			}
			in.WriteString("0\r\n\r\n")
		} else {
			fmt.Fprintf(&in, "HTTP/1.1 200 OK\r\nX-N: %d\r\nContent-Length: %d\r\n\r\n%s", i, len(body), body)
		}
	}
	c := NewConn(&wire{Reader: &in})
	for i := range 40 {
		if err := c.WriteRequest("GET", "/", nil, nil); err != nil {
			t.Fatal(err)
		}
		r, err := c.ReadResponse(nil)
		if err != nil {
			t.Fatal(err)
		}
		var body []byte
		p := make([]byte, 100000)
		for {
			n, err := c.ReadBody(p)
			body = append(body, p[:n]...)
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if r.Headers[0][1] != fmt.Sprint(i) || string(body) != bodies[i%len(bodies)] || !c.sent {
			t.Fatalf("exchange %d: %q with %d bytes", i, r.Headers, len(body))
		}
	}
	if !c.Reusable() {
		t.Error("not reusable in the end")
	}
	c.WriteRequest("GET", "/", nil, nil)
	if len(c.in) > keptBuffer {
		t.Errorf("a buffer of %d bytes is kept", len(c.in))
	}
}

func TestReadBuffered(t *testing.T) {
	for _, test := range []struct {
		raw   string
		want  string
		ended bool
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", "hello", false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello", true},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n", "hello", false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2", "hel", false},
		{"HTTP/1.1 200 OK\r\n\r\nhello", "hello", false},
	} {
		c := start(t, &failing{test.raw, errors.New("waited")}, "GET")
		if _, err := c.ReadResponse(nil); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, c.Buffered())
		n, err := c.ReadBuffered(p)
		if string(p[:n]) != test.want || c.Ended() != test.ended || err != nil {
			t.Errorf("%q: %q, %v, %v", test.raw, p[:n], c.Ended(), err)
		}
	}
}

func FuzzResponse(f *testing.F) {
	_, list := readVerdicts(f)
	for _, v := range list {
		f.Add(v.raw, v.request == "HEAD", 7)
	}
	f.Fuzz(func(t *testing.T, raw string, head bool, piece int) {
		request := "GET"
		if head {
			request = "HEAD"
		}
		whole := judge(t, strings.NewReader(raw), request)
		pieces := judge(t, &inPieces{raw, max(piece&0xff, 1)}, request)
		if strings.TrimSuffix(whole, " kept") != strings.TrimSuffix(pieces, " kept") {
			t.Errorf("%q\nwhole     %s\nin pieces %s", raw, whole, pieces)
		}
		c := start(t, strings.NewReader(raw), request)
		r, err := c.ReadResponse(nil)
		if err != nil {
			return
		}
		if r.Status < 200 || r.Status > 999 || strings.ContainsAny(r.Reason, "\r\n\x00") || r.Length < -1 {
			t.Errorf("%+v", r)
		}
		for _, field := range r.Headers {
			if field[0] == "" || !isToken(field[0]) || badValueByte(field[1]) >= 0 || field[1] != strings.Trim(field[1], " \t") {
				t.Errorf("field %q", field)
			}
		}
	})
}

// inPieces gives a text in pieces of n bytes.
type inPieces struct {
	text string
	n    int
}

func (r *inPieces) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), r.n)], r.text)
	r.text = r.text[n:]
	return n, nil
}

// loop gives the same response again and again.
type loop struct {
	text string
	r    int
}

func (l *loop) Read(p []byte) (int, error) {
	if l.r == len(l.text) {
		l.r = 0
	}
	n := copy(p, l.text[l.r:])
	l.r += n
	return n, nil
}

func (l *loop) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkExchange(b *testing.B) {
	headers := [][2]string{{"Host", "127.0.0.1:18080"}, {"Accept", "*/*"}, {"Accept-Encoding", "gzip, deflate, br, zstd"}, {"Connection", "keep-alive"}, {"User-Agent", "httpx-repl/0.1"}}
	c := NewConn(&loop{text: "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 7\r\nConnection: keep-alive\r\n\r\n{\"n\":1}"})
	body := make([]byte, 100)
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c.WriteRequest("GET", "/hello", headers, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.ReadResponse(nil); err != nil {
				b.Fatal(err)
			}
			if n, err := c.ReadBody(body); err != nil || n != 7 || !c.Ended() {
				b.Fatal(n, err)
			}
		}
	})
}
