package engine

import (
	"context"
	"errors"
	"io"

	"httpx-repl/engine/h1"
)

// http1 is an exchange over HTTP/1.1, and the stream of its response.
type http1 struct {
	*flight
	transport *HTTPTransport
	wire      *wireConn
	h1        *h1.Conn
	unhook    func() bool // takes the exchange off the caller's context
	upload    *upload     // nil for a body that went out with the head

	length   int64  // of the body of the response, -1 for unknown
	ready    []byte // came with the head
	buffer   []byte
	fast     bool // the last read filled the buffer
	received int64
	switched bool // no longer HTTP
	trailers [][2]string
	over     bool
}

// firstChunk is the size of the reads of a body of unknown length until one fills it: such a body may be a stream of small events, of
// which there may be many.
const firstChunk = 8 << 10

// exchangeHTTP1 sends over f's connection and waits for the head. A kept connection may end just when a request goes out on it; then
// the request goes out once more, on a new one, if the server cannot have acted on it, or would do no harm by doing so twice.
func (t *HTTPTransport) exchangeHTTP1(f *flight, o *outgoing) (*Response, error) {
	for {
		x := &http1{flight: f, transport: t, wire: f.conn.wire, h1: f.conn.h1}
		response, err := x.begin(o)
		if err == nil {
			return response, nil
		}
		stale := f.info.Reused && !f.info.Retried && x.stale(err)
		err = f.failed(x.phase(err), err)
		x.wire.abort()
		x.disconnect()
		if !stale || !x.mayRepeat(o) {
			t.pool.release(f.conn, false)
			return nil, err
		}
		t.pool.reopens(f.conn)
		if err := t.open(f); err != nil {
			t.pool.release(f.conn, false)
			return nil, err
		}
		f.info.Retried = true
		if f.conn.cc != nil {
			return t.exchangeHTTP2(f, o)
		}
	}
}

// begin sends the request and reads the head of the response.
func (x *http1) begin(o *outgoing) (*Response, error) {
	if x.ctx.Done() != nil {
		x.unhook = context.AfterFunc(x.ctx, x.wire.abort)
	}
	// PL03: when writing fails, the server may have said why it does not want to read any more.
	if err := x.send(o); err != nil && (kindOf(err) != h1.Write || isTimeout(err)) {
		return nil, err
	}
	head, err := x.h1.ReadResponse(nil)
	if err != nil {
		return nil, err
	}
	x.info.Protocol = head.Version
	x.length, x.switched = head.Length, head.Switched
	response := &Response{
		StatusCode: head.Status, Version: head.Version, Reason: head.Reason, Headers: &Headers{fields: head.Headers},
		Stream: x, Extensions: map[string]any{"network": x.info},
	}
	if x.length < 0 {
		response.Trailers = x.trailer
	}
	if x.switched {
		x.wire.limit(0, 0)
		response.Extensions["network_stream"] = io.ReadWriteCloser(switchedStream{x.h1.Raw(), x})
		return response, nil
	}
	if n := x.h1.Buffered(); n > 0 && !x.h1.Ended() {
		x.ready = make([]byte, n)
		if n, err = x.h1.ReadBuffered(x.ready); err == nil || err == io.EOF {
			x.ready = x.ready[:n]
		} else {
			x.ready = nil // the error comes again with Next
		}
	}
	return response, nil
}

// send writes the request, a body that is not at hand on a goroutine: the server may answer before it has seen the whole.
func (x *http1) send(o *outgoing) error {
	method := x.request.Method
	if o.stream == nil {
		x.wire.limit(x.limits.Read, x.limits.Write)
		return x.h1.WriteRequest(method, o.target, o.headers, o.body)
	}
	x.wire.limit(0, x.limits.Write) // the read limit counts from the end of the request
	if err := x.h1.WriteHead(method, o.target, o.headers); err != nil {
		x.wire.limit(x.limits.Read, x.limits.Write)
		return err
	}
	x.upload = startUpload(x, o)
	return nil
}

// phase tells what was going on when err came.
func (x *http1) phase(err error) string {
	if kindOf(err) == h1.Write {
		return "write"
	}
	return "read"
}

