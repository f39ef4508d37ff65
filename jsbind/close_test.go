package jsbind_test

import (
	"testing"
	"time"

	"httpx-repl/engine/lab"
	"httpx-repl/jsbind/jsbindtest"
)

// TestClose checks that a session ends, soon, whatever still runs in it.
func TestClose(t *testing.T) {
	for _, js := range []string{
		`0`,
		`client.get(lab.url + '/delay/20'); 0`,
		`globalThis.r = await client.stream('GET', lab.url + '/drip?numbytes=100&duration=50&delay=0'); 0`,
		`client.post(lab.url + '/anything', {content: (async function* () { for (;;) { yield 'a'; await new Promise(r => setTimeout(r, 1)) } })()}); 0`,
		`setInterval(() => {}, 1); 0`,
		`setInterval(() => { for (;;); }, 1); 0`,
		`(async () => { for (;;) try { await client.get('http://127.0.0.1:1/') } catch {} })(); 0`,
		`(async () => { try { await client.get(lab.url + '/delay/20') } finally { for (;;); } })(); 0`,
		`(async () => { try { await client.get(lab.url + '/delay/20') } finally { await client.get(lab.url + '/delay/20') } })(); 0`,
		`using a = {[Symbol.dispose]() { for (;;); }}`,
		`await using a = {async [Symbol.asyncDispose]() { await new Promise(() => {}) }}`,
		`using a = {[Symbol.dispose]() { throw new Error('in dispose') }}`,
		`(function f() { Promise.resolve().then(f) })(); 0`,
		`const m = new httpx.AsyncClient({transport: new httpx.MockTransport(() => new Promise(() => {}))}); m.get('http://x/'); 0`,
		`new httpx.AsyncHTTPTransport(); 0`,
	} {
		s := jsbindtest.New(t, jsbindtest.Options{})
		s.Run(`lab.url; 0`)
		done := make(chan struct{})
		go func() {
			s.Eval(t.Context(), js)
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(100 * time.Millisecond): // the cell itself never ends
		}
		start := time.Now()
		s.Close(100 * time.Millisecond)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s\n  closing took %v", js, took)
		}
		waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.InFlight == 0 && st.ConnectionsActive == 0 })
	}
}
