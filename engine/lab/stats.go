package lab

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// Stats is what the server has seen since it started, or since ResetStats.
type Stats struct {
	ConnectionsOpened int // accepted
	ConnectionsActive int // open now
	ConnectionsClosed int // closed, by whichever side
	Requests          int // requests that reached a handler
	InFlight          int // requests in a handler now
	MaxInFlight       int // the most that were in handlers at once
	// Aborted counts the requests whose client closed the connection, or reset the HTTP/2 stream, before the
	// server had written the whole answer. A handler that was already done does not count: what it wrote had been
	// handed to the system. Over HTTP/1.1 a client that only shuts down its sending side counts too, since net/http
	// cannot tell the two apart.
	Aborted int
}

// counters guards Stats and wakes those who wait for a change.
type counters struct {
	mu      sync.Mutex
	stats   Stats
	changed chan struct{} // closed at the next change; nil while nobody waits
}

func newCounters() *counters { return new(counters) }

func (c *counters) change(f func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.stats)
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// look returns the counters and a channel that is closed when they change.
func (c *counters) look() (Stats, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.stats, c.changed
}

func (c *counters) waitIdle() {
	for {
		stats, changed := c.look()
		if stats.InFlight == 0 && stats.ConnectionsActive == 0 {
			return
		}
		<-changed
	}
}

// Stats returns the counters as they are now.
func (s *Server) Stats() Stats {
	stats, _ := s.counters.look()
	return stats
}

// ResetStats sets the counters to zero; those of what is open or running now start from what is open or running.
func (s *Server) ResetStats() {
	s.counters.change(func(stats *Stats) {
		*stats = Stats{
			ConnectionsActive: stats.ConnectionsActive,
			InFlight:          stats.InFlight,
			MaxInFlight:       stats.InFlight,
		}
	})
}

// Wait blocks until done says yes to the counters and returns them. done is asked at once and after each change. The
// error is the context's, or ErrClosed; the counters are then the last ones.
func (s *Server) Wait(ctx context.Context, done func(Stats) bool) (Stats, error) {
	for {
		stats, changed := s.counters.look()
		if done(stats) {
			return stats, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return stats, ctx.Err()
		case <-s.running.Done():
			return stats, ErrClosed
		}
	}
}

// WaitAborted blocks until at least n requests were aborted by the client, as Stats.Aborted counts them.
func (s *Server) WaitAborted(ctx context.Context, n int) (Stats, error) {
	return s.Wait(ctx, func(stats Stats) bool { return stats.Aborted >= n })
}

// visit is one request in the server. Its abort is counted once, whichever of its signs comes first.
type visit struct {
	server *Server
	once   sync.Once
}

func (v *visit) abort() {
	if v.server.running.Err() != nil {
		return
	}
	v.once.Do(func() { v.server.counters.change(func(s *Stats) { s.Aborted++ }) })
}

type visitKey struct{}

// abortOf counts r as aborted by its client.
func abortOf(r *http.Request) {
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok {
		v.abort()
	}
}

// observe counts requests. A client that leaves ends the request's context, except while a body is being uploaded:
// then it fails the read of the body.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.counters.change(func(stats *Stats) {
			stats.Requests++
			stats.InFlight++
			stats.MaxInFlight = max(stats.MaxInFlight, stats.InFlight)
		})
		defer s.counters.change(func(stats *Stats) { stats.InFlight-- })

		v := &visit{server: s}
		stop := context.AfterFunc(r.Context(), v.abort)
		defer stop()
		ctx, cancel := context.WithCancel(context.WithValue(r.Context(), visitKey{}, v))
		defer cancel()
		defer context.AfterFunc(s.running, cancel)() // Close ends requests without a socket too
		r = r.WithContext(ctx)
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &watchedBody{ReadCloser: r.Body, visit: v}
		}
		next.ServeHTTP(w, r)
	})
}

type watchedBody struct {
	io.ReadCloser
	visit *visit
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.visit.abort()
	}
	return n, err
}
