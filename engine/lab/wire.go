package lab

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

const maxDrained = 1 << 20 // bytes of a request's body that are read before its connection is taken over

// wire is a connection that a handler has taken over, to write what net/http would refuse to.
type wire struct {
	conn     net.Conn
	tcp      *conn
	answered atomic.Bool // nothing more is to come: the peer may leave
	request  *http.Request
	deadline context.Context // ends when the server closes or a minute has passed
	left     context.Context // ends when the peer leaves, the server closes, or a minute has passed
	release  func()
	watching sync.WaitGroup
}

// takeOver answers 400 and returns nil where there is no HTTP/1.1 connection to take. The handler must call close.
func (s *Server) takeOver(w http.ResponseWriter, r *http.Request) *wire {
	if r.ProtoMajor != 1 {
		badRequest(w, "this endpoint writes raw HTTP/1.1: ask for it over HTTP/1.1")
		return nil
	}
	// Unread bytes would make the system reset the connection when it is closed.
	if _, err := io.Copy(io.Discard, io.LimitReader(r.Body, maxDrained)); err != nil {
		return nil
	}
	taken, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		badRequest(w, "this endpoint writes raw bytes: ask for it over a socket")
		return nil
	}
	t := &wire{conn: taken, request: r}
	if secure, ok := taken.(*tls.Conn); ok {
		t.tcp, _ = secure.NetConn().(*conn)
	} else {
		t.tcp, _ = taken.(*conn)
	}
	if t.tcp == nil { // Handler under a server that is not ours
		taken.Close()
		return nil
	}

	// At the end of the minute only closing the socket gets a blocked write back.
	deadline, cancel := context.WithTimeout(s.running, longestPause)
	stopClosing := context.AfterFunc(deadline, func() { t.tcp.Close() })
	left, leave := context.WithCancel(deadline)
	t.deadline, t.left = deadline, left
	t.release = func() {
		stopClosing()
		cancel()
	}
	t.watching.Go(func() {
		defer leave()
		_, _ = io.Copy(io.Discard, t.conn)
		t.gone()
	})
	return t
}

// send writes bytes of an answer that is not whole yet; false when the peer has left.
func (t *wire) send(text string) bool {
	if _, err := io.WriteString(t.conn, text); err != nil {
		t.gone()
		return false
	}
	return t.left.Err() == nil
}

// gone counts an abort if it is the peer who left before the answer was whole.
func (t *wire) gone() {
	if !t.answered.Load() && t.deadline.Err() == nil {
		abortOf(t.request)
	}
}

// last writes all that is still to come.
func (t *wire) last(text string) {
	t.answered.Store(true)
	_, _ = io.WriteString(t.conn, text) // a peer that has had enough is no error
}

// hold waits until the peer leaves, at most a minute.
func (t *wire) hold() { <-t.left.Done() }

// reset makes the system answer with a TCP reset instead of an orderly end.
func (t *wire) reset() {
	t.answered.Store(true)
	_ = t.tcp.SetLinger(0)
	_ = t.tcp.Close()
}

func (t *wire) close() {
	t.answered.Store(true)
	_ = t.conn.Close()
	// Closing a TLS connection may wait for a peer that reads nothing; its socket is closed in any case.
	_ = t.tcp.Close()
	t.watching.Wait()
	t.release()
}
