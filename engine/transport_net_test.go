package engine

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
		second, refused := make(chan struct{}), make(chan struct{})
		var connections atomic.Int32
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			first := connections.Add(1) == 1
			for enginetest.ReadHead(conn) != "" {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
				if first {
					<-second
					io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
					enginetest.WaitForClose(conn)
					close(refused)
				}
			}
		})
		get(t, client, url)
		close(second)
		<-refused
		for range 3 {
			if text, _ := get(t, client, url).Text(); text != "a" {
				t.Errorf("got %q", text)
			}
		}
	})
}

func TestNetworkTimeouts(t *testing.T) {
	tiny := 20 * time.Millisecond
	stall := func(before string) (url string, aborted chan struct{}) {
		aborted = make(chan struct{}, 10)
		return "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			io.WriteString(conn, before)
			enginetest.WaitForClose(conn)
			aborted <- struct{}{}
		}), aborted
	}
	for name, before := range map[string]string{
		"TM01 R12 stall before the head": "", "R12 stall in the status line": "HTTP/1.", "R12 stall in the head": "HTTP/1.1 200 OK\r\nX",
		"R12 stall in the body": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "R12 stall in a chunk size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5",
		"R12 stall before the last chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
		"R12 stall in the trailers":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX",
	} {
		t.Run(name, func(t *testing.T) {
			url, aborted := stall(before)
			client, _ := netClient(t, TransportOptions{}, Timeout{Read: tiny})
			_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
			wantClass(t, err, ReadTimeout, "no data from the server within 20ms")
			<-aborted
		})
	}
	t.Run("TM04 a read timeout is a gap between bytes", func(t *testing.T) {
		limit := 300 * time.Millisecond
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			for _, c := range "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabcdefgh" {
				io.WriteString(conn, string(c))
				<-time.After(limit / 30)
			}
		})
		client, _ := netClient(t, TransportOptions{}, Timeout{Read: limit})
		started := time.Now()
		if text, _ := get(t, client, url).Text(); text != "abcdefgh" || time.Since(started) < limit {
			t.Error(text, time.Since(started), "the test did not last longer than the limit")
		}
	})
	t.Run("TM01 write timeout", func(t *testing.T) {
		gone := make(chan struct{})
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) { <-gone })
		defer close(gone)
		client, _ := netClient(t, TransportOptions{}, Timeout{Write: tiny})
		content, headers := BytesContent(make([]byte, 64<<20))
		_, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		wantClass(t, err, WriteTimeout, "took no data within 20ms")
	})
	t.Run("TM01 TM04 the TLS handshake has the connect timeout", func(t *testing.T) {
		address := enginetest.Raw(t, enginetest.WaitForClose)
		client, _ := netClient(t, TransportOptions{}, Timeout{Connect: tiny})
		_, err := client.Request(t.Context(), "GET", "https://"+address, RequestOptions{}, SendOptions{})
		wantClass(t, err, ConnectTimeout, "TLS handshake did not end within 20ms")
	})
	t.Run("TM02 pool timeout while a stream is open", func(t *testing.T) {
		url := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		limits := DefaultLimits
		limits.MaxConnections = 1
		client, _ := netClient(t, TransportOptions{Limits: &limits}, Timeout{Pool: tiny})
		open, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{Stream: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
		wantClass(t, err, PoolTimeout, "no connection of the pool became free within 20ms")
		open.Close()
		get(t, client, url)
	})
	t.Run("the total limit also ends a body that trickles", func(t *testing.T) {
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
			for {
				if _, err := io.WriteString(conn, "x"); err != nil {
					return
				}
				<-time.After(time.Millisecond)
			}
		})
		client, _ := netClient(t, TransportOptions{}, Timeout{Read: 5 * time.Second, Total: 50 * time.Millisecond})
		_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
		wantClass(t, err, TimeoutException, "took longer than 50ms in total")
	})
}

