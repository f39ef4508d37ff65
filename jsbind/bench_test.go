package jsbind

import (
	"context"
	"net"
	"testing"
	"time"

	"httpx-repl/engine"
	"httpx-repl/jsbind/inspect"
)

// fixedServer answers every request head on a connection with the same bytes: it costs next to nothing, so that the
// benchmark shows the client.
func fixedServer(b *testing.B) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { listener.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n{\"id\": 1, \"name\": \"Ada\", \"n\": 12345}")
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 4096)
				for {
					if _, err := conn.Read(buffer); err != nil {
						return
					}
					if _, err := conn.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String() + "/"
}

func benchmarkLoop(b *testing.B, script string) {
	start := time.Now()
	rt, err := New(Options{Opened: start, Elapsed: func() time.Duration { return time.Since(start) },
		Args:      []string{fixedServer(b)},
		Transport: func(o engine.TransportOptions) (engine.Transport, error) { return engine.NewHTTPTransport(o) }})
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close(time.Second)
	if r := rt.Eval(context.Background(), "c1", "let left; async function work() { while (left-- > 0) { const r = await client.get(args[0]); if (r.json().id !== 1) throw new Error('wrong') } }", false); r.Failed {
		b.Fatal(inspect.Text(r.Lines))
	}
	b.ResetTimer()
	for n := 0; n < b.N; n += 1000 {
		if r := rt.Eval(context.Background(), "c2", "left = 1000; await Promise.all(Array.from({length: "+script+"}, work))", false); r.Failed {
			b.Fatal(inspect.Text(r.Lines))
		}
	}
}

func BenchmarkConcurrentGets(b *testing.B) { benchmarkLoop(b, "50") }

func BenchmarkGets(b *testing.B) { benchmarkLoop(b, "1") }
