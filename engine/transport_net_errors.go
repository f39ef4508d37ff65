package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"httpx-repl/engine/h1"
)

// What ends a flight from inside.
var (
	errConnectTimeout = errors.New("connect timeout")
	errReadTimeout    = errors.New("read timeout")
	errWriteTimeout   = errors.New("write timeout")
	errPoolTimeout    = errors.New("pool timeout")
	errTotalTimeout   = errors.New("total timeout")
	errBodyClosed     = errors.New("body closed")
	errPoolClosed     = errors.New("pool closed")
)

// failed is the one place where the errors of the network become HTTPX's. The phase says what was going on: pool, connect, tls,
// proxy, proxy tls, write or read. When the caller's context has ended, its cause is returned as it is.
func (f *flight) failed(phase string, err error) error {
	var already *Error
	if errors.As(err, &already) {
		return f.request.claim(err)
	}
	if ended := f.ended(phase); ended != nil {
		return ended
	}
	if limit := f.timedOut(phase, err); limit != nil {
		return limit
	}
	if f.content != nil {
		if own := f.content(); own != nil {
			return own
		}
	}
	if errors.Is(err, errPoolClosed) {
		return transportClosed(f.request)
	}
	switch phase {
	case "connect", "tls", "proxy", "proxy tls":
		return f.connectFailed(phase, err)
	}
	return f.exchangeFailed(phase, err)
}

// ended is the error of a flight whose context has ended; nil when it goes on.
func (f *flight) ended(phase string) error {
	var cause error
	if inside := f.cause.Load(); inside != nil {
		cause = *inside
	} else if cause = context.Cause(f.ctx); cause == nil {
		return nil
	}
	if limit := f.timedOut(phase, cause); limit != nil {
		return limit
	}
	if kindOf(cause) == h1.Local {
		return f.exchangeFailed(phase, cause)
	}
	return f.request.claim(cause)
}

// timedOut is the error for one of the limits; nil when err is none of them.
func (f *flight) timedOut(phase string, err error) error {
	where := f.request.Method + " " + f.request.URL.Masked()
	timeout := func(class Class, limit time.Duration, what, option string) error {
		e := NewError(class, f.request, "%s: %s within %s.", where, what, limit)
		e.Phase, e.Hint = phase, "raise the "+option+" timeout, or switch it off"
		return e
	}
	switch {
	case errors.Is(err, errConnectTimeout):
		what := "no connection"
		if strings.Contains(phase, "tls") {
			what = "the TLS handshake did not end"
		}
		return timeout(ConnectTimeout, f.limits.Connect, what, "connect")
	case errors.Is(err, errReadTimeout), kindOf(err) == h1.Read && isTimeout(err):
		return timeout(ReadTimeout, f.limits.Read, "no data from the server", "read")
	case errors.Is(err, errWriteTimeout), kindOf(err) == h1.Write && isTimeout(err):
		return timeout(WriteTimeout, f.limits.Write, "the server took no data", "write")
	case errors.Is(err, errPoolTimeout):
		e := timeout(PoolTimeout, f.limits.Pool, "no connection of the pool became free", "pool").(*Error)
		e.Hint = "close or read the responses that are open, raise max_connections, or " + e.Hint
		return e
	case errors.Is(err, errTotalTimeout):
		return totalTimeout(f.request, f.limits.Total)
	}
	return nil
}

// connectFailed is about opening a connection.
func (f *flight) connectFailed(phase string, err error) error {
	class := ConnectError
	if strings.HasPrefix(phase, "proxy") {
		class = ProxyError
	}
	what, hint := describe(err)
	if tlsFailure := tlsError(err); tlsFailure != nil {
		what, hint, err = tlsFailure.Error(), tlsFailure.Hint(), tlsFailure
	}
	e := NewError(class, f.request, "Cannot connect to %s: %s.", f.request.URL.Masked(), what)
	if class == ProxyError {
		e.Message = "Cannot connect to " + f.request.URL.Masked() + " through the proxy: " + what + "."
	}
	e.Phase, e.Hint, e.Cause = phase, hint, err
	return e
}

