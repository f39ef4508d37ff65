package engine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"httpx-repl/engine/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// netClient is a client over a network transport of its own.
func netClient(t *testing.T, options TransportOptions, timeout Timeout) (*Client, *HTTPTransport) {
	t.Helper()
	transport := mustTransport(t, options)
	return mockClient(t, ClientOptions{Transport: transport, Timeout: &timeout, Clock: time.Now}, nil), transport
}

// answering serves fixed bytes to every request on a connection.
func answering(t *testing.T, response string) string {
	return "http://" + enginetest.Raw(t, func(conn net.Conn) {
		for enginetest.ReadHead(conn) != "" {
			io.WriteString(conn, response)
		}
	})
}

func TestNetworkExchange(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", fmt.Sprintf("%s %s %s %d %v", r.Method, r.RequestURI, r.Host, r.ContentLength, r.TransferEncoding))
		w.Header().Set("X-Agent", r.UserAgent())
		w.Write(body)
	}))
	defer server.Close()
	client, _ := netClient(t, TransportOptions{}, DefaultTimeout)

	t.Run("AC01 AC19 CL01 facts of a GET", func(t *testing.T) {
		response := get(t, client, server.URL+"/p%2Fq?a=%20#f")
		if got := header(response.Headers, "X-Saw"); got != "GET /p%2Fq?a=%20 "+strings.TrimPrefix(server.URL, "http://")+" 0 []" {
			t.Error(got)
		}
		if header(response.Headers, "X-Agent") != "httpx-repl/test" || response.HTTPVersion() != "HTTP/1.1" || response.String() != "<Response [200 OK]>" {
			t.Error(response, response.Headers)
		}
		if elapsed, err := response.Elapsed(); err != nil || elapsed <= 0 {
			t.Error(elapsed, err)
		}
		info := response.Extensions["network"].(*NetworkInfo)
		if info.Reused || "http://"+info.RemoteAddress != server.URL || info.Protocol != "HTTP/1.1" || info.TLS != nil {
			t.Errorf("%+v", info)
		}
		again := get(t, client, server.URL+"/").Extensions["network"].(*NetworkInfo)
		if !again.Reused || again.LocalAddress != info.LocalAddress {
			t.Errorf("not reused: %+v", again)
		}
	})
	t.Run("AC04 AC07 bodies with and without a length", func(t *testing.T) {
		content, headers := BytesContent([]byte("hello"))
		response, err := client.Request(t.Context(), "POST", server.URL, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		if err != nil || !strings.HasSuffix(header(response.Headers, "X-Saw"), " 5 []") {
			t.Fatal(response, err)
		}
		content, headers = StreamContent(&listStream{chunks: []string{"hel", "lo"}}, -1)
		response, err = client.Request(t.Context(), "POST", server.URL, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		if err != nil || !strings.HasSuffix(header(response.Headers, "X-Saw"), " -1 [chunked]") {
			t.Fatal(response, err)
		}
		if text, _ := response.Text(); text != "hello" {
			t.Error(text)
		}
	})
	t.Run("AC10 HEAD has no body", func(t *testing.T) {
		response, err := client.Request(t.Context(), "HEAD", server.URL, RequestOptions{}, SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if text, err := response.Text(); text != "" || err != nil {
			t.Error(text, err)
		}
	})
	t.Run("a path of two slashes goes out as it is", func(t *testing.T) {
		if got := header(get(t, client, server.URL+"//a//b?x").Headers, "X-Saw"); !strings.HasPrefix(got, "GET //a//b?x ") {
			t.Error(got)
		}
	})
	t.Run("extension target", func(t *testing.T) {
		response, err := client.Request(t.Context(), "OPTIONS", server.URL, RequestOptions{Extensions: map[string]any{"target": []byte("*")}}, SendOptions{})
		if err != nil || response.StatusCode != 200 {
			t.Fatal(response, err)
		}
		_, err = client.Request(t.Context(), "GET", server.URL, RequestOptions{Extensions: map[string]any{"target": []byte("/ HTTP/1.1\r\nX: y")}}, SendOptions{})
		wantClass(t, err, LocalProtocolError, "position 1")
	})
	t.Run("HD05 a deleted User-Agent is not sent", func(t *testing.T) {
		client.Headers().Delete("User-Agent")
		defer client.SetHeaders(nil)
		if got := header(get(t, client, server.URL).Headers, "X-Agent"); got != "" {
			t.Error(got)
		}
	})
	t.Run("R8 header values with line ends never reach the wire", func(t *testing.T) {
		_, err := client.Request(t.Context(), "GET", server.URL, RequestOptions{Headers: NewHeaders([][2]string{{"X", "a\r\nEvil: 1"}})}, SendOptions{})
		wantClass(t, err, LocalProtocolError, "position 1")
	})
	t.Run("a content of another length than announced", func(t *testing.T) {
		content, headers := BytesContent([]byte("abc"))
		options := RequestOptions{Content: content, ContentHeaders: headers, Headers: NewHeaders([][2]string{{"Content-Length", "9"}})}
		_, err := client.Request(t.Context(), "POST", server.URL, options, SendOptions{})
		wantClass(t, err, LocalProtocolError, "says 9 bytes, but the content has 3")
	})
	t.Run("RD16 a consumed stream is not sent twice", func(t *testing.T) {
		content, headers := StreamContent(&listStream{chunks: []string{"x"}}, -1)
		request := build(t, client, "POST", server.URL, RequestOptions{Content: content, ContentHeaders: headers})
		if _, err := client.Send(t.Context(), request, SendOptions{}); err != nil {
			t.Fatal(err)
		}
		_, err := client.Send(t.Context(), request, SendOptions{})
		wantClass(t, err, StreamConsumed, "already been streamed")
	})
	t.Run("an error of the content is given as it is", func(t *testing.T) {
		own := errors.New("the file vanished")
		content, headers := StreamContent(&listStream{chunks: []string{"x"}, err: own}, -1)
		_, err := client.Request(t.Context(), "POST", server.URL, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		if !errors.Is(err, own) {
			t.Error(err)
		}
	})
}

func TestRawResponses(t *testing.T) {
	client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
	t.Run("headers keep their order, case and repetition, and the reason its words", func(t *testing.T) {
		url := answering(t, "HTTP/1.1 200 Fine by me\r\nx-lower: 1\r\nB: 2\r\nA:  3 \r\nB: 4\r\nFolded: a\r\n  b\r\nContent-Length: 2\r\n\r\nok")
		for range 2 {
			response := get(t, client, url)
			want := [][2]string{{"x-lower", "1"}, {"B", "2"}, {"A", "3"}, {"B", "4"}, {"Folded", "a b"}, {"Content-Length", "2"}}
			if !slices.Equal(response.Headers.Raw(), want) || response.ReasonPhrase() != "Fine by me" {
				t.Errorf("%q %q", response.ReasonPhrase(), response.Headers.Raw())
			}
		}
	})
	t.Run("AC11 PL04 interim responses are dropped", func(t *testing.T) {
		url := answering(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 204 Done\r\nX: 1\r\n\r\n")
		response := get(t, client, url)
		if response.StatusCode != 204 || names(response.Headers) != "X" {
			t.Error(response, response.Headers)
		}
	})
	t.Run("AC11 the body does not wait for 100 Continue", func(t *testing.T) {
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			body := make([]byte, 5)
			io.ReadFull(conn, body)
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n%s", body)
		})
		content, headers := BytesContent([]byte("hello"))
		response, err := client.Request(t.Context(), "POST", url, RequestOptions{
			Content: content, ContentHeaders: headers, Headers: NewHeaders([][2]string{{"Expect", "100-continue"}})}, SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := response.Text(); text != "hello" {
			t.Error(text)
		}
	})
	t.Run("chunked body with trailers", func(t *testing.T) {
		url := answering(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n")
		response := get(t, client, url)
		if text, _ := response.Text(); text != "abcde" || header(response.Trailers(), "X-Sum") != "5" || !response.Headers.Has("Transfer-Encoding") {
			t.Error(text, response.Trailers(), response.Headers)
		}
	})
	for name, test := range map[string]struct {
		response string
		class    Class
		text     string
	}{
		"R13 status with a sign":     {"HTTP/1.1 +20 OK\r\n\r\n", RemoteProtocolError, "malformed"},
		"R13 status 099":             {"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", RemoteProtocolError, "status line"},
		"R13 text line of HTTP/2":    {"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", RemoteProtocolError, "status line"},
		"R13 blank before the colon": {"HTTP/1.1 200 OK\r\nName : x\r\nContent-Length: 0\r\n\r\n", RemoteProtocolError, "header line"},
		"R13 two lengths":            {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", RemoteProtocolError, "rules of HTTP"},
		"R13 unknown framing":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", RemoteProtocolError, "rules of HTTP"},
		"R13 unrequested 101":        {"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", RemoteProtocolError, "switched protocols"},
		"not HTTP":                   {"SSH-2.0-OpenSSH\r\n\r\n", RemoteProtocolError, "rules of HTTP"},
		"R11 endless headers":        {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 600), RemoteProtocolError, "rules of HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Request(t.Context(), "GET", answering(t, test.response), RequestOptions{}, SendOptions{})
			wantClass(t, err, test.class, test.text)
		})
	}
	hangUp := func(response string) string {
		return "http://u:hunter2@" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			io.WriteString(conn, response)
		})
	}
	for name, test := range map[string]struct{ response, text string }{
		"server closes without a word": {"", "Server disconnected without sending a response."},
		"server closes in the head":    {"HTTP/1.1 200 OK\r\nX:", "Server disconnected without sending a response."},
		"body cut short":               {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "received 3 bytes, expected 10"},
		"chunked body cut short":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "incomplete chunked read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Request(t.Context(), "GET", hangUp(test.response), RequestOptions{}, SendOptions{})
			wantClass(t, err, RemoteProtocolError, test.text)
			var e *Error
			if errors.As(err, &e); e.Request == nil || e.Phase != "read" || e.Cause == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%+v", e)
			}
		})
	}
	t.Run("a body without a length ends with the connection", func(t *testing.T) {
		if text, _ := get(t, client, hangUp("HTTP/1.1 200 OK\r\n\r\nall of it")).Text(); text != "all of it" {
			t.Error(text)
		}
	})
	t.Run("R14 unsolicited bytes do not answer the next request", func(t *testing.T) {
		second, written, refused := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var connections atomic.Int32
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			first := connections.Add(1) == 1
			for enginetest.ReadHead(conn) != "" {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
				if first {
					<-second
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
					close(written)
					enginetest.WaitForClose(conn)
					close(refused)
				}
			}
		})
		get(t, client, url)
		close(second)
		<-written
		for range 3 {
			if text, _ := get(t, client, url).Text(); text != "a" {
				t.Errorf("got %q", text)
			}
		}
		<-refused
	})
}

