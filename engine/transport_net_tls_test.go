package engine

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, pool: x509.NewCertPool()}
	a.cert, _ = x509.ParseCertificate(der)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) issue(t *testing.T, change func(*x509.Certificate), own ...*ecdsa.PrivateKey) tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(template)
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if len(own) > 0 {
		key = own[0]
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func selfSigned(t *testing.T) tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	own := &authority{key: key, cert: &x509.Certificate{Subject: pkix.Name{CommonName: "self"}}}
	return own.issue(t, func(c *x509.Certificate) { c.Subject = own.cert.Subject }, key)
}

// tlsServer answers 200 over TLS; requests counts what came through the handshake.
func tlsServer(t *testing.T, config *tls.Config) (url string, requests *atomic.Int32) {
	requests = &atomic.Int32{}
	return "https://" + enginetest.Raw(t, func(conn net.Conn) {
		secure := tls.Server(conn, config)
		if enginetest.ReadHead(secure) != "" {
			requests.Add(1)
			io.WriteString(secure, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			enginetest.WaitForClose(secure)
		}
	}), requests
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t)
	good := ca.issue(t, func(*x509.Certificate) {})
	for name, test := range map[string]struct {
		reason string
		config *tls.Config
		roots  *x509.CertPool
	}{
		"expired":       {"expired", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })}}, ca.pool},
		"not yet valid": {"not_yet_valid", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) })}}, ca.pool},
		"wrong host": {"wrong_host", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(c *x509.Certificate) {
			c.DNSNames, c.IPAddresses = []string{"other.org"}, nil
		})}}, ca.pool},
		"unknown issuer": {"unknown_issuer", &tls.Config{Certificates: []tls.Certificate{good}}, nil},
		"self-signed":    {"self_signed", &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}, nil},
		"bad usage": {"bad_usage", &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		})}}, ca.pool},
		"old protocol":                    {"protocol_version", &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, ca.pool},
		"client certificate wanted (1.2)": {"handshake", &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, ca.pool},
	} {
		t.Run("R16 "+name, func(t *testing.T) {
			url, requests := tlsServer(t, test.config)
			client, _ := netClient(t, TransportOptions{ExtraRoots: trusting(test.roots)}, NewTimeout(5*time.Second))
			_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
			wantClass(t, err, ConnectError, "Cannot connect")
			var cause *TLSError
			if !errors.As(err, &cause) || cause.Reason != test.reason {
				t.Errorf("reason %+v, want %s: %v", cause, test.reason, err)
			}
			if requests.Load() != 0 {
				t.Error("a request was sent before the certificate was verified")
			}
		})
	}
	t.Run("R16 not TLS", func(t *testing.T) {
		plain := "https://" + enginetest.Raw(t, func(conn net.Conn) {
			io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			enginetest.WaitForClose(conn)
		})
		client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", plain, RequestOptions{}, SendOptions{})
		wantClass(t, err, ConnectError, "does not speak TLS")
	})
	t.Run("R16 a client certificate wanted by TLS 1.3 shows when reading", func(t *testing.T) {
		url, _ := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAnyClientCert})
		client, _ := netClient(t, TransportOptions{ExtraRoots: trusting(ca.pool)}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
		wantClass(t, err, NetworkError, "wants a client certificate")
		clientCert := ca.issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
		client, _ = netClient(t, TransportOptions{ExtraRoots: trusting(ca.pool), ClientCert: &clientCert}, NewTimeout(5*time.Second))
		get(t, client, url)
	})
	t.Run("CF01 no verification, extra roots, server name", func(t *testing.T) {
		url, _ := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{good}})
		for _, options := range []TransportOptions{{NoVerify: true}, {ExtraRoots: trusting(ca.pool)}} {
			client, _ := netClient(t, options, NewTimeout(5*time.Second))
			info := get(t, client, url).Extensions["network"].(*NetworkInfo)
			if info.TLS == nil || info.TLS.Version != tls.VersionTLS13 {
				t.Errorf("%+v", info)
			}
		}
		client, _ := netClient(t, TransportOptions{ExtraRoots: trusting(ca.pool)}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", url, RequestOptions{Extensions: map[string]any{"sni_hostname": "other.org"}}, SendOptions{})
		wantClass(t, err, ConnectError, "for another host")
	})
}

func TestHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Proto", r.Proto)
		io.Copy(w, r.Body)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client, transport := netClient(t, TransportOptions{HTTP2: true, ExtraRoots: trusting(roots)}, NewTimeout(5*time.Second))
	content, headers := BytesContent([]byte("hello"))
	response, err := client.Request(t.Context(), "POST", server.URL, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := response.Text(); text != "hello" || response.HTTPVersion() != "HTTP/2" || header(response.Headers, "X-Proto") != "HTTP/2.0" {
		t.Error(text, response.HTTPVersion(), response.Headers)
	}
	var sends sync.WaitGroup
	for range 50 {
		sends.Go(func() {
			if _, err := client.Request(t.Context(), "GET", server.URL, RequestOptions{}, SendOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	sends.Wait()
	if n := len(transport.pool.conns); n != 1 {
		t.Errorf("%d connections for one HTTP/2 server", n)
	}
	one, _ := netClient(t, TransportOptions{ExtraRoots: trusting(roots)}, NewTimeout(5*time.Second))
	if got := get(t, one, server.URL).HTTPVersion(); got != "HTTP/1.1" {
		t.Errorf("HTTP/2 was not asked for: %s", got)
	}
}

// trusting gives a pool as TransportOptions.ExtraRoots.
func trusting(pool *x509.CertPool) func() *x509.CertPool {
	return func() *x509.CertPool { return pool }
}
