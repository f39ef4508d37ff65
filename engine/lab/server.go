package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/mccutchen/go-httpbin/v2/httpbin"
)

const (
	longestPause   = 60 * time.Second
	maxHeldBody    = 16 << 20 // bytes of a body that a handler holds in memory
	maxStreamed    = 1 << 30  // bytes of a body that is streamed
	maxPieces      = 100_000  // chunks, lines or events of one response
	maxHeaderBytes = 256 << 10
	defaultAddr    = "127.0.0.1:0"
)

// ErrClosed is what waiting on a closed server gives.
var ErrClosed = errors.New("lab: the server is closed")

// Options say how a Server starts. The zero value listens on loopback only, on ports that the system chooses.
type Options struct {
	// Addr is the host:port of the clear-text listener; "127.0.0.1:0" when empty.
	Addr string
	// TLSAddr is the host:port of the TLS listener; Addr's host and a port that the system chooses when empty.
	TLSAddr string
	// Sleep lets d pass, or returns the context's error when that ends first. Real time when nil. It is called from
	// many goroutines.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Server is a running lab. Its methods may be called from many goroutines.
type Server struct {
	sleep     func(context.Context, time.Duration) error
	handler   http.Handler
	httpbin   http.Handler
	counters  *counters
	authority func() (*authority, error)
	flaky     *attempts
	windows   *windows

	running context.Context // ends when Close begins
	stop    context.CancelFunc
	work    sync.WaitGroup // accept loops, rate-limit windows
	plain   *listener
	secure  *listener
	servers []*http.Server
}

// Start opens the listeners and serves until Close. The certificates are made when they are first needed. The error
// is that of an address that cannot be listened on.
func Start(options Options) (*Server, error) {
	if options.Addr == "" {
		options.Addr = defaultAddr
	}
	if options.TLSAddr == "" {
		host, _, err := net.SplitHostPort(options.Addr)
		if err != nil {
			return nil, fmt.Errorf("lab: the address %q is not host:port, such as %s", options.Addr, defaultAddr)
		}
		options.TLSAddr = net.JoinHostPort(host, "0")
	}
	if options.Sleep == nil {
		options.Sleep = sleep
	}

	s := &Server{
		sleep:     options.Sleep,
		counters:  newCounters(),
		authority: sync.OnceValues(newAuthority),
		flaky:     newAttempts(),
		windows:   newWindows(),
	}
	s.running, s.stop = context.WithCancel(context.Background())
	s.httpbin = httpbin.New(httpbin.WithMaxBodySize(maxHeldBody), httpbin.WithMaxDuration(longestPause))
	s.handler = s.observe(s.routes())

	var err error
	if s.plain, err = listen(options.Addr, s.counters); err != nil {
		s.stop()
		return nil, fmt.Errorf("lab: %w", err)
	}
	if s.secure, err = listen(options.TLSAddr, s.counters); err != nil {
		s.stop()
		s.plain.Close()
		return nil, fmt.Errorf("lab: %w", err)
	}
	s.serve()
	return s, nil
}

func (s *Server) serve() {
	plain, secure := s.newHTTPServer(), s.newHTTPServer()
	plain.Protocols.SetUnencryptedHTTP2(true)
	secure.Protocols.SetHTTP2(true)
	secure.TLSConfig = &tls.Config{GetCertificate: s.certificate}
	s.servers = []*http.Server{plain, secure}
	// Serve returns when the listener closes; there is nobody to tell about its error.
	s.work.Go(func() { plain.Serve(s.plain) })
	s.work.Go(func() { secure.ServeTLS(s.secure, "", "") })
}

func (s *Server) newHTTPServer() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           s.handler,
		Protocols:         protocols,
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: longestPause,
		ErrorLog:          log.New(io.Discard, "", 0), // a handshake error must not land on the user's screen
	}
}

func (s *Server) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	authority, err := s.authority()
	if err != nil {
		return nil, err
	}
	return &authority.leaf, nil
}

// URL is the origin of the clear-text listener, such as "http://127.0.0.1:40123". It serves HTTP/1.1, and HTTP/2 to
// clients that start with its preface.
func (s *Server) URL() string { return "http://" + reachable(s.plain.Addr()) }

// HTTPSURL is the origin of the TLS listener, such as "https://127.0.0.1:40124". It serves HTTP/2 and HTTP/1.1, by
// ALPN, with a certificate of CA for localhost, *.localhost, 127.0.0.1 and ::1.
func (s *Server) HTTPSURL() string { return "https://" + reachable(s.secure.Addr()) }

// CA is the certificate to trust for HTTPSURL. Each Server has a CA of its own, which lives only in memory. It is nil
// when the system could not make a key; then the handshake fails too.
func (s *Server) CA() *x509.Certificate {
	authority, err := s.authority()
	if err != nil {
		return nil
	}
	return authority.certificate
}

// CAPool holds CA alone.
func (s *Server) CAPool() *x509.CertPool {
	pool := x509.NewCertPool()
	if ca := s.CA(); ca != nil {
		pool.AddCert(ca)
	}
	return pool
}

// Handler answers as the listeners do, for use without a socket; its requests count in Stats. The endpoints that
// write raw bytes answer 400 there.
func (s *Server) Handler() http.Handler { return s.handler }

// Close closes the listeners and every connection, and waits until no handler runs. Requests that it cuts off do
// not count as aborted. A second Close does nothing.
func (s *Server) Close() error {
	s.stop()
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	// Connections that a handler took over are no longer the http.Server's.
	s.plain.closeConns()
	s.secure.closeConns()
	s.counters.waitIdle()
	s.work.Wait()
	return errors.Join(errs...)
}

// reachable is addr as a client can dial it: an unspecified host becomes loopback.
func reachable(addr net.Addr) string {
	tcp := addr.(*net.TCPAddr)
	if tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return tcp.String()
}

// at is base with another host name and the same port.
func at(base, host string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base // base is ours, and always parses
	}
	u.Host = net.JoinHostPort(host, u.Port())
	return u.String()
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
