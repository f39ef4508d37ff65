package jsbind_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"httpx-repl/engine/lab"
	"httpx-repl/jsbind"
	"httpx-repl/jsbind/inspect"
	"httpx-repl/jsbind/jsbindtest"
)

// interrupt runs a cell and presses Ctrl-C once the session has printed "ready".
func interrupt(t *testing.T, s *jsbindtest.Session, js string) (jsbind.Result, time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var pressed time.Time
	s.OnPrint("ready", func() { pressed = time.Now(); cancel() })
	r := s.Eval(ctx, js)
	if pressed.IsZero() {
		t.Fatalf("the cell ended before Ctrl-C: %s\n%s", js, inspect.Text(r.Lines))
	}
	return r, time.Since(pressed)
}

// TestInterrupt presses Ctrl-C in every kind of frame. The prompt must be back fast, what was declared before must still
// be there, and awaits must work.
func TestInterrupt(t *testing.T) {
	for _, c := range []struct{ name, js string }{
		{"loop", `print('ready'); for (;;);`},
		{"loop after await", `await 0; print('ready'); while (true);`},
		{"awaiting in a loop", `print('ready'); for (;;) await 0`},
		{"a promise that never settles", `print('ready'); await new Promise(() => {})`},
		{"a promise that never settles, in finally", `print('ready'); try { await new Promise(() => {}) } finally { await new Promise(() => {}) }`},
		{"loop in finally", `print('ready'); try { for (;;); } finally { for (;;); }`},
		{"loop that catches everything", `print('ready'); for (;;) { try { for (;;); } catch {} }`},
		{"async function", `async function f() { await 0; print('ready'); for (;;); } await f()`},
		{"generator", `function* g() { print('ready'); for (;;) yield 1 } for (const x of g());`},
		{"spread of an endless generator", `function* g() { print('ready'); for (;;) yield 1 } [...g()]`},
		{"async generator", `async function* g() { print('ready'); for (;;) yield 1 } for await (const x of g());`},
		{"loop in an async generator", `async function* g() { yield 1; print('ready'); for (;;); } for await (const x of g());`},
		{"method of a class", `class C { m() { print('ready'); for (;;); } } new C().m()`},
		{"constructor", `class C { constructor() { print('ready'); for (;;); } } new C()`},
		{"static block", `class C { static { print('ready'); for (;;); } }`},
		{"sort callback", `[2, 1].sort(() => { print('ready'); for (;;); })`},
		{"sort callback without a loop", `let said; Array.from({length: 1e5}, (_, i) => -i).sort((a, b) => { if (!said) print('ready'); said = true; const t = Date.now(); let x = 0; x += a; return Math.random() - 0.5 }); for (;;);`},
		{"getter", `({get x() { print('ready'); for (;;); }}).x`},
		{"setter", `({set x(v) { print('ready'); for (;;); }}).x = 1`},
		{"proxy trap", `new Proxy({}, {get() { print('ready'); for (;;); }}).x`},
		{"proxy own keys", `Object.keys(new Proxy({}, {ownKeys() { print('ready'); for (;;); }}))`},
		{"destructuring", `const {a} = {get a() { print('ready'); for (;;); }}`},
		{"iterator", `const [a] = {[Symbol.iterator]() { return {next() { print('ready'); for (;;); }} }}`},
		{"forEach", `[1].forEach(() => { print('ready'); for (;;); })`},
		{"replace callback", `'x'.replace(/x/, () => { print('ready'); for (;;); })`},
		{"toString", `'' + {toString() { print('ready'); for (;;); }}`},
		{"promise executor", `await new Promise(() => { print('ready'); for (;;); })`},
		{"then callback", `await Promise.resolve().then(() => { print('ready'); for (;;); })`},
		{"thenable", `await {then() { print('ready'); for (;;); }}`},
		{"timer", `setTimeout(() => { print('ready'); for (;;); }, 1); await new Promise(() => {})`},
		{"microtasks", `let n = 0; (function f() { if (n++ === 10) print('ready'); Promise.resolve().then(f) })(); await new Promise(() => {})`},
		{"queueMicrotask", `let n = 0; (function f() { if (n++ === 10) print('ready'); queueMicrotask(f) })(); await new Promise(() => {})`},
		{"JSON reviver", `JSON.parse('[1]', () => { print('ready'); for (;;); })`},
		{"eval", `print('ready'); eval('for (;;);')`},
		{"Function", `print('ready'); new Function('for (;;);')()`},
		{"mock handler", `const m = new httpx.AsyncClient({transport: new httpx.MockTransport(() => { print('ready'); for (;;); })}); await m.get('http://x/')`},
		{"mock handler that waits", `const m = new httpx.AsyncClient({transport: new httpx.MockTransport(async () => { print('ready'); await new Promise(() => {}) })}); await m.get('http://x/')`},
		{"hook", `const m = new httpx.AsyncClient({eventHooks: {request: [() => { print('ready'); for (;;); }]}}); await m.get(lab.url)`},
		{"request", `setTimeout(() => print('ready'), 20); await client.get(lab.url + '/delay/10')`},
		{"body", `await client.stream('GET', lab.url + '/drip?numbytes=100&duration=30&delay=0', async r => { for await (const b of r.aiterBytes()) print('ready') })`},
		{"upload", `await client.post(lab.url + '/anything', {content: (async function* () { yield 'a'; print('ready'); await new Promise(() => {}) })()})`},
		{"loop in an upload", `await client.post(lab.url + '/anything', {content: (async function* () { yield 'a'; print('ready'); for (;;); })()})`},
		{"endless upload", `let n = 0; await client.post(lab.url + '/anything', {content: (async function* () { for (;;) { if (n++ === 9) print('ready'); yield 'a'.repeat(1000) } })()})`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := jsbindtest.New(t, jsbindtest.Options{})
			if got := s.Run(`const before = 'kept'; let later = new Promise(r => setTimeout(r, 120, 'later')); lab.url; 0`); got != "0" {
				t.Fatal(got)
			}
			r, took := interrupt(t, s, c.js)
			if !r.Cancelled {
				t.Errorf("not cancelled: %s", inspect.Text(r.Lines))
			}
			if limit := 2 * time.Second; took > limit { // 250 ms on an idle machine; tests share theirs
				t.Errorf("the prompt came back after %v", took)
			}
			if shown := inspect.Text(r.Lines) + s.Printed(); strings.Contains(shown, "internal error") {
				t.Errorf("%s", shown)
			}
			if got := s.Run(`await new Promise(r => setTimeout(r, 1)); before + ' ' + await Promise.resolve(1) + ' ' + (await client.get(lab.url + '/get')).statusCode`); got != "'kept 1 200'" {
				t.Errorf("the next cell gave %s", got)
			}
			if got := s.Run(`await later`); got != "'later'" {
				t.Errorf("what an earlier cell had started gave %s", got)
			}
		})
	}
}

// TestCancelAbortsOnTheWire checks that the server sees what Ctrl-C ends.
func TestCancelAbortsOnTheWire(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`lab.url; const three = () => Promise.all([1, 2, 3].map(() => client.get(lab.url + '/delay/20')))`)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.InFlight == 3 })
		cancel()
	}()
	r := s.Eval(ctx, `try { await three() } finally { print('cleaned up') }`)
	if !r.Cancelled || len(r.Notes) != 3 || !strings.HasPrefix(r.Notes[0], "aborted GET http://127.0.0.1:") {
		t.Errorf("%+v", r)
	}
	if got := s.Printed(); got != "cleaned up" {
		t.Errorf("printed %q", got)
	}
	waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.Aborted == 3 && st.InFlight == 0 })
	if got := s.Run(`(await client.get(lab.url + '/status/204')).statusCode`); got != "204" {
		t.Error(got)
	}
}

// waitFor waits until the lab's counters say so.
func waitFor(t *testing.T, server *lab.Server, done func(lab.Stats) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if stats, err := server.Wait(ctx, done); err != nil {
		t.Errorf("%v; the lab saw %+v", err, stats)
	}
}
