package engine

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/proxy"

	"httpx-repl/engine/h1"
)

// dial opens a connection for f: to the Unix socket, the proxy or the server, through the proxy if need be, and then TLS.
func (t *HTTPTransport) dial(f *flight) (*wireConn, error) {
	target := net.JoinHostPort(f.request.URL.RawHost(), f.port())
	conn, err := t.dialFirst(f, target)
	if err != nil {
		return nil, err
	}
	wire := newWireConn(conn)
	through, err := t.throughProxy(f, conn, target)
	if err != nil {
		conn.Close()
		return nil, err
	}
	if f.request.URL.Scheme() != "https" {
		wire.Conn, wire.h2 = through, t.options.HTTP2 && t.options.NoHTTP1
		return wire, nil
	}
	serverName := f.conn.key.serverName
	if serverName == "" {
		serverName = f.request.URL.RawHost()
	}
	secure, err := t.handshake(f, through, serverName, protocols(t.options))
	if err != nil {
		through.Close()
		return nil, f.failed("tls", err)
	}
	state := secure.ConnectionState()
	wire.Conn, wire.state, wire.h2 = secure, &state, state.NegotiatedProtocol == "h2"
	if t.options.NoHTTP1 && !wire.h2 {
		secure.Close()
		e := NewError(ConnectError, f.request, "The server at %s does not speak HTTP/2.", f.request.URL.Masked())
		e.Phase, e.Hint = "tls", "allow HTTP/1.1"
		return nil, e
	}
	return wire, nil
}

// dialFirst opens the connection that everything else goes over.
func (t *HTTPTransport) dialFirst(f *flight, target string) (net.Conn, error) {
	network, address := "tcp", target
	if p := t.options.Proxy; p != nil {
		address = net.JoinHostPort(p.URL.RawHost(), proxyPort(p.URL))
	}
	if t.options.UDS != "" {
		network, address = "unix", t.options.UDS
	}
	ctx, cancel := f.within(f.limits.Connect, errConnectTimeout)
	defer cancel()
	conn, err := t.dialer.DialContext(ctx, network, address)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, f.failed("connect", err)
	}
	return conn, nil
}

// throughProxy makes a connection to the proxy one to the target.
func (t *HTTPTransport) throughProxy(f *flight, conn net.Conn, target string) (net.Conn, error) {
	p := t.options.Proxy
	if p == nil {
		return conn, nil
	}
	switch p.URL.Scheme() {
	case "socks5", "socks5h":
		ctx, cancel := f.within(f.limits.Connect, errConnectTimeout)
		defer cancel()
		var auth *proxy.Auth
		if p.Username != "" || p.Password != "" {
			auth = &proxy.Auth{User: p.Username, Password: p.Password}
		}
		dialer, err := proxy.SOCKS5("tcp", conn.RemoteAddr().String(), auth, already{conn})
		if err != nil {
			return nil, f.proxyFailed(p, err.Error(), err)
		}
		through, err := dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", target)
		if err == nil {
			return through, nil
		}
		if cause := context.Cause(ctx); cause != nil {
			return nil, f.failed("proxy", cause)
		}
		return nil, f.proxyFailed(p, err.Error(), err)
	case "https":
		secure, err := t.handshake(f, conn, p.URL.RawHost(), nil)
		if err != nil {
			return nil, f.failed("proxy tls", err)
		}
		conn = secure
	}
	if f.request.URL.Scheme() == "https" {
		return conn, t.connect(f, conn, target)
	}
	return conn, nil
}

// already is a dialer that has dialled.
type already struct{ conn net.Conn }

func (a already) Dial(string, string) (net.Conn, error) { return a.conn, nil }

// DialContext implements proxy.ContextDialer.
func (a already) DialContext(context.Context, string, string) (net.Conn, error) { return a.conn, nil }

// connect asks an HTTP proxy for a tunnel (RFC 9110, section 9.3.6). The request's own headers stay out of it.
func (t *HTTPTransport) connect(f *flight, conn net.Conn, target string) error {
	p := t.options.Proxy
	headers := [][2]string{{"Host", target}, {"Accept", "*/*"}}
	t.addProxyHeaders(func(name, value string) { headers = append(headers, [2]string{name, value}) })
	if err := NewHeaders(headers).Validate(); err != nil {
		return f.request.claim(err)
	}
	tunnel := h1.NewConn(conn)
	if err := f.interruptible(conn, f.limits.Write, errWriteTimeout, func() error {
		return tunnel.WriteRequest("CONNECT", target, headers, nil)
	}); err != nil {
		return f.failed("proxy", err)
	}
	var response h1.Response
	if err := f.interruptible(conn, f.limits.Read, errReadTimeout, func() (err error) {
		response, err = tunnel.ReadResponse(nil)
		return err
	}); err != nil {
		return f.failed("proxy", err)
	}
	if !response.Switched {
		return f.proxyFailed(p, strings.TrimSpace(strconv.Itoa(response.Status)+" "+response.Reason), nil)
	}
	if tunnel.Buffered() > 0 {
		// A TLS server says nothing before it is spoken to.
		return f.proxyFailed(p, "The proxy sent data before the tunnel was used.", nil)
	}
	return nil
}

// handshake does the client's half of TLS on conn.
func (t *HTTPTransport) handshake(f *flight, conn net.Conn, serverName string, protocols []string) (*tls.Conn, error) {
	config := t.tls.Clone()
	config.ServerName = serverName
	config.NextProtos = protocols
	if t.options.ExtraRoots != nil && !t.options.NoVerify {
		if extra := t.options.ExtraRoots(); extra != nil {
			config.InsecureSkipVerify = true
			config.VerifyConnection = verifyWith(t.tls.RootCAs, extra, serverName)
		}
	}
	ctx, cancel := f.within(f.limits.Connect, errConnectTimeout)
	defer cancel()
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	return secure, nil
}

// interruptible runs one blocking operation on conn, and breaks it off when the limit is over or the flight ends.
func (f *flight) interruptible(conn net.Conn, limit time.Duration, cause error, operation func() error) error {
	ctx, cancel := f.within(limit, cause)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	err := operation()
	if !stop() {
		return context.Cause(ctx)
	}
	return err
}

// portOf is the port to connect to.
func portOf(u *URL) string {
	port, explicit := u.Port()
	if !explicit {
		port = defaultPorts[u.Scheme()]
	}
	return strconv.Itoa(port)
}

func proxyPort(u *URL) string {
	if _, explicit := u.Port(); !explicit && strings.HasPrefix(u.Scheme(), "socks5") {
		return "1080"
	}
	return portOf(u)
}