// proxyFailed is about a proxy that does not give what it was asked for. The first words are HTTPX's: "407 Proxy Authentication
// Required".
func (f *flight) proxyFailed(p *Proxy, what string, cause error) error {
	e := NewError(ProxyError, f.request, "%s", what)
	e.Phase, e.Cause = "proxy", cause
	e.Hint = "the proxy " + p.URL.Masked() + " refused the connection"
	if strings.HasPrefix(what, "407") {
		e.Hint = "give the proxy's user name and password in its URL"
	}
	return e
}

// exchangeFailed is about an open connection before the head of the response.
func (f *flight) exchangeFailed(phase string, err error) error {
	where := f.request.Method + " " + f.request.URL.Masked()
	class, message, hint := ReadError, "", ""
	if phase == "write" {
		class = WriteError
	}
	text := err.Error()
	switch tlsFailure := tlsError(err); {
	case kindOf(err) == h1.Local:
		class, message = LocalProtocolError, "The request cannot be sent: "+text+"."
	case tlsFailure != nil:
		message, hint, err = where+": "+tlsFailure.Error()+".", tlsFailure.Hint(), tlsFailure
	case strings.Contains(text, "http: ContentLength="):
		class, message = LocalProtocolError, "The content is not as long as its Content-Length header says."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "EOF"),
		strings.Contains(text, "server closed idle connection"), strings.Contains(text, "ClientConn closed"):
		class, message = RemoteProtocolError, "Server disconnected without sending a response."
		hint = "if it happens now and then, the server closes idle connections early: lower keepalive_expiry"
	case kindOf(err) == h1.Remote, strings.Contains(text, "net/http: invalid "), strings.Contains(text, "invalid header"),
		strings.Contains(text, "server response headers exceeded"), strings.Contains(text, "too many 1xx"),
		strings.Contains(text, "http2: "), strings.Contains(text, "stream error"):
		class, message = RemoteProtocolError, where+": the server broke the rules of HTTP: "+trimPrefixes(text)+"."
	case errors.Is(err, syscall.EPIPE):
		class, message = WriteError, where+": the server closed the connection while the request was being sent."
	case errors.Is(err, syscall.ECONNRESET):
		message = where + ": the server reset the connection."
	default:
		what, known := describe(err)
		message, hint = where+": "+what+".", known
	}
	e := NewError(class, f.request, "%s", message)
	e.Phase, e.Hint, e.Cause = phase, hint, err
	return e
}

// bodyFailed is about the body of a response. Length is what was announced, -1 for nothing.
func (f *flight) bodyFailed(err error, received, length int64) error {
	if ended := f.ended("read"); ended != nil {
		return ended
	}
	if limit := f.timedOut("read", err); limit != nil {
		return limit
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		return f.exchangeFailed("read", err)
	}
	e := NewError(RemoteProtocolError, f.request, "peer closed connection without sending complete message body (incomplete chunked read)")
	if length >= 0 {
		e = NewError(RemoteProtocolError, f.request,
			"peer closed connection without sending complete message body (received %d bytes, expected %d)", received, length)
	}
	e.Phase, e.Cause = "read", err
	return e
}

// describe says in words what the system reports.
func describe(err error) (what, hint string) {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no address is known for the host " + quoted(dns.Name), "check the spelling of the host name"
	case errors.As(err, &dns):
		return "looking up the host " + quoted(dns.Name) + " failed: " + dns.Err, "check the network connection"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", "is the server running, and is the port right?"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the network cannot reach the host", "check the network connection"
	case errors.Is(err, syscall.ECONNRESET):
		return "the server reset the connection", ""
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many open files", "close responses, or lower max_connections"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "the local address is not available", "check local_address"
	case errors.Is(err, syscall.ENOENT):
		return "the Unix socket does not exist", "check uds"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection", ""
	}
	return trimPrefixes(err.Error()), ""
}

// trimPrefixes takes the names of Go's packages off an error text.
func trimPrefixes(text string) string {
	for _, prefix := range []string{"net/http: HTTP/1.x transport connection broken: ", "net/http: ", "http: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return strings.TrimSuffix(text, ".")
}

// isClass tells whether err is of exactly this class.
func isClass(err error, class Class) bool {
	var e *Error
	return errors.As(err, &e) && e.Class == class
}
