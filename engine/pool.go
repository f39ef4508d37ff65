package engine

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"httpx-repl/engine/h1"
)

// pool hands out connections: an idle one to the same place if there is one, else a new one while there is room, else room is made
// by closing an idle one to another place, else the request waits. Requests that wait are served in the order they came (one
// that cannot be served does not hold up those behind it that can). The algorithm is httpcore's, with every slot accounted
// for when a waiting request is given up.
type pool struct {
	limits Limits

	mu      sync.Mutex
	closed  bool
	conns   []*poolConn // those that became idle longest ago first
	sweep   *time.Timer // closes idle connections beyond the limit; nil when there is nothing to close
	waiting []*ticket
}

// place is where a connection leads.
type place struct {
	scheme, host string
	port         int
	serverName   string // asked for in the TLS handshake instead of host; "" for none
}

// poolConn is a connection of a pool, from the decision to open it.
type poolConn struct {
	key place

	// Set by who opens it, before established.
	open bool
	wire *wireConn
	h1   *h1.Conn         // of an HTTP/1.1 connection
	cc   *http.ClientConn // of an HTTP/2 connection
	info NetworkInfo

	users  int         // requests under way, guarded by the pool's lock
	served int         // requests before, guarded by the pool's lock
	expiry *time.Timer // set anew whenever the connection becomes idle; nil before
}

// ticket is a request that waits for a connection.
type ticket struct {
	key      place
	sharable bool // the connection may turn out to be HTTP/2, and carry more than one request
	ready    chan *poolConn
}

// acquire waits for a connection, or for the permission to open one: then the result is not open, and the caller opens it and
// reports with established, or gives it back with release. It waits at most for limit; 0 is any time.
func (p *pool) acquire(ctx context.Context, limit time.Duration, key place, sharable bool) (*poolConn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errPoolClosed
	}
	// Those who wait cannot use an idle connection to this place, or they would have it.
	if conn := p.reuse(key); conn != nil {
		conn.users++
		p.mu.Unlock()
		return conn, nil
	}
	t := &ticket{key: key, sharable: sharable, ready: make(chan *poolConn, 1)}
	p.waiting = append(p.waiting, t)
	doomed := p.assign()
	p.mu.Unlock()
	closeAll(doomed)

	if limit > 0 && len(t.ready) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errPoolTimeout)
		defer cancel()
	}
	select {
	case conn := <-t.ready:
		if conn == nil {
			return nil, errPoolClosed
		}
		return conn, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.waiting = slices.DeleteFunc(p.waiting, func(other *ticket) bool { return other == t })
	p.mu.Unlock()
	select {
	case conn := <-t.ready: // it came at the last moment
		if conn != nil {
			if conn.cc != nil {
				conn.cc.Release()
			}
			p.release(conn, conn.open)
		}
	default:
	}
	return nil, context.Cause(ctx)
}

// established reports that a new connection is ready.
func (p *pool) established(conn *poolConn) {
	p.mu.Lock()
	conn.open = true
	doomed := p.assign() // HTTP/2: others may share it
	p.mu.Unlock()
	closeAll(doomed)
}

// reopens says that a connection in use has turned out to be dead, and that its user opens a new one in its place.
func (p *pool) reopens(conn *poolConn) {
	p.mu.Lock()
	conn.open = false
	p.mu.Unlock()
}

// release ends one use of a connection. It is kept if it is reusable and there is room for one more idle connection. Each
// acquired connection is released exactly once.
func (p *pool) release(conn *poolConn, reusable bool) {
	p.mu.Lock()
	conn.users--
	conn.served++
	var doomed []*poolConn
	switch {
	case !slices.Contains(p.conns, conn): // removed while in use
		if conn.users == 0 {
			doomed = append(doomed, conn)
		}
	case p.closed || !conn.open || conn.cc == nil && !reusable,
		conn.cc != nil && conn.cc.Err() != nil,
		conn.users == 0 && (conn.spent() || p.limits.KeepaliveExpiry == 0):
		p.remove(conn)
		if conn.users == 0 {
			doomed = append(doomed, conn)
		}
	case conn.users == 0:
		i := slices.Index(p.conns, conn)
		p.conns = append(slices.Delete(p.conns, i, i+1), conn)
		if d := p.limits.KeepaliveExpiry; d > 0 && conn.expiry == nil {
			conn.expiry = time.AfterFunc(d, func() { p.expire(conn) })
		} else if d > 0 {
			conn.expiry.Reset(d)
		}
	}
	if len(p.waiting) > 0 {
		doomed = append(doomed, p.assign()...)
	}
	if p.limits.MaxKeepaliveConnections == 0 {
		doomed = append(doomed, p.surplus()...)
	} else if p.sweep == nil && p.hasSurplus() {
		p.sweep = time.AfterFunc(surplusGrace, p.sweepSurplus)
	}
	p.mu.Unlock()
	closeAll(doomed)
}

