package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"httpx-repl/engine/h1"
)

// maxChunk is the size of the reads of a body.
const maxChunk = 64 << 10

// maxResponseHead bounds the status line and headers of a response, interim responses included, in bytes.
const maxResponseHead = h1.MaxHead

// TransportOptions configure an HTTPTransport. The zero value verifies certificates against the system's roots, speaks HTTP/1.1
// and has DefaultLimits.
type TransportOptions struct {
	NoVerify bool   // accept any certificate
	CAs      []byte // PEM certificates to trust instead of the system's
	// ExtraRoots are to be trusted besides, asked for at each handshake; nil, or a nil pool, is none.
	ExtraRoots func() *x509.CertPool
	ClientCert *tls.Certificate // shown to servers that ask
	NoHTTP1    bool             // with HTTP2: prior knowledge, and nothing else is accepted
	HTTP2      bool             // offer HTTP/2 to https servers
	Limits     *Limits          // nil is DefaultLimits
	Proxy      *Proxy           // nil is none
	UDS        string           // path of a Unix socket that every connection goes to
	// LocalAddress is the IP address to connect from; "" leaves the choice to the system.
	LocalAddress string
	Retries      int // how often opening a connection is tried again after a ConnectError or ConnectTimeout
}

// NetworkInfo says how a response travelled. It is the "network" extension of a response.
type NetworkInfo struct {
	RemoteAddress string // "192.0.2.1:443", of the proxy when there is one, or the path of a Unix socket
	LocalAddress  string
	Protocol      string // "HTTP/1.1", "HTTP/2"
	Reused        bool   // the connection had carried a request before
	Retried       bool   // a kept connection had ended, and the request was sent again on this one
	TLS           *tls.ConnectionState
}

// HTTPTransport sends requests over the network, through a pool of connections. It never decompresses, follows redirects or
// touches cookies. Each of Timeout's four limits bounds single operations: opening a connection, waiting for data, sending a
// piece, waiting for the pool.
//
// HTTP/1.1 is package h1's, HTTP/2 the standard library's. The content of a request is read on the goroutine that calls RoundTrip
// when it is small and in memory, else on one of its own, so that a server's early answer is seen. No goroutine waits for
// an idle connection: it is looked at when it is to be used again, or when its time is over.
type HTTPTransport struct {
	options TransportOptions
	pool    *pool
	dialer  *net.Dialer
	tls     *tls.Config
	http2   *http.Transport
}

// NewHTTPTransport makes a transport, which the caller closes. Options that cannot be used, or not together, are a ValueError.
func NewHTTPTransport(options TransportOptions) (*HTTPTransport, error) {
	switch {
	case options.NoHTTP1 && !options.HTTP2:
		return nil, NewError(ValueError, nil, "Either HTTP/1.1 or HTTP/2 must be enabled.")
	case options.UDS != "" && options.Proxy != nil:
		return nil, NewError(ValueError, nil, "uds and proxy cannot be used together: a connection goes to one or the other.")
	case options.UDS != "" && options.LocalAddress != "":
		return nil, NewError(ValueError, nil, "uds and local_address cannot be used together: a Unix socket has no local address.")
	}
	config, err := tlsConfig(options)
	if err != nil {
		return nil, err
	}
	t := &HTTPTransport{options: options, dialer: &net.Dialer{}, tls: config}
	limits := DefaultLimits
	if options.Limits != nil {
		limits = *options.Limits
	}
	t.pool = &pool{limits: limits}
	if options.LocalAddress != "" {
		address, err := netip.ParseAddr(options.LocalAddress)
		if err != nil {
			return nil, NewError(ValueError, nil, "local_address %s is not an IP address", quoted(options.LocalAddress))
		}
		t.dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(address, 0))
	}
	t.http2 = newHTTP2Transport()
	return t, nil
}

// Close closes the idle connections, turns away requests that wait for one, and refuses new ones.
func (t *HTTPTransport) Close() error {
	t.pool.close()
	return nil
}

// RoundTrip sends a request and returns when the head of the response has arrived.
func (t *HTTPTransport) RoundTrip(ctx context.Context, request *Request) (*Response, error) {
	if scheme := request.URL.Scheme(); scheme != "http" && scheme != "https" {
		return nil, NewError(UnsupportedProtocol, request, "Request URL has an unsupported protocol '%s://'.", scheme)
	}
	if err := request.Headers.Validate(); err != nil {
		return nil, request.claim(err)
	}
	f := newFlight(ctx, request)
	response, err := t.fly(f)
	if err != nil {
		f.end()
		return nil, err
	}
	return response, nil
}

// fly takes a connection, sends, and waits for the head. On an error nothing stays open.
func (t *HTTPTransport) fly(f *flight) (response *Response, err error) {
	o, err := t.outgoing(f.request)
	if err != nil {
		return nil, f.request.claim(err)
	}
	defer func() {
		if err != nil && o.stream != nil {
			o.stream.Close()
		}
	}()
	if err := t.obtain(f); err != nil {
		return nil, err
	}
	if f.conn.cc != nil {
		return t.exchangeHTTP2(f, o)
	}
	return t.exchangeHTTP1(f, o)
}

// obtain gets a connection from the pool, and opens it if it is a new one, or an old one that is of no more use.
func (t *HTTPTransport) obtain(f *flight) error {
	key := f.place()
	conn, err := t.pool.acquire(f.ctx, f.limits.Pool, key, t.options.HTTP2 && key.scheme == "https")
	if err != nil {
		return f.failed("pool", err)
	}
	f.conn = conn
	if conn.open && conn.cc == nil && !conn.wire.silent() {
		conn.wire.Close()
		t.pool.reopens(conn)
	}
	if conn.open {
		info := conn.info
		info.Reused = true
		f.info = &info
		return nil
	}
	if err := t.open(f); err != nil {
		t.pool.release(conn, false)
		return err
	}
	return nil
}

