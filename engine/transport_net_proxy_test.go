package engine

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

// proxyServer is an HTTP proxy that records the heads it gets and tunnels to where it is told.
func proxyServer(t *testing.T, refuse bool) (address string, heads func() []string) {
	var mu sync.Mutex
	var seen []string
	address = enginetest.Raw(t, func(conn net.Conn) {
		head := enginetest.ReadHead(conn)
		mu.Lock()
		seen = append(seen, head)
		mu.Unlock()
		target, tunnel := strings.CutPrefix(head, "CONNECT ")
		switch {
		case refuse:
			io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		case tunnel:
			target, _, _ = strings.Cut(target, " ")
			upstream, err := net.Dial("tcp", target)
			if err != nil {
				return
			}
			defer upstream.Close()
			io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
			go func() { io.Copy(upstream, conn); upstream.Close() }()
			io.Copy(conn, upstream)
		default:
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nproxied")
		}
	})
	return address, func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(seen) }
}

func TestHTTPProxy(t *testing.T) {
	ca := newAuthority(t)
	origin, requests := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(*x509.Certificate) {})}})
	address, heads := proxyServer(t, false)
	proxy, err := NewProxy("http://user:pa55@"+address, NewHeaders([][2]string{{"X-Proxy", "1"}}))
	if err != nil {
		t.Fatal(err)
	}
	client, _ := netClient(t, TransportOptions{Proxy: proxy, ExtraRoots: trusting(ca.pool)}, NewTimeout(5*time.Second))
	t.Run("PX08 http targets are forwarded in absolute form", func(t *testing.T) {
		if text, _ := get(t, client, "http://example.test/p?q").Text(); text != "proxied" {
			t.Error(text)
		}
		head := heads()[0]
		for _, want := range []string{"GET http://example.test/p?q HTTP/1.1\r\nHost: example.test\r\n", "Proxy-Authorization: Basic dXNlcjpwYTU1\r\n", "X-Proxy: 1\r\n"} {
			if !strings.Contains(head, want) {
				t.Errorf("%q is missing in %q", want, head)
			}
		}
	})
	t.Run("PX08 R17 https targets get a tunnel; the origin sees no proxy header", func(t *testing.T) {
		get(t, client, origin)
		head := heads()[1]
		target := strings.TrimPrefix(origin, "https://")
		if !strings.HasPrefix(head, "CONNECT "+target+" HTTP/1.1\r\nHost: "+target+"\r\nAccept: */*\r\nProxy-Authorization: Basic ") || strings.Contains(head, "User-Agent") {
			t.Errorf("%q", head)
		}
		if requests.Load() != 1 {
			t.Error(requests.Load())
		}
	})
	t.Run("PX09 a refused tunnel", func(t *testing.T) {
		address, _ := proxyServer(t, true)
		proxy, _ := NewProxy("http://"+address, nil)
		client, _ := netClient(t, TransportOptions{Proxy: proxy}, NewTimeout(5*time.Second))
		_, err := client.Request(t.Context(), "GET", origin, RequestOptions{}, SendOptions{})
		wantClass(t, err, ProxyError, "407 Proxy Authentication Required")
	})
	t.Run("answers to CONNECT that open no tunnel", func(t *testing.T) {
		for answer, text := range map[string]string{
			"HTTP/1.1 200 OK\r\n\r\nbefore": "sent data before the tunnel", "HTTP/1.1 502 Bad\x1b Gateway\r\nContent-Length: 0\r\n\r\n": "502 Bad",
			"HTTP/1.1 +20 OK\r\n\r\n": "malformed status line", "": "closed the connection",
		} {
			proxy, _ := NewProxy("http://"+enginetest.Raw(t, func(conn net.Conn) {
				enginetest.ReadHead(conn)
				io.WriteString(conn, answer)
			}), nil)
			client, _ := netClient(t, TransportOptions{Proxy: proxy}, NewTimeout(5*time.Second))
			_, err := client.Request(t.Context(), "GET", origin, RequestOptions{}, SendOptions{})
			wantClass(t, err, ProxyError, text)
		}
	})
	t.Run("TM04 a CONNECT that is not answered", func(t *testing.T) {
		proxy, _ := NewProxy("http://"+enginetest.Raw(t, enginetest.WaitForClose), nil)
		client, _ := netClient(t, TransportOptions{Proxy: proxy}, Timeout{Read: 20 * time.Millisecond})
		_, err := client.Request(t.Context(), "GET", origin, RequestOptions{}, SendOptions{})
		wantClass(t, err, ReadTimeout, "no data")
	})
}

func TestSOCKSProxy(t *testing.T) {
	target := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	var asked atomic.Value
	address := enginetest.Raw(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		greeting := make([]byte, 2)
		io.ReadFull(r, greeting)
		io.CopyN(io.Discard, r, int64(greeting[1]))
		conn.Write([]byte{5, 2})
		userLength := make([]byte, 2)
		io.ReadFull(r, userLength)
		user := make([]byte, userLength[1])
		io.ReadFull(r, user)
		passwordLength, _ := r.ReadByte()
		password := make([]byte, passwordLength)
		io.ReadFull(r, password)
		conn.Write([]byte{1, 0})
		request := make([]byte, 5)
		io.ReadFull(r, request)
		name := make([]byte, int(request[4])+2)
		io.ReadFull(r, name)
		asked.Store(fmt.Sprintf("%s:%s %d %s", user, password, request[3], name[:request[4]]))
		conn.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0})
		upstream, err := net.Dial("tcp", strings.TrimPrefix(target, "http://"))
		if err != nil {
			return
		}
		defer upstream.Close()
		go func() { io.Copy(upstream, r); upstream.Close() }()
		io.Copy(conn, upstream)
	})
	proxy, _ := NewProxy("socks5://u:p@"+address, nil)
	client, _ := netClient(t, TransportOptions{Proxy: proxy}, NewTimeout(5*time.Second))
	t.Run("PX01 names are resolved at the proxy", func(t *testing.T) {
		if text, _ := get(t, client, "http://only-the-proxy-knows.test/").Text(); text != "ok" {
			t.Error(text)
		}
		if asked.Load() != "u:p 3 only-the-proxy-knows.test" {
			t.Error(asked.Load())
		}
	})
}
