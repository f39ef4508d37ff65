package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

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
		arrived, left := make(chan struct{}, 1000), make(chan struct{}, 1000)
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			arrived <- struct{}{}
			enginetest.WaitForClose(conn)
			left <- struct{}{}
		})
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
		for range 20 {
			<-arrived
		}
		cancel()
		sends.Wait()
		transport.pool.mu.Lock()
		if len(transport.pool.conns) != 0 || len(transport.pool.waiting) != 0 {
			t.Errorf("left: %d connections, %d waiting", len(transport.pool.conns), len(transport.pool.waiting))
		}
		transport.pool.mu.Unlock()
		for range 20 {
			<-left
		}
		ok := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		get(t, client, ok)
	})
	t.Run("a connection that breaks does not wait for a content that has nothing to say", func(t *testing.T) {
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) { enginetest.ReadHead(conn) })
		client, _ := netClient(t, TransportOptions{}, DefaultTimeout)
		content, headers := StreamContent(channelStream(nil), -1)
		_, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		wantClass(t, err, TransportError, "")
	})
	t.Run("PL03 an early answer to an unfinished upload", func(t *testing.T) {
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			enginetest.ReadHead(conn)
			io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
			enginetest.WaitForClose(conn)
		})
		client, transport := netClient(t, TransportOptions{}, DefaultTimeout)
		content, headers := StreamContent(channelStream(nil), -1)
		response, err := client.Request(t.Context(), "POST", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := response.Text(); text != "no" || response.StatusCode != 413 || len(transport.pool.conns) != 0 {
			t.Error(text, response, transport.pool.conns)
		}
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