// open opens f's connection, with retries, and tells the pool.
func (t *HTTPTransport) open(f *flight) error {
	delay := time.Duration(0)
	for attempt := 0; ; attempt++ {
		err := t.openOnce(f)
		if err == nil {
			info := f.conn.info
			f.info = &info
			t.pool.established(f.conn)
			return nil
		}
		again := isClass(err, ConnectError) || isClass(err, ConnectTimeout)
		if !again || attempt >= t.options.Retries {
			return err
		}
		pause := time.NewTimer(delay)
		select {
		case <-pause.C:
		case <-f.ctx.Done():
			pause.Stop()
			return f.failed("connect", context.Cause(f.ctx))
		}
		// 0, 0.5, 1, 2, 4 … seconds, as in HTTPX.
		delay = max(500*time.Millisecond, 2*delay)
	}
}

func (t *HTTPTransport) openOnce(f *flight) error {
	wire, err := t.dial(f)
	if err != nil {
		return err
	}
	conn := f.conn
	conn.wire, conn.h1, conn.cc = wire, nil, nil
	conn.info = NetworkInfo{RemoteAddress: wire.RemoteAddr().String(), LocalAddress: wire.LocalAddr().String(), Protocol: "HTTP/1.1", TLS: wire.state}
	if wire.h2 {
		return t.openHTTP2(f)
	}
	conn.h1 = h1.NewConn(wire)
	return nil
}

// outgoing is a request as it goes on the wire.
type outgoing struct {
	target  string
	headers [][2]string
	body    []byte     // the whole of it, when it is small and at hand
	stream  ByteStream // else; nil for none, or when it has been handed on
	length  int64      // of the body, -1 for unknown
}

// maxInline is the size up to which a body in memory goes out before anybody looks for an answer.
const maxInline = 64 << 10

// outgoing prepares a request. Header fields keep their order and case; missing are added only Host, and what the content needs.
func (t *HTTPTransport) outgoing(request *Request) (*outgoing, error) {
	o := &outgoing{target: request.URL.RawPath(), headers: request.Headers.Raw()}
	if target, given := request.Extensions["target"].([]byte); given {
		o.target = string(target)
		if i := strings.IndexFunc(o.target, func(c rune) bool { return c <= ' ' || c == 0x7f }); i >= 0 {
			return nil, NewError(LocalProtocolError, request, "Illegal target: invalid character %s at position %d.", quoted(o.target[i:i+1]), i)
		}
	}
	if t.forwards(request.URL) {
		o.target = request.URL.Scheme() + "://" + request.URL.Netloc() + request.URL.RawPath()
	}
	if request.Content != nil {
		o.length = request.Content.Len()
	}
	host, framed := false, false
	for _, field := range o.headers {
		switch name := field[0]; {
		case equalFoldASCII(name, "Host"):
			host = true
		case equalFoldASCII(name, "Content-Length"):
			declared, err := strconv.ParseInt(field[1], 10, 64)
			if err != nil || declared < 0 {
				return nil, NewError(LocalProtocolError, request, "Content-Length %s is not a number of bytes", quoted(field[1]))
			}
			if o.length >= 0 && o.length != declared {
				return nil, NewError(LocalProtocolError, request,
					"The Content-Length header says %d bytes, but the content has %d.", declared, o.length)
			}
			if !framed {
				o.length = declared
			}
			framed = true
		case equalFoldASCII(name, "Transfer-Encoding"):
			if !strings.EqualFold(field[1], "chunked") {
				return nil, NewError(LocalProtocolError, request, "Transfer-Encoding %s cannot be sent, only chunked", quoted(field[1]))
			}
			framed, o.length = true, -1
		}
	}
	var missing [][2]string
	if !host {
		missing = append(missing, [2]string{"Host", request.URL.Netloc()})
	}
	if !framed && o.length > 0 {
		missing = append(missing, contentLength(o.length))
	} else if !framed && o.length < 0 {
		missing = append(missing, [2]string{"Transfer-Encoding", "chunked"})
	}
	if t.forwards(request.URL) {
		t.addProxyHeaders(func(name, value string) {
			if !request.Headers.Has(name) {
				missing = append(missing, [2]string{name, value})
			}
		})
	}
	if missing != nil {
		o.headers = append(slices.Clip(o.headers), missing...)
	}
	switch content := request.Content.(type) {
	case nil:
	case bytesContent:
		if len(content) <= maxInline {
			o.body = content
			break
		}
		o.stream = NewBytesStream(content)
	default:
		if o.length == 0 {
			break
		}
		stream, err := content.Stream()
		if err != nil {
			return nil, err
		}
		o.stream = stream
	}
	return o, nil
}

// forwards tells whether requests to u go to the proxy in absolute form.
func (t *HTTPTransport) forwards(u *URL) bool {
	p := t.options.Proxy
	return p != nil && u.Scheme() == "http" && (p.URL.Scheme() == "http" || p.URL.Scheme() == "https")
}

// addProxyHeaders gives the headers that are meant for the proxy.
func (t *HTTPTransport) addProxyHeaders(add func(name, value string)) {
	p := t.options.Proxy
	if p.Username != "" || p.Password != "" {
		add("Proxy-Authorization", basicHeader(p.Username, p.Password))
	}
	if p.Headers != nil {
		for _, field := range p.Headers.Raw() {
			add(field[0], field[1])
		}
	}
}