func TestCancellation(t *testing.T) {
	t.Run("PL07 cancelling aborts the request on the wire, in the head and in the body", func(t *testing.T) {
		for _, before := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"} {
			arrived, aborted := make(chan struct{}), make(chan struct{})
			url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
				enginetest.ReadHead(conn)
				io.WriteString(conn, before)
				close(arrived)
				enginetest.WaitForClose(conn)
				close(aborted)
			})
			client, _ := netClient(t, TransportOptions{}, DefaultTimeout)
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := errors.New("stop")
			go func() { <-arrived; cancel(stop) }()
			if _, err := client.Request(ctx, "GET", url, RequestOptions{}, SendOptions{}); err != stop {
				t.Errorf("%v", err)
			}
			<-aborted
		}
	})
	t.Run("1,000 cancelled requests leave no goroutine, connection or slot", func(t *testing.T) {
		var open atomic.Int32
		handle := func(conn net.Conn) {
			open.Add(1)
			defer open.Add(-1)
			enginetest.WaitForClose(conn)
		}
		url := "http://" + enginetest.Raw(t, handle)
		limits := Limits{MaxConnections: 20, MaxKeepaliveConnections: 10, KeepaliveExpiry: time.Minute}
		client, transport := netClient(t, TransportOptions{Limits: &limits}, Timeout{})
		ctx, cancel := context.WithCancel(t.Context())
		var sends sync.WaitGroup
		for range 1000 {
			sends.Go(func() {
				if _, err := client.Request(ctx, "GET", url, RequestOptions{}, SendOptions{}); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		for open.Load() < 20 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		sends.Wait()
		transport.pool.mu.Lock()
		if len(transport.pool.conns) != 0 || len(transport.pool.waiting) != 0 {
			t.Errorf("left: %d connections, %d waiting", len(transport.pool.conns), len(transport.pool.waiting))
		}
		transport.pool.mu.Unlock()
		for open.Load() > 0 {
			time.Sleep(time.Millisecond)
		}
		ok := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		get(t, client, ok)
	})
	t.Run("PL09 closing an unread body closes the connection and frees the slot", func(t *testing.T) {
		aborted := make(chan struct{})
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nab")
			enginetest.WaitForClose(conn)
			close(aborted)
		})
		client, transport := netClient(t, TransportOptions{}, DefaultTimeout)
		response, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{Stream: true})
		if err != nil {
			t.Fatal(err)
		}
		response.Close()
		<-aborted
		if len(transport.pool.conns) != 0 {
			t.Error("the connection is still in the pool")
		}
		_, err = response.Read(t.Context())
		wantClass(t, err, StreamClosed, "has been closed")
	})
}

