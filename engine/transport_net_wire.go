package engine

import (
	"crypto/tls"
	"net"
	"sync"
	"syscall"
	"time"
)

// maxWrite is the size of the writes of a body: each may take as long as the write timeout.
const maxWrite = 64 << 10

// wireConn is a connection above TLS and proxies: the bytes that pass are those of HTTP. For HTTP/1.1 it puts the limits of the
// request that is under way on each operation.
type wireConn struct {
	net.Conn
	socket net.Conn             // at the bottom
	raw    syscall.RawConn      // of socket; nil when it has none
	state  *tls.ConnectionState // nil without TLS
	h2     bool

	mu    sync.Mutex
	read  watch
	write watch
	probe func(fd uintptr)
	heard bool // what probe found
}

// watch ends the operations of one direction that take too long, all with one timer: it is set anew for each of them, and left alone
// when one ends in time.
type watch struct {
	limit  time.Duration // 0 for none
	busy   bool          // an operation is under way
	timer  *time.Timer
	due    int // calls of the timer's function that are still to come; only the last one counts
	expire func(time.Time) error
}

// begin starts the limit, if there is one. The connection's lock is held.
func (w *watch) begin(c *wireConn) {
	if w.limit <= 0 {
		return
	}
	if w.timer == nil {
		w.due = 1
		w.timer = time.AfterFunc(w.limit, func() { c.late(w) })
	} else if !w.timer.Reset(w.limit) {
		w.due++
	}
}

// late breaks off the operation that is under way.
func (c *wireConn) late(w *watch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if w.due--; w.due == 0 && w.busy && w.limit > 0 {
		w.expire(longAgo)
	}
}

// longAgo is a deadline that is over.
var longAgo = time.Unix(1, 0)

func newWireConn(socket net.Conn) *wireConn {
	c := &wireConn{socket: socket}
	if system, ok := socket.(syscall.Conn); ok {
		c.raw, _ = system.SyscallConn()
	}
	c.read.expire = func(at time.Time) error { return c.Conn.SetReadDeadline(at) }
	c.write.expire = func(at time.Time) error { return c.Conn.SetWriteDeadline(at) }
	return c
}

// Read reads within the read limit.
func (c *wireConn) Read(p []byte) (int, error) {
	c.enter(&c.read)
	n, err := c.Conn.Read(p)
	c.leave(&c.read)
	return n, err
}

// Write writes p in pieces, each within the write limit.
func (c *wireConn) Write(p []byte) (written int, err error) {
	for {
		piece := p[written:min(len(p), written+maxWrite)]
		c.enter(&c.write)
		n, err := c.Conn.Write(piece)
		c.leave(&c.write)
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

func (c *wireConn) enter(w *watch) {
	c.mu.Lock()
	w.busy = true
	w.begin(c)
	c.mu.Unlock()
}

func (c *wireConn) leave(w *watch) {
	c.mu.Lock()
	w.busy = false
	c.mu.Unlock()
}

// Close says farewell and closes the connection.
func (c *wireConn) Close() error {
	c.mu.Lock()
	for _, w := range []*watch{&c.read, &c.write} {
		if w.timer != nil && w.timer.Stop() {
			w.due--
		}
		w.limit = 0
	}
	c.mu.Unlock()
	return c.Conn.Close()
}

// limit sets the limits of the operations to come; 0 is none.
func (c *wireConn) limit(read, write time.Duration) {
	c.mu.Lock()
	c.read.limit, c.write.limit = read, write
	c.mu.Unlock()
}

// expectRead sets the limit of the reads to come, and of one that is under way.
func (c *wireConn) expectRead(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read.limit = limit
	if c.read.busy {
		c.read.begin(c)
	}
}

// abort closes the connection without a farewell, which breaks off what is under way on it.
func (c *wireConn) abort() { c.socket.Close() }

// silent tells whether an idle connection can carry another request: nothing may have come, not even its end. (RFC 9112, section
// 9.2: what comes unasked is no answer.) It is called between requests.
func (c *wireConn) silent() bool {
	if c.Conn != c.socket {
		// TLS may have read more than it has given.
		c.Conn.SetReadDeadline(longAgo)
		var one [1]byte
		n, err := c.Conn.Read(one[:])
		if n > 0 || !isTimeout(err) || c.Conn.SetReadDeadline(time.Time{}) != nil {
			return false
		}
	}
	if c.raw == nil {
		return true
	}
	if c.probe == nil {
		c.probe = func(fd uintptr) { c.heard = hears(fd) }
	}
	return c.raw.Control(c.probe) == nil && !c.heard
}