// stale tells whether err is the end of a connection on which the server has said nothing.
func (x *http1) stale(err error) bool {
	switch kindOf(err) {
	case h1.Closed, h1.Read, h1.Write:
		return !x.h1.Received() && !isTimeout(err) && x.ended("read") == nil
	}
	return false
}

// mayRepeat tells whether the request can be sent twice, and makes its body ready for that.
func (x *http1) mayRepeat(o *outgoing) bool {
	switch {
	case x.upload == nil && x.h1.Untouched():
		return true
	case !idempotent(x.request.Method):
		return false
	case x.upload == nil:
		return true
	}
	content, inMemory := x.request.Content.(bytesContent)
	if inMemory {
		o.stream, _ = content.Stream()
	}
	return inMemory
}

// idempotent methods are those of RFC 9110, section 9.2.2.
func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// Buffered implements BufferedStream.
func (x *http1) Buffered() bool { return x.over || x.h1.Ended() && !x.switched }

// Next reads once from the connection.
func (x *http1) Next(ctx context.Context) ([]byte, error) {
	if len(x.ready) > 0 {
		chunk := x.ready
		x.ready = nil
		x.received += int64(len(chunk))
		if x.h1.Ended() {
			x.finish()
		}
		return chunk, nil
	}
	if x.over || x.switched {
		return nil, io.EOF
	}
	if x.h1.Ended() {
		x.finish()
		return nil, io.EOF
	}
	if ctx != x.caller && ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { x.breakOff(context.Cause(ctx)); x.wire.abort() })()
	}
	if x.buffer == nil {
		size := int64(maxChunk)
		if x.length >= 0 {
			size = min(size, x.length-x.received)
		} else if !x.fast {
			size = firstChunk
		}
		x.buffer = make([]byte, size)
	}
	n, err := x.h1.ReadBody(x.buffer)
	x.received += int64(n)
	switch {
	case err == io.EOF:
		x.finish()
		return nil, io.EOF
	case err != nil:
		err = x.bodyFailed(err, x.received, x.length)
		x.breakUp()
		return nil, err
	}
	chunk := x.buffer[:n:n]
	x.fast = n == len(x.buffer)
	if n*2 >= len(x.buffer) {
		x.buffer = nil // the caller owns it now
	} else {
		chunk = append([]byte(nil), chunk...)
	}
	if x.h1.Ended() {
		x.finish()
	}
	return chunk, nil
}

// Close closes the connection unless the body was read to its end.
func (x *http1) Close() error {
	switch {
	case x.over:
	case x.h1.Ended() && len(x.ready) == 0 && !x.switched:
		x.finish()
	default:
		x.breakOff(errBodyClosed)
		x.breakUp()
	}
	x.ready = nil
	return nil
}

func (x *http1) trailer() *Headers {
	if len(x.trailers) == 0 {
		return nil
	}
	return NewHeaders(x.trailers)
}

// finish gives the connection back when the response has been read to its end.
func (x *http1) finish() {
	if x.over {
		return
	}
	x.trailers = x.h1.Trailers()
	if x.upload != nil && !x.upload.ended() || !x.h1.Reusable() || x.unhook != nil && !x.unhook() {
		if x.upload != nil {
			x.wire.abort() // or the farewell of TLS would wait for the server
		}
		x.breakUp()
		return
	}
	x.over = true
	x.transport.pool.release(x.conn, true)
	x.end()
}

// breakUp closes the connection and gives its place in the pool back.
func (x *http1) breakUp() {
	if x.over {
		return
	}
	x.over = true
	if !x.h1.Ended() || x.switched {
		x.wire.abort()
	}
	x.disconnect()
	x.transport.pool.release(x.conn, false)
	x.end()
}

// disconnect closes the connection and stops the upload.
func (x *http1) disconnect() {
	if x.unhook != nil {
		x.unhook()
	}
	if x.upload != nil {
		x.upload.cancel()
	}
	x.wire.Close()
}

// switchedStream is the connection after 101, or the success of CONNECT.
type switchedStream struct {
	io.ReadWriter
	exchange *http1
}

func (s switchedStream) Close() error { return s.exchange.Close() }

func kindOf(err error) h1.Kind {
	var e *h1.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}
