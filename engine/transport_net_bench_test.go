package engine

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

// fixedServer answers every request with the same small response, and costs as little as a server can: what the benchmarks differ in is the
// client.
func fixedServer(b *testing.B) string {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 7\r\n\r\n{\"n\":1}")
	return "http://" + enginetest.Raw(b, func(conn net.Conn) {
		buffer := make([]byte, 4096)
		for {
			if _, err := conn.Read(buffer); err != nil {
				return
			}
			conn.Write(answer)
		}
	})
}

// BenchmarkSmallGET is one whole exchange; the others are parts of it, or the same with other means.
func BenchmarkSmallGET(b *testing.B) {
	url := fixedServer(b)
	transport, err := NewHTTPTransport(TransportOptions{})
	if err != nil {
		b.Fatal(err)
	}
	client, err := NewClient(ClientOptions{Clock: time.Now, Rand: rand.Reader, Transport: transport})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.Request(ctx, "GET", url, RequestOptions{}, SendOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	request, err := client.BuildRequest("GET", url, RequestOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("transport", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			response, err := transport.RoundTrip(ctx, request)
			if err != nil {
				b.Fatal(err)
			}
			if body, err := response.Stream.Next(ctx); err != nil || len(body) != 7 {
				b.Fatal(body, err)
			}
			response.Stream.Close()
		}
	})
	b.Run("net/http", func(b *testing.B) {
		defer http.DefaultClient.CloseIdleConnections()
		b.ReportAllocs()
		for b.Loop() {
			request, err := http.NewRequestWithContext(ctx, "GET", url, nil)
			if err != nil {
				b.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				b.Fatal(err)
			}
			if body, err := io.ReadAll(response.Body); err != nil || len(body) != 7 {
				b.Fatal(body, err)
			}
			response.Body.Close()
		}
	})
	b.Run("syscalls alone", func(b *testing.B) {
		conn, err := net.Dial("tcp", url[len("http://"):])
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		head := []byte("GET / HTTP/1.1\r\nHost: 127.0.0.1:18080\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\nUser-Agent: httpx-repl/0.1\r\n\r\n")
		buffer := make([]byte, 4096)
		b.ReportAllocs()
		for b.Loop() {
			conn.Write(head)
			if _, err := conn.Read(buffer); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDownload is a large body in the chunks that Next gives.
func BenchmarkDownload(b *testing.B) {
	const size = 64 << 20
	block := make([]byte, 1<<20)
	url := "http://" + enginetest.Raw(b, func(conn net.Conn) {
		for enginetest.ReadHead(conn) != "" {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n")
			for range size / len(block) {
				conn.Write(block)
			}
		}
	})
	client, err := NewClient(ClientOptions{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	request, err := client.BuildRequest("GET", url, RequestOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		response, err := client.Send(b.Context(), request, SendOptions{Stream: true})
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := response.Stream.Next(b.Context()); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		response.Close()
	}
}
