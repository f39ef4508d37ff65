package jsbind

import (
	"context"
	"testing"
	"time"

	"httpx-repl/engine"
	"httpx-repl/jsbind/inspect"
)

func TestSmoke(t *testing.T) {
	start := time.Now()
	rt, err := New(Options{Version: "0", Opened: start, Elapsed: func() time.Duration { return time.Since(start) },
		Transport: func(o engine.TransportOptions) (engine.Transport, error) { return engine.NewHTTPTransport(o) },
		Output:    func(o Output) { t.Logf("out %s", inspect.Text(o.Lines)) }})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(time.Second)
	for i, src := range []string{"1+1", "const r = await client.get('http://127.0.0.1:1/')", "r", "httpx.codes.NOT_FOUND", "setTimeout(()=>print('late'), 10); await new Promise(r=>setTimeout(r,20)); 5", "client.headers", "throw new httpx.ConnectTimeout('x')", "function f(){f()}; f()", "const m = new httpx.AsyncClient({transport: new httpx.MockTransport(r => new httpx.Response(200, {json: {a: 1, u: String(r.url)}}))}); (await m.get('http://x/y?z=1')).json()",
		"client.get('http://127.0.0.1:1/')", "await (async () => { for await (const x of (async function*(){ yield 1; yield 2 })()) print(x) })(); 9", "new Uint8Array(2**40)", "client.gett('x')"} {
		res := rt.Eval(context.Background(), "c"+string(rune('1'+i)), src, true)
		t.Logf("%s => %v\n%s\n%v", src, res.Failed, inspect.Text(res.Lines), res.Notes)
	}
}