func TestPool(t *testing.T) {
	t.Run("PL01 waiting requests are served in their order", func(t *testing.T) {
		limits := Limits{MaxConnections: 1, MaxKeepaliveConnections: 1, KeepaliveExpiry: time.Minute}
		p := &pool{limits: limits}
		first, err := p.acquire(t.Context(), "a", false)
		if err != nil {
			t.Fatal(err)
		}
		var order []int
		var mu sync.Mutex
		var done sync.WaitGroup
		for i := range 5 {
			done.Go(func() {
				conn, err := p.acquire(t.Context(), "b", false)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				p.release(conn, false)
			})
			for waiting := 0; waiting != i+1; {
				p.mu.Lock()
				waiting = len(p.waiting)
				p.mu.Unlock()
			}
		}
		p.release(first, false)
		done.Wait()
		if !slices.Equal(order, []int{0, 1, 2, 3, 4}) {
			t.Error(order)
		}
	})
	t.Run("PL01 an idle connection to another place makes room", func(t *testing.T) {
		one, two := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		limits := Limits{MaxConnections: 1, MaxKeepaliveConnections: 1, KeepaliveExpiry: time.Minute}
		client, transport := netClient(t, TransportOptions{Limits: &limits}, NewTimeout(5*time.Second))
		for _, url := range []string{one, two, two, one} {
			get(t, client, url)
			if n := len(transport.pool.conns); n != 1 {
				t.Fatalf("%d connections", n)
			}
		}
	})
	t.Run("keep-alive: count, expiry and none", func(t *testing.T) {
		url := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		none := Limits{MaxConnections: 10, MaxKeepaliveConnections: 0, KeepaliveExpiry: time.Minute}
		client, transport := netClient(t, TransportOptions{Limits: &none}, NewTimeout(5*time.Second))
		get(t, client, url)
		if n := len(transport.pool.conns); n != 0 {
			t.Errorf("%d idle connections, want none", n)
		}
		closed := make(chan struct{})
		short := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			enginetest.WaitForClose(conn)
			close(closed)
		})
		soon := Limits{MaxConnections: 10, MaxKeepaliveConnections: 10, KeepaliveExpiry: time.Millisecond}
		client, _ = netClient(t, TransportOptions{Limits: &soon}, NewTimeout(5*time.Second))
		get(t, client, short)
		<-closed
	})
	t.Run("Connection: close is obeyed", func(t *testing.T) {
		url := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
		client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
		for range 3 {
			if get(t, client, url).Extensions["network"].(*NetworkInfo).Reused {
				t.Error("reused")
			}
		}
	})
	t.Run("200 requests share 3 connections", func(t *testing.T) {
		var open, most atomic.Int32
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			n := open.Add(1)
			defer open.Add(-1)
			for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
			}
			for enginetest.ReadHead(conn) != "" {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		})
		limits := Limits{MaxConnections: 3, MaxKeepaliveConnections: 3, KeepaliveExpiry: time.Minute}
		client, _ := netClient(t, TransportOptions{Limits: &limits}, NewTimeout(10*time.Second))
		var sends sync.WaitGroup
		for range 200 {
			sends.Go(func() {
				if _, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{}); err != nil {
					t.Error(err)
				}
			})
		}
		sends.Wait()
		if most.Load() > 3 {
			t.Errorf("%d connections at once", most.Load())
		}
	})
	t.Run("a closed transport turns away those who wait", func(t *testing.T) {
		url := "http://" + enginetest.Raw(t, enginetest.WaitForClose)
		limits := Limits{MaxConnections: 0}
		client, transport := netClient(t, TransportOptions{Limits: &limits}, Timeout{})
		go func() {
			for waiting := 0; waiting == 0; {
				transport.pool.mu.Lock()
				waiting = len(transport.pool.waiting)
				transport.pool.mu.Unlock()
			}
			transport.Close()
		}()
		for range 2 {
			_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
			wantClass(t, err, RuntimeError, "the transport has been closed")
		}
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

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, pool: x509.NewCertPool()}
	a.cert, _ = x509.ParseCertificate(der)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) issue(t *testing.T, change func(*x509.Certificate), own ...*ecdsa.PrivateKey) tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(template)
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if len(own) > 0 {
		key = own[0]
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func selfSigned(t *testing.T) tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	own := &authority{key: key, cert: &x509.Certificate{Subject: pkix.Name{CommonName: "self"}}}
	return own.issue(t, func(c *x509.Certificate) { c.Subject = own.cert.Subject }, key)
}