func TestConnectFailures(t *testing.T) {
	client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := free.Addr().String()
	free.Close()
	_, err = client.Request(t.Context(), "GET", "http://me:hunter2@"+refused+"/p", RequestOptions{}, SendOptions{})
	wantClass(t, err, ConnectError, "connection refused")
	var e *Error
	if errors.As(err, &e); e.Phase != "connect" || e.Hint == "" || e.Cause == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%+v", e)
	}
	_, err = client.Request(t.Context(), "GET", "http://name.invalid/", RequestOptions{}, SendOptions{})
	wantClass(t, err, ConnectError, "name.invalid")
	missing, _ := netClient(t, TransportOptions{UDS: filepath.Join(t.TempDir(), "no")}, NewTimeout(5*time.Second))
	_, err = missing.Request(t.Context(), "GET", "http://h/", RequestOptions{}, SendOptions{})
	wantClass(t, err, ConnectError, "Unix socket does not exist")

	t.Run("retries open again, and only that", func(t *testing.T) {
		var dials atomic.Int32
		address := enginetest.Raw(t, func(conn net.Conn) {
			if dials.Add(1) < 3 {
				return // the handshake fails
			}
			enginetest.WaitForClose(conn)
		})
		client, _ := netClient(t, TransportOptions{Retries: 1}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", "https://"+address, RequestOptions{}, SendOptions{})
		wantClass(t, err, ConnectError, "Cannot connect")
		if dials.Load() != 2 {
			t.Errorf("%d attempts, want 2", dials.Load())
		}
	})
	t.Run("options that exclude each other", func(t *testing.T) {
		proxy, _ := NewProxy("http://p", nil)
		for text, options := range map[string]TransportOptions{
			"must be enabled": {NoHTTP1: true}, "uds and proxy": {UDS: "/x", Proxy: proxy}, "not an IP address": {LocalAddress: "here"},
			"no certificate in PEM": {CAs: []byte("rubbish")}, "uds and local_address": {UDS: "/x", LocalAddress: "127.0.0.1"},
		} {
			_, err := NewHTTPTransport(options)
			wantClass(t, err, ValueError, text)
		}
	})
}

func TestUnixSocketAndLocalAddress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Serve(t, listener, func(conn net.Conn) {
		head := enginetest.ReadHead(conn)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(head), head)
	})
	client, _ := netClient(t, TransportOptions{UDS: path}, NewTimeout(5*time.Second))
	if text, _ := get(t, client, "http://docker/info").Text(); !strings.HasPrefix(text, "GET /info HTTP/1.1\r\nHost: docker\r\n") {
		t.Errorf("%q", text)
	}
	url := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	client, _ = netClient(t, TransportOptions{LocalAddress: "127.0.0.2"}, NewTimeout(5*time.Second))
	info := get(t, client, url).Extensions["network"].(*NetworkInfo)
	if !strings.HasPrefix(info.LocalAddress, "127.0.0.2:") {
		t.Errorf("%+v", info)
	}
}
