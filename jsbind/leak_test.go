package jsbind

import (
	"context"
	"testing"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/engine"
)

// TestSignalsForgetWhatHasEnded checks that one signal for many requests does not keep them all.
func TestSignalsForgetWhatHasEnded(t *testing.T) {
	start := time.Now()
	rt, err := New(Options{
		Opened: start, Elapsed: func() time.Duration { return time.Since(start) },
		Transport: func(engine.TransportOptions) (engine.Transport, error) { return canned{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(time.Second)
	r := rt.Eval(context.Background(), "c1", `const ac = new AbortController();
		for (let i = 0; i < 50; i++) await client.get('http://x/', {signal: ac.signal});
		for (let i = 0; i < 50; i++) await (await client.stream('GET', 'http://x/', {signal: ac.signal})).aclose();
		for (let i = 0; i < 50; i++) await client.stream('GET', 'http://x/', {signal: ac.signal}, r => r.aread());
		for (let i = 0; i < 50; i++) await client.get('bad:', {signal: ac.signal}).catch(() => 0);
		ac.signal`, false)
	if r.Failed {
		t.Fatalf("%+v", r.Lines)
	}
	rt.Sync(func() {
		signal, _ := valueOf[*abortSignal](rt.vm.Get("_").(*goja.Object))
		if n := len(signal.native); n != 0 {
			t.Errorf("the signal still knows %d requests", n)
		}
		if n := len(rt.exchanges.open); n != 0 {
			t.Errorf("%d exchanges are open", n)
		}
	})
}

// canned answers every request with two chunks.
type canned struct{}

func (canned) Close() error { return nil }

func (canned) RoundTrip(_ context.Context, req *engine.Request) (*engine.Response, error) {
	return &engine.Response{
		StatusCode: 200, Version: "HTTP/1.1", Headers: engine.NewHeaders(nil), Request: req,
		Stream: engine.NewBytesStream([]byte("body")),
	}, nil
}
