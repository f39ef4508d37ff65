package lab

import (
	"net"
	"sync"
)

// listener counts its connections and can close them all, also those that a handler has taken over.
type listener struct {
	net.Listener
	counters *counters

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
}

func listen(addr string, counters *counters) (*listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, counters: counters, conns: make(map[*conn]struct{})}, nil
}

func (l *listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{TCPConn: accepted.(*net.TCPConn), listener: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		accepted.Close()
		return nil, net.ErrClosed
	}
	l.conns[c] = struct{}{}
	l.counters.change(func(s *Stats) { s.ConnectionsOpened++; s.ConnectionsActive++ })
	return c, nil
}

// closeConns closes every connection and refuses those that are being accepted.
func (l *listener) closeConns() {
	l.mu.Lock()
	l.closed = true
	open := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
}

// conn is one accepted connection. It embeds the TCP connection for CloseWrite and SetLinger.
type conn struct {
	*net.TCPConn
	listener *listener
	once     sync.Once
}

func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		err = c.TCPConn.Close()
		c.listener.mu.Lock()
		delete(c.listener.conns, c)
		c.listener.mu.Unlock()
		c.listener.counters.change(func(s *Stats) { s.ConnectionsActive--; s.ConnectionsClosed++ })
	})
	return err
}
