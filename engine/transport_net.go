package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxChunk is the size of the reads of a body.
const maxChunk = 64 << 10

// maxResponseHead bounds the status line and headers of a response, interim responses included, in bytes.
const maxResponseHead = 256 << 10

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
	TLS           *tls.ConnectionState
}

// HTTPTransport sends requests over the network, through a pool of connections. It never decompresses, follows redirects or
// touches cookies. Each of Timeout's four limits bounds single operations: opening a connection, waiting for data, sending a
// piece, waiting for the pool.
//
// It stands on the standard library's connections for now. Two things are theirs: the order of request headers, and some
// lenience towards malformed responses. A content is read on one of their goroutines.
type HTTPTransport struct {
	options TransportOptions
	pool    *pool
	dialer  *net.Dialer
	tls     *tls.Config
	http1   *http.Transport
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
	t.http1 = overPrepared(func(p *http.Protocols) { p.SetHTTP1(true) })
	t.http2 = overPrepared(func(p *http.Protocols) { p.SetHTTP2(true); p.SetUnencryptedHTTP2(true) })
	return t, nil
}

// overPrepared makes a standard transport whose connections are those that dial put into the context.
func overPrepared(choose func(*http.Protocols)) *http.Transport {
	t := &http.Transport{
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxResponseHead,
		Protocols:              &http.Protocols{},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return ctx.Value(preparedConn{}).(net.Conn), nil
		},
	}
	choose(t.Protocols)
	return t
}

type preparedConn struct{}

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
func (t *HTTPTransport) fly(f *flight) (*Response, error) {
	httpRequest, err := t.httpRequest(f)
	if err != nil {
		return nil, f.request.claim(err)
	}
	if err := t.obtain(f); err != nil {
		if httpRequest.Body != nil {
			httpRequest.Body.Close()
		}
		return nil, err
	}
	f.wire.begin(f)
	f.head.expect(f.limits.Write, errWriteTimeout)
	httpResponse, err := f.conn.cc.RoundTrip(httpRequest)
	f.head.stop()
	if err != nil {
		phase := "write"
		if f.sent.Load() {
			phase = "read"
		}
		err = f.failed(phase, err)
		t.pool.release(f.conn, false)
		return nil, err
	}
	return t.response(f, httpResponse)
}

// httpRequest translates the request. The target goes on the wire as it is in the URL.
func (t *HTTPTransport) httpRequest(f *flight) (*http.Request, error) {
	request := f.request
	netloc := request.URL.Netloc()
	u := &url.URL{Scheme: request.URL.Scheme(), Host: netloc, Opaque: request.URL.RawPath()}
	if target, given := request.Extensions["target"].([]byte); given {
		u.Opaque = string(target)
		if i := strings.IndexFunc(u.Opaque, func(c rune) bool { return c <= ' ' || c == 0x7f }); i >= 0 {
			return nil, NewError(LocalProtocolError, request, "Illegal target: invalid character %s at position %d.", quoted(u.Opaque[i:i+1]), i)
		}
	}
	if t.forwards(request.URL) {
		u.Opaque = request.URL.Scheme() + "://" + netloc + request.URL.RawPath()
	} else if strings.HasPrefix(u.Opaque, "//") {
		// net/http would take an opaque part with two slashes for an absolute form.
		path, query, hasQuery := strings.Cut(u.Opaque, "?")
		u.Opaque, u.RawPath, u.RawQuery, u.ForceQuery = "", path, query, hasQuery && query == ""
		u.Path, _ = url.PathUnescape(path)
	}
	r := &http.Request{
		Method: request.Method, URL: u, Host: netloc, Header: http.Header{"User-Agent": nil},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	length := int64(0)
	if request.Content != nil {
		length = request.Content.Len()
	}
	for _, field := range request.Headers.Raw() {
		switch name := http.CanonicalHeaderKey(field[0]); name {
		case "Host":
			r.Host = field[1]
		case "Content-Length":
			declared, err := strconv.ParseInt(field[1], 10, 64)
			if err != nil || declared < 0 {
				return nil, NewError(LocalProtocolError, request, "Content-Length %s is not a number of bytes", quoted(field[1]))
			}
			if length >= 0 && length != declared {
				return nil, NewError(LocalProtocolError, request,
					"The Content-Length header says %d bytes, but the content has %d.", declared, length)
			}
			length = declared
		case "Transfer-Encoding":
			if !strings.EqualFold(field[1], "chunked") {
				return nil, NewError(LocalProtocolError, request, "Transfer-Encoding %s cannot be sent, only chunked", quoted(field[1]))
			}
			length = -1
		case "User-Agent", "Connection", "Trailer", "Expect":
			r.Header[name] = append(r.Header[name], field[1])
		default:
			r.Header[field[0]] = append(r.Header[field[0]], field[1])
		}
	}
	if t.forwards(request.URL) {
		t.addProxyHeaders(func(name, value string) { r.Header[name] = []string{value} })
	}
	if request.Content != nil && length != 0 {
		stream, err := request.Content.Stream()
		if err != nil {
			return nil, err
		}
		f.content = newContentReader(f.ctx, stream, func(begins bool) {
			if begins {
				f.head.rest()
			} else {
				f.head.expect(f.limits.Write, errWriteTimeout)
			}
		})
		r.Body, r.ContentLength = f.content, length
	}
	trace := &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if info.Err == nil {
			f.sent.Store(true)
			f.head.expect(f.limits.Read, errReadTimeout)
		}
	}}
	return r.WithContext(httptrace.WithClientTrace(f.ctx, trace)), nil
}

