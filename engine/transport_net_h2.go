package engine

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
)

// http2 is an exchange over HTTP/2, which is the standard library's. It reads the content on a goroutine of its own, and knows no
// limits for single operations: the watchdogs are those.
type http2 struct {
	*flight
	stop   context.CancelCauseFunc
	upload *contentReader // nil without a body
	sent   atomic.Bool    // the whole request was written
	head   watchdog       // guards writing, and waiting for the head
	body   watchdog       // guards waiting for pieces of the body
}

// newHTTP2Transport makes a standard transport whose connections are those that the context brings.
func newHTTP2Transport() *http.Transport {
	t := &http.Transport{
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxResponseHead,
		Protocols:              &http.Protocols{},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return ctx.Value(preparedConn{}).(net.Conn), nil
		},
	}
	t.Protocols.SetHTTP2(true)
	t.Protocols.SetUnencryptedHTTP2(true)
	return t
}

type preparedConn struct{}

// openHTTP2 starts HTTP/2 on f's connection.
func (t *HTTPTransport) openHTTP2(f *flight) error {
	conn := f.conn
	ctx := context.WithValue(f.ctx, preparedConn{}, conn.wire.Conn)
	cc, err := t.http2.NewClientConn(ctx, "http", net.JoinHostPort(f.request.URL.RawHost(), f.port()))
	if err != nil {
		conn.wire.Close()
		return f.failed("connect", err)
	}
	// This flight's own place; later ones reserve theirs in the pool.
	if err := cc.Reserve(); err != nil {
		cc.Close()
		return f.failed("connect", err)
	}
	conn.cc, conn.info.Protocol = cc, "HTTP/2"
	return nil
}

// exchangeHTTP2 sends over f's connection and waits for the head.
func (t *HTTPTransport) exchangeHTTP2(f *flight, o *outgoing) (*Response, error) {
	x := &http2{flight: f}
	f.ctx, x.stop = context.WithCancelCause(f.ctx)
	x.head.bite, x.body.bite = x.stop, x.stop
	if o.stream == nil && len(o.body) > 0 {
		o.stream = NewBytesStream(o.body)
	}
	request := x.httpRequest(o)
	x.head.expect(f.limits.Write, errWriteTimeout)
	r, err := f.conn.cc.RoundTrip(request)
	x.head.stop()
	if err != nil {
		phase := "write"
		if x.sent.Load() {
			phase = "read"
		}
		err = f.failed(phase, err)
		t.pool.release(f.conn, false)
		x.close()
		return nil, err
	}
	return &Response{
		StatusCode: r.StatusCode, Version: "HTTP/2", Headers: headersOf(r.Header),
		Stream:     &http2Body{flight: x, transport: t, http: r},
		Extensions: map[string]any{"network": f.info},
		Trailers: func() *Headers {
			if len(r.Trailer) == 0 {
				return nil
			}
			return headersOf(r.Trailer)
		},
	}, nil
}

// close stops the clocks and frees the context. It is idempotent.
func (x *http2) close() {
	x.head.stop()
	x.body.stop()
	x.stop(nil)
	x.end()
}

// httpRequest translates the request. The target goes on the wire as it is in the URL.
func (x *http2) httpRequest(o *outgoing) *http.Request {
	request := x.request
	u := &url.URL{Scheme: request.URL.Scheme(), Host: request.URL.Netloc(), Opaque: o.target}
	if strings.HasPrefix(u.Opaque, "//") {
		// net/http would take an opaque part with two slashes for an absolute form.
		path, query, hasQuery := strings.Cut(u.Opaque, "?")
		u.Opaque, u.RawPath, u.RawQuery, u.ForceQuery = "", path, query, hasQuery && query == ""
		u.Path, _ = url.PathUnescape(path)
	}
	r := &http.Request{
		Method: request.Method, URL: u, Host: u.Host, Header: http.Header{"User-Agent": nil},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	for _, field := range o.headers {
		switch name := http.CanonicalHeaderKey(field[0]); name {
		case "Host":
			r.Host = field[1]
		case "Content-Length", "Transfer-Encoding":
		case "User-Agent", "Connection", "Trailer", "Expect":
			r.Header[name] = append(r.Header[name], field[1])
		default:
			r.Header[field[0]] = append(r.Header[field[0]], field[1])
		}
	}
	if o.stream != nil {
		x.upload = newContentReader(x.ctx, o.stream, func(begins bool) {
			if begins {
				x.head.rest()
			} else {
				x.head.expect(x.limits.Write, errWriteTimeout)
			}
		})
		o.stream = nil
		x.content = x.upload.failure
		r.Body, r.ContentLength = x.upload, o.length
	}
	trace := &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if info.Err == nil {
			x.sent.Store(true)
			x.head.expect(x.limits.Read, errReadTimeout)
		}
	}}
	return r.WithContext(httptrace.WithClientTrace(x.ctx, trace))
}

// http2Body is the body of a response over HTTP/2.
type http2Body struct {
	flight    *http2
	transport *HTTPTransport
	http      *http.Response
	buffer    []byte
	received  int64
	pending   error // what came together with the last bytes
	done      bool
}

// Next reads once from the connection.
func (b *http2Body) Next(ctx context.Context) ([]byte, error) {
	if b.done {
		return nil, io.EOF
	}
	if b.pending != nil {
		return nil, b.finish(b.pending)
	}
	f := b.flight
	if ctx != f.caller {
		defer context.AfterFunc(ctx, func() { f.stop(context.Cause(ctx)) })()
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
func (b *http2Body) finish(err error) error {
	b.done = true
	f := b.flight
	if err == io.EOF {
		b.transport.pool.release(f.conn, true)
		f.close()
		return io.EOF
	}
	err = f.bodyFailed(err, b.received, b.http.ContentLength)
	b.http.Body.Close()
	b.transport.pool.release(f.conn, false)
	f.close()
	return err
}

// Close closes the stream unless the body was read to its end; the connection stays.
func (b *http2Body) Close() error {
	if b.done {
		return nil
	}
	if b.pending == io.EOF {
		b.finish(io.EOF)
		return nil
	}
	b.done = true
	b.flight.stop(errBodyClosed)
	b.http.Body.Close()
	b.transport.pool.release(b.flight.conn, false)
	b.flight.close()
	return nil
}
