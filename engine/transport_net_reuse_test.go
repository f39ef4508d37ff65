package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

// TestKeptConnectionThatEnds closes a kept connection at each instant of its second exchange.
func TestKeptConnectionThatEnds(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	for _, instant := range []struct {
		name    string
		read    int    // bytes of the second request that the server reads before it closes; -1 for none, and it closes at once
		say     string // what it answers before that
		repeats bool   // a GET is sent again
		again   bool   // so is a POST
	}{
		{"while it was idle", -1, "", true, true},
		{"after a byte of the request", 1, "", true, false},
		{"in the head of the request", 10, "", true, false},
		{"after the head of the request", 1 << 20, "", true, false},
		{"after a byte of the answer", 1 << 20, "H", false, false},
		{"in the head of the answer", 1 << 20, "HTTP/1.1 200 OK\r\nContent-", false, false},
		{"after the head of the answer", 1 << 20, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", false, false},
		{"in the body of the answer", 1 << 20, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", false, false},
	} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(method+" "+instant.name, func(t *testing.T) {
				var connections, heads atomic.Int32
				closed := make(chan struct{})
				url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
					first := connections.Add(1) == 1
					for enginetest.ReadHead(conn) != "" {
						heads.Add(1)
						io.WriteString(conn, answer)
						if !first {
							continue
						}
						if instant.read < 0 {
							conn.Close()
							close(closed)
							return
						}
						seen := make([]byte, min(instant.read, 1))
						io.ReadFull(conn, seen)
						if instant.read > 1000 {
							enginetest.ReadHead(conn)
						} else {
							io.ReadFull(conn, make([]byte, instant.read-1))
						}
						heads.Add(1)
						io.WriteString(conn, instant.say)
						return
					}
				})
				client, transport := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
				get(t, client, url)
				if instant.read < 0 {
					<-closed
				}
				response, err := client.Request(t.Context(), method, url, RequestOptions{}, SendOptions{})
				sent := heads.Load() - 1
				if method == "GET" && instant.repeats || method == "POST" && instant.again {
					if err != nil {
						t.Fatal(err)
					}
					info := response.Extensions["network"].(*NetworkInfo)
					if info.Reused || info.Retried != (instant.read >= 0) || connections.Load() != 2 {
						t.Errorf("%+v, %d connections", info, connections.Load())
					}
				} else {
					wantClass(t, err, TransportError, "")
					if sent != 1 || connections.Load() != 1 {
						t.Errorf("the request was sent %d times on %d connections", sent, connections.Load())
					}
				}
				if n := len(transport.pool.conns); n != int(connections.Load())-1 {
					t.Errorf("%d connections in the pool", n)
				}
			})
		}
	}
	t.Run("a request is repeated once", func(t *testing.T) {
		var heads atomic.Int32
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			for enginetest.ReadHead(conn) != "" {
				if heads.Add(1) > 1 {
					return
				}
				io.WriteString(conn, answer)
			}
		})
		client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
		get(t, client, url)
		_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
		wantClass(t, err, RemoteProtocolError, "disconnected")
		if heads.Load() != 3 {
			t.Errorf("%d requests", heads.Load())
		}
	})
	t.Run("a large body in memory is repeated, a stream is not", func(t *testing.T) {
		body := strings.Repeat("x", 3*maxInline)
		var connections atomic.Int32
		url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
			drops := connections.Add(1)%2 == 1
			for n := 1; enginetest.ReadHead(conn) != ""; n++ {
				if n > 1 || !drops {
					io.CopyN(io.Discard, conn, int64(len(body)))
				}
				if n > 1 && drops {
					return
				}
				io.WriteString(conn, answer)
			}
		})
		for _, inMemory := range []bool{true, false} {
			client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
			get(t, client, url)
			content, headers := BytesContent([]byte(body))
			if !inMemory {
				content, headers = StreamContent(&listStream{chunks: []string{body}}, int64(len(body)))
			}
			response, err := client.Request(t.Context(), "PUT", url, RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
			if inMemory && (err != nil || !response.Extensions["network"].(*NetworkInfo).Retried) {
				t.Error(response, err)
			} else if !inMemory {
				wantClass(t, err, TransportError, "")
				connections.Add(1)
			}
		}
	})
}