// tlsServer answers 200 over TLS; requests counts what came through the handshake.
func tlsServer(t *testing.T, config *tls.Config) (url string, requests *atomic.Int32) {
	requests = &atomic.Int32{}
	return "https://" + enginetest.Raw(t, func(conn net.Conn) {
		secure := tls.Server(conn, config)
		if enginetest.ReadHead(secure) != "" {
			requests.Add(1)
			io.WriteString(secure, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			enginetest.WaitForClose(secure)
		}
	}), requests
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t)
	good := ca.issue(t, func(*x509.Certificate) {})
	for name, test := range map[string]struct {
		reason string
		config *tls.Config
		roots  *x509.CertPool
	}{
		"expired":       {"expired", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })}}, ca.pool},
		"not yet valid": {"not_yet_valid", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })}}, ca.pool},
		"wrong host": {"wrong_host", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(c *x509.Certificate) {
			c.DNSNames, c.IPAddresses = []string{"other.org"}, nil
		})}}, ca.pool},
		"unknown issuer": {"unknown_issuer", &tls.Config{Certificates: []tls.Certificate{good}}, nil},
		"self-signed":    {"self_signed", &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}, nil},
		"bad usage": {"bad_usage", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		})}}, ca.pool},
		"old protocol":                    {"protocol_version", &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, ca.pool},
		"client certificate wanted (1.2)": {"handshake", &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, ca.pool},
	} {
		t.Run("R16 "+name, func(t *testing.T) {
			url, requests := tlsServer(t, test.config)
			client, _ := netClient(t, TransportOptions{ExtraRoots: trusting(test.roots)}, NewTimeout(5*time.Second))
			_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
			wantClass(t, err, ConnectError, "Cannot connect")
			var cause *TLSError
			if !errors.As(err, &cause) || cause.Reason != test.reason {
				t.Errorf("reason %+v, want %s: %v", cause, test.reason, err)
			}
			if requests.Load() != 0 {
				t.Error("a request was sent before the certificate was verified")
			}
		})
	}
	t.Run("R16 not TLS", func(t *testing.T) {
		plain := "https://" + enginetest.Raw(t, func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			enginetest.WaitForClose(conn)
		})
		client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", plain, RequestOptions{}, SendOptions{})
		wantClass(t, err, ConnectError, "does not speak TLS")
	})
	t.Run("R16 a client certificate wanted by TLS 1.3 shows when reading", func(t *testing.T) {
		url, _ := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert})
		client, _ := netClient(t, TransportOptions{ExtraRoots: trusting(ca.pool)}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
		wantClass(t, err, NetworkError, "wants a client certificate")
		clientCert := ca.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
		client, _ = netClient(t, TransportOptions{ExtraRoots: trusting(ca.pool), ClientCert: &clientCert}, NewTimeout(5*time.Second))
		get(t, client, url)
	})
	t.Run("CF01 no verification, extra roots, server name", func(t *testing.T) {
		url, _ := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{good}})
		for _, options := range []TransportOptions{{NoVerify: true}, {ExtraRoots: trusting(ca.pool)}} {
			client, _ := netClient(t, options, NewTimeout(5*time.Second))
			info := get(t, client, url).Extensions["network"].(*NetworkInfo)
			if info.TLS == nil || info.TLS.Version != tls.VersionTLS13 {
				t.Errorf("%+v", info)
			}
		}
		client, _ := netClient(t, TransportOptions{ExtraRoots: trusting(ca.pool)}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", url, RequestOptions{Extensions: map[string]any{"sni_hostname": "other.org"}}, SendOptions{})
		wantClass(t, err, ConnectError, "for another host")
	})
}

func TestHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Proto", r.Proto)
		io.Copy(w, r.Body)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client, transport := netClient(t, TransportOptions{HTTP2: true, ExtraRoots: trusting(roots)}, NewTimeout(5*time.Second))
	content, headers := BytesContent([]byte("hello"))
	response, err := client.Request(t.Context(), "POST", server.URL, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := response.Text(); text != "hello" || response.HTTPVersion() != "HTTP/2" || header(response.Headers, "X-Proto") != "HTTP/2.0" {
		t.Error(text, response.HTTPVersion(), response.Headers)
	}
	var sends sync.WaitGroup
	for range 50 {
		sends.Go(func() {
			if _, err := client.Request(t.Context(), "GET", server.URL, RequestOptions{}, SendOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	sends.Wait()
	if n := len(transport.pool.conns); n != 1 {
		t.Errorf("%d connections for one HTTP/2 server", n)
	}
	one, _ := netClient(t, TransportOptions{ExtraRoots: trusting(roots)}, NewTimeout(5*time.Second))
	if got := get(t, one, server.URL).HTTPVersion(); got != "HTTP/1.1" {
		t.Errorf("HTTP/2 was not asked for: %s", got)
	}
}

// proxyServer is an HTTP proxy that records the heads it gets and tunnels to where it is told.
func proxyServer(t *testing.T, refuse bool) (address string, heads func() []string) {
	var mu sync.Mutex
	var seen []string
	address = enginetest.Raw(t, func(conn net.Conn) {
		head := enginetest.ReadHead(conn)
		mu.Lock()
		seen = append(seen, head)
		mu.Unlock()
		target, tunnel := strings.CutPrefix(head, "CONNECT ")
		switch {
		case refuse:
			io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		case tunnel:
			target, _, _ = strings.Cut(target, " ")
			upstream, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			defer upstream.Close()
			io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
			go func() { io.Copy(upstream, conn); upstream.Close() }()
			io.Copy(conn, upstream)
		default:
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nproxied")
		}
	})
	return address, func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(seen) }
}

func TestHTTPProxy(t *testing.T) {
	ca := newAuthority(t)
	origin, requests := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(*x509.Certificate) {})}})
	address, heads := proxyServer(t, false)
	proxy, err := NewProxy("http://user:pa55@"+address, NewHeaders([][2]string{{"X-Proxy", "1"}}))
	if err != nil {
		t.Fatal(err)
	}
	client, _ := netClient(t, TransportOptions{Proxy: proxy, ExtraRoots: trusting(ca.pool)}, NewTimeout(5*time.Second))
	t.Run("PX08 http targets are forwarded in absolute form", func(t *testing.T) {
		if text, _ := get(t, client, "http://example.test/p?q").Text(); text != "proxied" {
			t.Error(text)
		}
		head := heads()[0]
		for _, want := range []string{"GET http://example.test/p?q HTTP/1.1\r\nHost: example.test\r\n", "Proxy-Authorization: Basic dXNlcjpwYTU1\r\n", "X-Proxy: 1\r\n"} {
			if !strings.Contains(head, want) {
				t.Errorf("%q is missing in %q", want, head)
			}
		}
	})
	t.Run("PX08 R17 https targets get a tunnel; the origin sees no proxy header", func(t *testing.T) {
		get(t, client, origin)
		head := heads()[1]
		target := strings.TrimPrefix(origin, "https://")
		if !strings.HasPrefix(head, "CONNECT "+target+" HTTP/1.1\r\nHost: "+target+"\r\nAccept: */*\r\nProxy-Authorization: Basic ") || strings.Contains(head, "User-Agent") {
			t.Errorf("%q", head)
		}
		if requests.Load() != 1 {
			t.Error(requests.Load())
		}
	})
	t.Run("PX09 a refused tunnel", func(t *testing.T) {
		address, _ := proxyServer(t, true)
		proxy, _ := NewProxy("http://"+address, nil)
		client, _ := netClient(t, TransportOptions{Proxy: proxy}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", origin, RequestOptions{}, SendOptions{})
		wantClass(t, err, ProxyError, "407 Proxy Authentication Required")
	})
	t.Run("TM04 a CONNECT that is not answered", func(t *testing.T) {
		proxy, _ := NewProxy("http://"+enginetest.Raw(t, enginetest.WaitForClose), nil)
		client, _ := netClient(t, TransportOptions{Proxy: proxy}, Timeout{Read: 20 * time.Millisecond})
		_, err := client.Request(t.Context(), "GET", origin, RequestOptions{}, SendOptions{})
		wantClass(t, err, ReadTimeout, "no data")
	})
}

func TestSOCKSProxy(t *testing.T) {
	target := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	var asked atomic.Value
	address := enginetest.Raw(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		greeting := make([]byte, 2)
		io.ReadFull(r, greeting)
		io.CopyN(io.Discard, r, int64(greeting[1]))
		conn.Write([]byte{5, 2})
		userLength := make([]byte, 2)
		io.ReadFull(r, userLength)
		user := make([]byte, userLength[1])
		io.ReadFull(r, user)
		passwordLength, _ := r.ReadByte()
		password := make([]byte, passwordLength)
		io.ReadFull(r, password)
		conn.Write([]byte{1, 0})
		request := make([]byte, 5)
		io.ReadFull(r, request)
		name := make([]byte, int(request[4])+2)
		io.ReadFull(r, name)
		asked.Store(fmt.Sprintf("%s:%s %d %s", user, password, request[3], name[:request[4]]))
		conn.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0})
		upstream, err := net.Dial("tcp", strings.TrimPrefix(target, "http://"))
		if err != nil {
			return
		}
		defer upstream.Close()
		go func() { io.Copy(upstream, r); upstream.Close() }()
		io.Copy(conn, upstream)
	})
	proxy, _ := NewProxy("socks5://u:p@"+address, nil)
	client, _ := netClient(t, TransportOptions{Proxy: proxy}, NewTimeout(5*time.Second))
	t.Run("PX01 names are resolved at the proxy", func(t *testing.T) {
		if text, _ := get(t, client, "http://only-the-proxy-knows.test/").Text(); text != "ok" {
			t.Error(text)
		}
		if asked.Load() != "u:p 3 only-the-proxy-knows.test" {
			t.Error(asked.Load())
		}
	})
}

// trusting gives a pool as TransportOptions.ExtraRoots.
func trusting(pool *x509.CertPool) func() *x509.CertPool {
	return func() *x509.CertPool { return pool }
}