// surplusGrace is how long idle connections beyond the limit may stay. Requests that run many at once leave and come back
// together: closing at once what the next moment needs would open a new connection for most of them.
const surplusGrace = 100 * time.Millisecond

func (p *pool) sweepSurplus() {
	p.mu.Lock()
	p.sweep = nil
	doomed := p.surplus()
	p.mu.Unlock()
	closeAll(doomed)
}

func (p *pool) hasSurplus() bool {
	if p.limits.MaxKeepaliveConnections < 0 || len(p.conns) <= p.limits.MaxKeepaliveConnections {
		return false
	}
	idle := 0
	for _, conn := range p.conns {
		if conn.users == 0 {
			idle++
		}
	}
	return idle > p.limits.MaxKeepaliveConnections
}

// expire closes a connection that is idle. Its timer may end while it is in use again: then nothing happens.
func (p *pool) expire(conn *poolConn) {
	p.mu.Lock()
	idle := conn.users == 0 && slices.Contains(p.conns, conn)
	if idle {
		p.remove(conn)
	}
	p.mu.Unlock()
	if idle {
		conn.close()
	}
}

// close closes the idle connections and turns away those who wait. Connections in use close when they are released.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	if p.sweep != nil {
		p.sweep.Stop()
	}
	var doomed []*poolConn
	for _, conn := range slices.Clone(p.conns) {
		if conn.users == 0 {
			p.remove(conn)
			doomed = append(doomed, conn)
		}
	}
	for _, t := range p.waiting {
		t.ready <- nil
	}
	p.waiting = nil
	p.mu.Unlock()
	closeAll(doomed)
}

// assign serves those of the waiting that can be served, and returns connections to close. The lock is held.
func (p *pool) assign() (doomed []*poolConn) {
	for i := 0; i < len(p.conns); i++ {
		if conn := p.conns[i]; conn.users == 0 && conn.open && conn.spent() {
			p.remove(conn)
			doomed = append(doomed, conn)
			i--
		}
	}
	type want struct {
		key      place
		sharable bool
	}
	stuck := map[want]bool{} // what could not be served: nothing becomes free on the way, so the next like it cannot be either
	p.waiting = slices.DeleteFunc(p.waiting, func(t *ticket) bool {
		wanted := want{t.key, t.sharable}
		if stuck[wanted] {
			return false
		}
		conn := p.reuse(t.key)
		if conn == nil {
			if p.mayBecomeSharable(t) {
				stuck[wanted] = true
				return false
			}
			if p.limits.MaxConnections >= 0 && len(p.conns) >= p.limits.MaxConnections {
				i := slices.IndexFunc(p.conns, func(c *poolConn) bool { return c.users == 0 })
				if i < 0 {
					stuck[wanted] = true
					return false
				}
				doomed = append(doomed, p.conns[i])
				p.remove(p.conns[i])
			}
			conn = &poolConn{key: t.key}
			p.conns = append(p.conns, conn)
		}
		conn.users++
		t.ready <- conn
		return true
	})
	return doomed
}

// reuse finds an open connection to the right place, the most recently used first.
func (p *pool) reuse(key place) *poolConn {
	for _, conn := range slices.Backward(p.conns) {
		switch {
		case !conn.open || conn.key != key:
		case conn.cc == nil && conn.users == 0, conn.cc != nil && conn.cc.Err() == nil && conn.cc.Reserve() == nil:
			return conn
		}
	}
	return nil
}

// spent tells whether a connection carries no further requests.
func (c *poolConn) spent() bool { return c.cc != nil && (c.cc.Err() != nil || c.cc.Available() == 0) }

// mayBecomeSharable tells whether a connection that is being opened could serve t as well, and nothing yet says that the place
// speaks HTTP/1.1 only.
func (p *pool) mayBecomeSharable(t *ticket) bool {
	if !t.sharable {
		return false
	}
	opening := false
	for _, conn := range p.conns {
		if conn.key == t.key {
			if conn.open && conn.cc == nil {
				return false
			}
			opening = opening || !conn.open
		}
	}
	return opening
}

// surplus takes out the idle connections beyond the limit, oldest first. The lock is held.
func (p *pool) surplus() (doomed []*poolConn) {
	if p.limits.MaxKeepaliveConnections < 0 {
		return nil
	}
	idle := 0
	for i := len(p.conns) - 1; i >= 0; i-- {
		conn := p.conns[i]
		if conn.users > 0 {
			continue
		}
		if idle++; idle > p.limits.MaxKeepaliveConnections {
			p.remove(conn)
			doomed = append(doomed, conn)
		}
	}
	return doomed
}

func (p *pool) remove(conn *poolConn) {
	if conn.expiry != nil {
		conn.expiry.Stop()
	}
	p.conns = slices.DeleteFunc(p.conns, func(other *poolConn) bool { return other == conn })
}

func (c *poolConn) close() {
	switch {
	case c.cc != nil:
		c.cc.Close()
	case c.wire != nil:
		c.wire.Close()
	}
}

func closeAll(conns []*poolConn) {
	for _, conn := range conns {
		conn.close()
	}
}
