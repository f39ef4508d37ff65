package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

// echoHead answers with the head of the request as the body.
func echoHead(t *testing.T) string {
	return "http://" + enginetest.Raw(t, func(conn net.Conn) {
		for {
			head := enginetest.ReadHead(conn)
			if head == "" {
				return
			}
			var length int
			if _, after, found := strings.Cut(head, "Content-Length: "); found {
				fmt.Sscan(after, &length)
			}
			io.CopyN(io.Discard, conn, int64(length))
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(head), head)
		}
	})
}

func TestHeadsOnTheWire(t *testing.T) {
	url := echoHead(t)
	host := strings.TrimPrefix(url, "http://")
	client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
	const agent = "User-Agent: httpx-repl/test\r\n"
	defaults := "Accept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\n"
	json := func() RequestOptions {
		content, headers := JSONContent([]byte(`{"a":1}`))
		return RequestOptions{Content: content, ContentHeaders: headers}
	}
	for _, test := range []struct {
		name, method string
		options      RequestOptions
		want         string
	}{
		{"CL15 GET", "GET", RequestOptions{Headers: NewHeaders([][2]string{{"x-own", "1"}, {"X-OWN", "2"}})},
			"GET / HTTP/1.1\r\nHost: " + host + "\r\n" + defaults + agent + "x-own: 1\r\nX-OWN: 2\r\n\r\n"},
		{"CL16 a JSON POST", "POST", json(),
			"POST / HTTP/1.1\r\nHost: " + host + "\r\n" + defaults + agent + "Content-Length: 7\r\nContent-Type: application/json\r\n\r\n"},
		{"CL16 an empty POST", "POST", RequestOptions{}, "POST / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 0\r\n" + defaults + agent + "\r\n"},
		{"CL17 an overridden default", "GET", RequestOptions{Headers: NewHeaders([][2]string{{"ACCEPT", "x"}})},
			"GET / HTTP/1.1\r\nHost: " + host + "\r\n" + strings.TrimPrefix(defaults, "Accept: */*\r\n") + agent + "ACCEPT: x\r\n\r\n"},
	} {
		response, err := client.Request(t.Context(), test.method, url, test.options, SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := response.Text(); text != test.want {
			t.Errorf("%s:\n got %q\nwant %q", test.name, text, test.want)
		}
	}
	t.Run("what is missing is added", func(t *testing.T) {
		request := build(t, client, "PUT", url, json())
		request.Headers = NewHeaders([][2]string{{"A", "b"}})
		response, err := client.Send(t.Context(), request, SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := response.Text(); text != "PUT / HTTP/1.1\r\nA: b\r\nHost: "+host+"\r\nContent-Length: 7\r\n\r\n" || request.Headers.Len() != 1 {
			t.Errorf("%q", text)
		}
	})
	t.Run("CL15 R11 64 KiB of headers both ways", func(t *testing.T) {
		long := strings.Repeat("y", 60<<10)
		response, err := client.Request(t.Context(), "GET", url, RequestOptions{Headers: NewHeaders([][2]string{{"X", long}})}, SendOptions{})
		if err != nil || response.NumBytesDownloaded() < 60<<10 {
			t.Error(err)
		}
		if got := header(get(t, client, answering(t, "HTTP/1.1 204 No\r\nX: "+long+"\r\n\r\n")).Headers, "X"); got != long {
			t.Error(len(got))
		}
	})
}

func TestBufferedStream(t *testing.T) {
	client, transport := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
	for _, test := range []struct {
		name, response string
		buffered       bool
		body           string
	}{
		{"a small body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true, "ok"},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", true, "ok"},
		{"no body", "HTTP/1.1 204 No\r\n\r\n", true, ""},
		{"a large body", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100000), false, strings.Repeat("x", 100000)},
	} {
		response, err := client.Request(t.Context(), "GET", answering(t, test.response), RequestOptions{}, SendOptions{Stream: true})
		if err != nil {
			t.Fatal(err)
		}
		stream := response.Stream.(BufferedStream)
		if stream.Buffered() != test.buffered {
			t.Errorf("%s: buffered is %v", test.name, stream.Buffered())
		}
		if transport.pool.conns[len(transport.pool.conns)-1].users != 1 {
			t.Errorf("%s: the connection was given back before the body was read", test.name)
		}
		var body []byte
		for {
			chunk, err := stream.Next(t.Context())
			body = append(body, chunk...)
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if string(body) != test.body || !stream.Buffered() {
			t.Errorf("%s: %.20q", test.name, body)
		}
		if transport.pool.conns[len(transport.pool.conns)-1].users != 0 {
			t.Errorf("%s: the connection was not given back", test.name)
		}
		response.Close()
	}
}

func TestUploads(t *testing.T) {
	client, transport := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
	t.Run("PL03 an early answer to a large body in memory", func(t *testing.T) {
		done := make(chan struct{})
		defer close(done)
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
			<-done // and reads nothing
		})
		content, headers := BytesContent(make([]byte, 64<<20))
		response, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		if err != nil || response.StatusCode != 413 || len(transport.pool.conns) != 0 {
			t.Error(response, err, len(transport.pool.conns))
		}
	})
	t.Run("both directions at once, and the connection is kept", func(t *testing.T) {
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			for enginetest.ReadHead(conn) != "" {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
				for chunk := make([]byte, 8); ; {
					if _, err := io.ReadFull(conn, chunk[:5]); err != nil || string(chunk[:5]) == "0\r\n\r\n" {
						break
					}
					io.ReadFull(conn, chunk[5:6])
					conn.Write(chunk[:6])
				}
				io.WriteString(conn, "0\r\n\r\n")
			}
		})
		for range 3 {
			turns := make(channelStream, 1)
			content, headers := StreamContent(turns, -1)
			response, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{Stream: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range "ping" {
				turns <- string(c)
				if chunk, err := response.Stream.Next(t.Context()); string(chunk) != string(c) || err != nil {
					t.Fatal(chunk, err)
				}
			}
			close(turns)
			if _, err := response.Stream.Next(t.Context()); err != io.EOF {
				t.Error(err)
			}
			response.Close()
		}
		if len(transport.pool.conns) != 1 || transport.pool.conns[0].served != 3 {
			t.Errorf("%d connections", len(transport.pool.conns))
		}
	})
	t.Run("TM04 the read limit waits for the end of a slow upload, and then counts", func(t *testing.T) {
		limit := 100 * time.Millisecond
		client, _ := netClient(t, TransportOptions{}, Timeout{Read: limit})
		aborted := make(chan struct{})
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.WaitForClose(conn)
			close(aborted)
		})
		turns := make(channelStream)
		content, headers := StreamContent(turns, -1)
		begun := time.Now()
		go func() {
			<-time.After(3 * limit)
			turns <- "x"
			close(turns)
		}()
		_, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		wantClass(t, err, ReadTimeout, "no data from the server within 100ms")
		if took := time.Since(begun); took < 4*limit {
			t.Errorf("after %s", took)
		}
		<-aborted
	})
	t.Run("TM04 a body may wait for the rest of the upload longer than the read limit", func(t *testing.T) {
		limit := 50 * time.Millisecond
		client, _ := netClient(t, TransportOptions{}, Timeout{Read: limit})
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
			io.CopyN(conn, conn, 1)
		})
		turns := make(channelStream)
		content, headers := StreamContent(turns, 1)
		go func() {
			<-time.After(4 * limit)
			turns <- "x"
			close(turns)
		}()
		response, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := response.Text(); text != "x" {
			t.Error(text)
		}
	})
	t.Run("a stream that is longer or shorter than announced", func(t *testing.T) {
		url := echoHead(t)
		for text, n := range map[string]int64{"Too much data": 2, "Too little data": 9} {
			content, headers := StreamContent(&listStream{chunks: []string{"hel", "lo"}}, n)
			_, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
			wantClass(t, err, LocalProtocolError, text)
		}
		content, _ := StreamContent(&listStream{chunks: []string{"hel", "lo"}}, -1)
		_, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, Headers: NewHeaders([][2]string{{"Content-Length", "4"}})}, SendOptions{})
		wantClass(t, err, LocalProtocolError, "longer than announced")
	})
	t.Run("a stream is closed whatever happens", func(t *testing.T) {
		url := answering(t, "HTTP/1.1 204 No\r\n\r\n")
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		nobody := "http://" + free.Addr().String()
		free.Close()
		for _, change := range []func(*Request){
			func(r *Request) { r.Method = "P T" },
			func(r *Request) { r.Extensions["target"] = []byte("a b") },
			func(r *Request) { r.URL, _ = ParseURL(nobody) },
			func(r *Request) {},
		} {
			closed := make(chan struct{})
			content, headers := StreamContent(closingStream{&listStream{chunks: []string{"x"}}, closed}, -1)
			request := build(t, client, "POST", url, RequestOptions{Content: content, ContentHeaders: headers})
			change(request)
			_, err := client.Send(t.Context(), request, SendOptions{})
			if errors.Is(err, LocalProtocolError) && request.Method == "POST" {
				continue // it was not opened
			}
			<-closed
		}
	})
	t.Run("a large body arrives whole", func(t *testing.T) {
		body := bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			for enginetest.ReadHead(conn) != "" {
				got := make([]byte, len(body))
				io.ReadFull(conn, got)
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n%5v", bytes.Equal(got, body))
			}
		})
		for range 2 {
			content, headers := BytesContent(body)
			response, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := response.Text(); text != " true" {
				t.Error(text)
			}
		}
	})
}

