package engine

import (
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

func TestPool(t *testing.T) {
	t.Run("PL01 waiting requests are served in their order", func(t *testing.T) {
		limits := Limits{MaxConnections: 1, MaxKeepaliveConnections: 1, KeepaliveExpiry: time.Minute}
		p := &pool{limits: limits}
		first, err := p.acquire(t.Context(), 0, place{host: "a"}, false)
		if err != nil {
			t.Fatal(err)
		}
		var order []int
		var mu sync.Mutex
		var done sync.WaitGroup
		for i := range 5 {
			done.Go(func() {
				conn, err := p.acquire(t.Context(), 0, place{host: "b"}, false)
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
