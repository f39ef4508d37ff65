// Package enginetest holds what tests of the engine need and net/http/httptest does not have: servers that speak raw bytes on a
// loopback port chosen by the system, and a clock that is wound by hand. Everything is closed when the test ends.
package enginetest

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Raw serves every connection with handle, which owns the connection until it returns; then the connection is closed. It
// returns the server's address, "127.0.0.1:port".
func Raw(t testing.TB, handle func(conn net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	Serve(t, listener, handle)
	return listener.Addr().String()
}

// Serve is Raw on a listener of the caller's, which it closes in the end.
func Serve(t testing.TB, listener net.Listener, handle func(conn net.Conn)) {
	var running sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			running.Go(func() {
				defer func() {
					mu.Lock()
					delete(open, conn)
					mu.Unlock()
					conn.Close()
				}()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for conn := range open {
			conn.Close()
		}
		mu.Unlock()
		running.Wait()
	})
}

// ReadHead reads from conn up to the empty line that ends the head of a request, and returns the head. It is "" when the peer
// closed the connection first.
func ReadHead(conn net.Conn) string {
	var head []byte
	one := make([]byte, 1)
	for {
		if _, err := conn.Read(one); err != nil {
			return ""
		}
		head = append(head, one[0])
		if n := len(head); n >= 4 && string(head[n-4:]) == "\r\n\r\n" {
			return string(head)
		}
	}
}

// WaitForClose blocks until the peer has closed conn or aborted it.
func WaitForClose(conn net.Conn) {
	buffer := make([]byte, 4096)
	for {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

// Clock is a clock that moves only when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at a fixed moment.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
