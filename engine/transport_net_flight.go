package engine

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// flight is one request on its way through the network: its context, its clocks and its connection.
type flight struct {
	request *Request
	caller  context.Context // of RoundTrip
	ctx     context.Context // ends with caller, with a timeout, and with the flight
	cancel  context.CancelCauseFunc
	limits  Timeout
	total   *time.Timer // nil without a total limit

	conn *poolConn
	wire *wireConn
	info NetworkInfo

	content *contentReader // nil without a body
	sent    atomic.Bool    // the whole request was written
	head    watchdog       // guards writing, and waiting for the head
	body    watchdog       // guards waiting for pieces of the body
}

func newFlight(ctx context.Context, request *Request) *flight {
	f := &flight{request: request, caller: ctx, limits: request.timeout()}
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	f.head.bite, f.body.bite = f.cancel, f.cancel
	left := request.left
	if left == 0 {
		left = f.limits.Total
	}
	if left > 0 {
		f.total = time.AfterFunc(left, func() { f.cancel(errTotalTimeout) })
	}
	return f
}

// within is f's context with a limit of its own; 0 is none.
func (f *flight) within(limit time.Duration, cause error) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(f.ctx)
	}
	return context.WithTimeoutCause(f.ctx, limit, cause)
}

// end stops the clocks and frees the context. It is idempotent.
func (f *flight) end() {
	f.head.stop()
	f.body.stop()
	if f.total != nil {
		f.total.Stop()
	}
	f.cancel(nil)
}

// port is the port of the request's URL, the scheme's when it has none.
func (f *flight) port() string { return portOf(f.request.URL) }

// watchdog ends a flight when something does not happen in time.
type watchdog struct {
	bite func(cause error)

	mu      sync.Mutex
	timer   *time.Timer
	turn    int // a timer of an earlier turn that has just fired does nothing
	limit   time.Duration
	cause   error
	stopped bool
}

// expect bites with cause after limit, unless there is another call before; 0 is no limit.
func (w *watchdog) expect(limit time.Duration, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet()
	if w.stopped || limit <= 0 {
		return
	}
	w.limit, w.cause = limit, cause
	w.start()
}

// touch starts the limit anew, if one is running.
func (w *watchdog) touch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil {
		return
	}
	w.quiet()
	w.start()
}

// rest waits for nothing until the next expect.
func (w *watchdog) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet()
}

// stop ends the watch for good.
func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet()
	w.stopped = true
}

func (w *watchdog) start() {
	turn, cause := w.turn, w.cause
	w.timer = time.AfterFunc(w.limit, func() {
		w.mu.Lock()
		due := w.turn == turn
		w.mu.Unlock()
		if due {
			w.bite(cause)
		}
	})
}

func (w *watchdog) quiet() {
	w.turn++
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}

// netBody is the body of a response from the network.
type netBody struct {
	flight    *flight
	transport *HTTPTransport
	http      *http.Response
	buffer    []byte
	received  int64
	pending   error // what came together with the last bytes
	done      bool
}

// Next reads once from the connection.
func (b *netBody) Next(ctx context.Context) ([]byte, error) {
	if b.done {
		return nil, io.EOF
	}
	if b.pending != nil {
		return nil, b.finish(b.pending)
	}
	f := b.flight
	if ctx != f.caller {
		defer context.AfterFunc(ctx, func() { f.cancel(context.Cause(ctx)) })()
	}
	if b.buffer == nil {
		size := int64(maxChunk)
		if length := b.http.ContentLength; length >= 0 && length < size {
			size = length + 1 // one more, to see the end in the same read
		}
		b.buffer = make([]byte, size)
	}
	for {
		f.body.expect(f.limits.Read, errReadTimeout)
		n, err := b.http.Body.Read(b.buffer)
		f.body.rest()
		b.received += int64(n)
		b.pending = err
		if n > 0 {
			return append([]byte(nil), b.buffer[:n]...), nil
		}
		if err != nil {
			return nil, b.finish(err)
		}
	}
}

// finish ends the flight after the last read, and returns the error for the reader.
func (b *netBody) finish(err error) error {
	b.done = true
	f := b.flight
	if err == io.EOF {
		f.wire.end()
		b.transport.pool.release(f.conn, true)
		f.end()
		return io.EOF
	}
	err = f.bodyFailed(err, b.received, b.http.ContentLength)
	b.http.Body.Close()
	b.transport.pool.release(f.conn, false)
	f.end()
	return err
}

// Close closes the connection unless the body was read to its end; of an HTTP/2 connection only the stream is closed.
func (b *netBody) Close() error {
	if b.done {
		return nil
	}
	if b.pending == io.EOF {
		b.finish(io.EOF)
		return nil
	}
	b.done = true
	b.flight.cancel(errBodyClosed)
	b.http.Body.Close()
	b.transport.pool.release(b.flight.conn, false)
	b.flight.end()
	return nil
}