func TestSwitchedProtocol(t *testing.T) {
	gone := make(chan struct{})
	url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
		enginetest.ReadHead(conn)
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nhello ")
		io.Copy(conn, conn)
		close(gone)
	})
	client, transport := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
	options := RequestOptions{Headers: NewHeaders([][2]string{{"Connection", "upgrade"}, {"Upgrade", "echo"}})}
	response, err := client.Request(t.Context(), "GET", url, options, SendOptions{Stream: true})
	if err != nil || response.StatusCode != 101 {
		t.Fatal(response, err)
	}
	if _, err := response.Stream.Next(t.Context()); err != io.EOF {
		t.Error(err)
	}
	stream := response.Extensions["network_stream"].(io.ReadWriteCloser)
	io.WriteString(stream, "world")
	text := make([]byte, len("hello world"))
	if _, err := io.ReadFull(stream, text); err != nil || string(text) != "hello world" {
		t.Errorf("%q %v", text, err)
	}
	response.Close()
	<-gone
	if len(transport.pool.conns) != 0 {
		t.Error("the connection is still in the pool")
	}
}

func TestNextHasItsOwnContext(t *testing.T) {
	aborted := make(chan struct{})
	url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
		enginetest.ReadHead(conn)
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
		enginetest.WaitForClose(conn)
		close(aborted)
	})
	client, _ := netClient(t, TransportOptions{}, Timeout{})
	response, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{Stream: true})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	if chunk, err := response.Stream.Next(ctx); string(chunk) != "ab" || err != nil {
		t.Error(chunk, err)
	}
	cancel(stop)
	if _, err := response.Stream.Next(ctx); err != stop {
		t.Error(err)
	}
	<-aborted
	response.Close()
}

// closingStream tells when it is closed.
type closingStream struct {
	ByteStream
	closed chan struct{}
}

func (c closingStream) Close() error {
	close(c.closed)
	return c.ByteStream.Close()
}
