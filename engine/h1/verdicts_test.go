package h1

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// wire is a connection on which everything that will come has come.
type wire struct {
	io.Reader
	sent   bytes.Buffer
	writes int
}

func (w *wire) Write(p []byte) (int, error) {
	w.writes++
	return w.sent.Write(p)
}

// verdict is one of testdata/responses.txt.
type verdict struct {
	name, request, raw, want string
}

func readVerdicts(t testing.TB) (comment string, list []verdict) {
	text, err := os.ReadFile("testdata/responses.txt")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	for _, block := range blocks[1:] {
		lines := strings.Split(block, "\n")
		if len(lines) != 3 {
			t.Fatalf("testdata/responses.txt: %q is not a name, a response and a verdict", block)
		}
		request, quoted, _ := strings.Cut(lines[1], " ")
		raw, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatalf("%s: %v", lines[0], err)
		}
		list = append(list, verdict{lines[0], request, raw, lines[2]})
	}
	return blocks[0], list
}

// start sends the request of a verdict.
func start(t testing.TB, r io.Reader, request string) *Conn {
	c := NewConn(&wire{Reader: r})
	method, headers := request, [][2]string{{"Host", "h"}}
	if request == "UPGRADE" {
		method, headers = "GET", append(headers, [2]string{"Upgrade", "x"})
	}
	if err := c.WriteRequest(method, "/", headers, nil); err != nil {
		t.Fatal(err)
	}
	return c
}

var kinds = map[Kind]string{Local: "local", Remote: "remote", Closed: "closed", Truncated: "truncated", Read: "read", Write: "write"}

// judge reads a response and says in one line what came of it.
func judge(t testing.TB, r io.Reader, request string) string {
	c := start(t, r, request)
	failure := func(err error) string {
		e, ok := err.(*Error)
		if !ok {
			t.Fatalf("an error without a kind: %v", err)
		}
		if c.Reusable() {
			t.Errorf("reusable after %v", err)
		}
		return kinds[e.Kind] + ": " + e.Text
	}
	interim := ""
	response, err := c.ReadResponse(func(r Response) { interim += fmt.Sprintf("%d %q; ", r.Status, r.Headers) })
	if err != nil {
		return interim + failure(err)
	}
	line := fmt.Sprintf("%s%s %d %q %q", interim, response.Version, response.Status, response.Reason, response.Headers)
	if response.Switched {
		rest, _ := io.ReadAll(c.Raw())
		return line + fmt.Sprintf(" switched %q", rest)
	}
	body, err := readAll(c)
	line += fmt.Sprintf(" body %q", body)
	if err != nil {
		return line + " " + failure(err)
	}
	if c.Trailers() != nil {
		line += fmt.Sprintf(" trailers %q", c.Trailers())
	}
	if c.Reusable() {
		return line + " kept"
	}
	return line
}

func readAll(c *Conn) ([]byte, error) {
	var body []byte
	for p := make([]byte, 10); !c.Ended(); {
		n, err := c.ReadBody(p)
		body = append(body, p[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return body, err
		}
		if n == 0 {
			return body, &Error{Kind: Read, Text: "a read of nothing"}
		}
	}
	return body, nil
}

func TestVerdicts(t *testing.T) {
	comment, list := readVerdicts(t)
	if len(list) < 150 {
		t.Fatalf("only %d verdicts", len(list))
	}
	text := comment + "\n"
	for _, v := range list {
		got := judge(t, strings.NewReader(v.raw), v.request)
		text += fmt.Sprintf("\n%s\n%s %q\n%s\n", v.name, v.request, v.raw, got)
		if got != v.want && !*update {
			t.Errorf("%s: %q\n got %s\nwant %s", v.name, v.raw, got, v.want)
		}
		// Where the pieces end makes no difference, but that what comes after a response is not seen before the next.
		slow := judge(t, iotest.OneByteReader(strings.NewReader(v.raw)), v.request)
		if strings.TrimSuffix(slow, " kept") != strings.TrimSuffix(got, " kept") {
			t.Errorf("%s, byte by byte: %q\n got %s\nwant %s", v.name, v.raw, slow, got)
		}
	}
	if *update {
		if err := os.WriteFile("testdata/responses.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDifferencesFromNetHTTP compares with net/http. testdata/differences.txt lists what is meant to differ, and why.
func TestDifferencesFromNetHTTP(t *testing.T) {
	text, err := os.ReadFile("testdata/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, reason, found := strings.Cut(strings.TrimSpace(line), " -- "); found && reason != "" {
			reasons[name] = reason
		}
	}
	_, list := readVerdicts(t)
	for _, v := range list {
		if v.request == "UPGRADE" || v.request == "CONNECT" || strings.HasPrefix(v.name, "interim: ") {
			continue // net/http's client does more about these than its parser
		}
		ours, theirs := ourReading(t, v), theirReading(v)
		_, meant := reasons[v.name]
		delete(reasons, v.name)
		if ours == theirs && meant {
			t.Errorf("%s: no difference any more", v.name)
		}
		if ours != theirs && !meant {
			t.Errorf("%s: %q\n     h1 %s\nnet/http %s", v.name, v.raw, ours, theirs)
		}
	}
	for name := range reasons {
		t.Errorf("testdata/differences.txt: there is no verdict %q", name)
	}
}

func ourReading(t *testing.T, v verdict) string {
	c := start(t, strings.NewReader(v.raw), v.request)
	r, err := c.ReadResponse(nil)
	if err != nil {
		return "refused"
	}
	h := http.Header{}
	for _, field := range r.Headers {
		h.Add(field[0], field[1])
	}
	body, err := readAll(c)
	return reading(r.Status, h, body, err)
}

func theirReading(v verdict) string {
	r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(v.raw)), &http.Request{Method: v.request})
	if err != nil {
		return "refused"
	}
	h := r.Header
	if r.TransferEncoding != nil {
		h["Transfer-Encoding"] = r.TransferEncoding
	}
	body, err := io.ReadAll(r.Body)
	return reading(r.StatusCode, h, body, err)
}

func reading(status int, h http.Header, body []byte, err error) string {
	var fields []string
	for name, values := range h {
		if name = http.CanonicalHeaderKey(name); name == "Content-Length" || name == "Transfer-Encoding" || name == "Connection" {
			continue // net/http takes these off in some cases
		}
		fields = append(fields, fmt.Sprintf("%s: %q", name, values))
	}
	slices.Sort(fields)
	return fmt.Sprintf("%d %v %q broken=%v", status, fields, body, err != nil)
}