// obtain gets a connection from the pool, and opens it if it is a new one.
func (t *HTTPTransport) obtain(f *flight) error {
	tls := f.request.URL.Scheme() == "https"
	serverName, _ := f.request.Extensions["sni_hostname"].(string)
	key := f.request.URL.Origin() + " " + serverName
	conn, err := t.pool.acquire(f.ctx, f.limits.Pool, key, t.options.HTTP2 && tls)
	if err != nil {
		return f.failed("pool", err)
	}
	f.conn = conn
	if conn.open {
		f.wire, f.info = conn.wire, conn.info
		f.info.Reused = true
		return nil
	}
	if err := t.open(f, serverName); err != nil {
		t.pool.release(conn, false)
		return err
	}
	f.wire, f.info = conn.wire, conn.info
	t.pool.established(conn)
	return nil
}

// open opens f's connection, with retries.
func (t *HTTPTransport) open(f *flight, serverName string) error {
	delay := time.Duration(0)
	for attempt := 0; ; attempt++ {
		err := t.openOnce(f, serverName)
		if err == nil {
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

func (t *HTTPTransport) openOnce(f *flight, serverName string) error {
	wire, err := t.dial(f, serverName)
	if err != nil {
		return err
	}
	conn := f.conn
	conn.wire = wire
	conn.info = NetworkInfo{RemoteAddress: wire.RemoteAddr().String(), LocalAddress: wire.LocalAddr().String(), Protocol: "HTTP/1.1", TLS: wire.state}
	standard := t.http1
	if wire.h2 {
		conn.h2, conn.info.Protocol, standard = true, "HTTP/2", t.http2
	}
	ctx := context.WithValue(f.ctx, preparedConn{}, net.Conn(wire))
	conn.cc, err = standard.NewClientConn(ctx, "http", net.JoinHostPort(f.request.URL.RawHost(), f.port()))
	if err != nil {
		wire.Close()
		return f.failed("connect", err)
	}
	if conn.h2 {
		// This flight's own place; later ones reserve theirs in the pool.
		if err := conn.cc.Reserve(); err != nil {
			conn.cc.Close()
			return f.failed("connect", err)
		}
	}
	return nil
}

// response translates the head, and checks what net/http lets pass.
func (t *HTTPTransport) response(f *flight, r *http.Response) (*Response, error) {
	response := &Response{
		StatusCode: r.StatusCode,
		Version:    r.Proto,
		Extensions: map[string]any{"network": &f.info},
	}
	body := &netBody{flight: f, transport: t, http: r}
	if f.conn.h2 {
		response.Version, response.Headers = "HTTP/2", headersOf(r.Header)
	} else if err := f.wire.readHead(response); err != nil {
		body.Close()
		return nil, f.request.claim(err)
	}
	f.info.Protocol = response.Version
	if r.StatusCode == http.StatusSwitchingProtocols {
		if !f.request.Headers.Has("Upgrade") {
			body.Close()
			e := NewError(RemoteProtocolError, f.request, "The server switched protocols, which nobody had asked for.")
			e.Phase = "read"
			return nil, e
		}
		if stream, ok := r.Body.(io.ReadWriteCloser); ok {
			response.Extensions["network_stream"] = stream
		}
	}
	response.Stream = body
	response.Trailers = func() *Headers {
		if len(r.Trailer) == 0 {
			return nil
		}
		return headersOf(r.Trailer)
	}
	return response, nil
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