// TestServerThatClosesAfterEachAnswer races the end of a connection with its reuse: whoever wins, a GET succeeds, and a POST is
// acted on at most once.
func TestServerThatClosesAfterEachAnswer(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
		head := enginetest.ReadHead(conn)
		line, _, _ := strings.Cut(head, " HTTP/")
		mu.Lock()
		seen[line]++
		mu.Unlock()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	})
	client, _ := netClient(t, TransportOptions{}, NewTimeout(5*time.Second))
	var sends sync.WaitGroup
	for worker := range 8 {
		sends.Go(func() {
			for n := range 100 {
				path := fmt.Sprintf("/%d-%d", worker, n)
				if _, err := client.Request(t.Context(), "GET", url+path, RequestOptions{}, SendOptions{}); err != nil {
					t.Error(err)
				}
				_, err := client.Request(t.Context(), "POST", url+path, RequestOptions{}, SendOptions{})
				mu.Lock()
				times := seen["POST "+path]
				mu.Unlock()
				if times > 1 || err == nil && times != 1 || err != nil && !errors.Is(err, TransportError) {
					t.Errorf("POST %s: sent %d times, %v", path, times, err)
				}
			}
		})
	}
	sends.Wait()
}

func TestUnsolicitedBytesOverTLS(t *testing.T) {
	ca := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, func(*x509.Certificate) {})}}
	t.Run("a silent connection is kept", func(t *testing.T) {
		url := "https://" + enginetest.Raw(t, func(conn net.Conn) {
			for secure := tls.Server(conn, config); enginetest.ReadHead(secure) != ""; {
				io.WriteString(secure, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		})
		client, _ := netClient(t, TransportOptions{ExtraRoots: trusting(ca.pool)}, NewTimeout(5*time.Second))
		for i := range 5 {
			if info := get(t, client, url).Extensions["network"].(*NetworkInfo); info.Reused != (i > 0) || info.Retried {
				t.Errorf("request %d: %+v", i, info)
			}
		}
	})
	for name, more := range map[string]string{"another response": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "the end": ""} {
		for _, together := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " together with the answer: ", together), func(t *testing.T) {
				written := make(chan struct{}, 10)
				var connections atomic.Int32
				url := "https://" + enginetest.Raw(t, func(conn net.Conn) {
					secure := tls.Server(conn, config)
					connections.Add(1)
					for enginetest.ReadHead(secure) != "" {
						// Longer than the client's buffer: what follows stays where TLS keeps it.
						answer := "HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n" + strings.Repeat("a", 8000)
						if together {
							answer += more
						}
						io.WriteString(secure, answer)
						if !together && more != "" {
							io.WriteString(secure, more)
						}
						if more == "" {
							secure.CloseWrite()
						}
						written <- struct{}{}
					}
				})
				client, _ := netClient(t, TransportOptions{ExtraRoots: trusting(ca.pool)}, NewTimeout(5*time.Second))
				for range 3 {
					if text, _ := get(t, client, url).Text(); strings.Trim(text, "a") != "" {
						t.Errorf("got %.20q", text)
					}
					<-written
				}
				if connections.Load() != 3 {
					t.Errorf("%d connections for 3 requests", connections.Load())
				}
			})
		}
	}
}

// TestAnswersGoToTheirRequests sends many requests over few connections, some of which are given up at some moment.
func TestAnswersGoToTheirRequests(t *testing.T) {
	var answered atomic.Int32
	url := "http://" + enginetest.Raw(t, func(conn net.Conn) {
		for n := 0; ; n++ {
			line, _, _ := strings.Cut(enginetest.ReadHead(conn), " HTTP/")
			path, found := strings.CutPrefix(line, "GET /")
			if !found {
				return
			}
			answered.Add(1)
			if n%3 == 0 {
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(path), path)
			} else {
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(path), path)
			}
		}
	})
	limits := Limits{MaxConnections: 4, MaxKeepaliveConnections: 4, KeepaliveExpiry: time.Minute}
	client, transport := netClient(t, TransportOptions{Limits: &limits}, Timeout{})
	var sends sync.WaitGroup
	for worker := range 16 {
		sends.Go(func() {
			for n := range 150 {
				path := fmt.Sprintf("%d-%d", worker, n)
				ctx, cancel := context.WithCancel(t.Context())
				if n%5 == worker%5 {
					// Any moment of the exchange may be the one.
					before := answered.Load()
					go func() {
						for answered.Load() == before && ctx.Err() == nil {
						}
						cancel()
					}()
				}
				response, err := client.Request(ctx, "GET", url+"/"+path, RequestOptions{}, SendOptions{})
				if err == nil {
					if text, _ := response.Text(); text != path {
						t.Errorf("%s got %q", path, text)
					}
				} else if !errors.Is(err, context.Canceled) {
					t.Error(path, err)
				}
				cancel()
			}
		})
	}
	sends.Wait()
	transport.pool.mu.Lock()
	defer transport.pool.mu.Unlock()
	for _, conn := range transport.pool.conns {
		if conn.users != 0 {
			t.Errorf("a connection has %d users", conn.users)
		}
	}
}
