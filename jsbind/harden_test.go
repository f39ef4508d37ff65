package jsbind_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"

	"httpx-repl/jsbind/inspect"
	"httpx-repl/jsbind/jsbindtest"
)

// killers are lines that would end the process, or never end, in a virtual machine without bounds. Each must give the prompt
// back by itself.
var killers = []string{
	// recursion of every kind
	`function f() { f() } f()`,
	`(function f() { try { f() } finally { f } })()`,
	`const o = {get x() { return this.x }}; o.x`,
	`const o = {toString() { return '' + this }}; '' + o`,
	`const o = {valueOf() { return +this }}; +o`,
	`new Proxy({}, {get(t, k, r) { return r[k] }}).x`,
	`[3, 1, 2].sort(function c() { return [2, 1].sort(c) })`,
	`class A { constructor() { new A() } } new A()`,
	`class A { static { new this() } constructor() { new A() } }`,
	`async function f() { await f() } await f()`,
	`function* g() { yield* g() } [...g()]`,
	`async function* g() { yield* g() } for await (const x of g());`,
	`const o = {toJSON() { return JSON.stringify(o) }}; JSON.stringify(o)`,
	`[1].map(function f() { return [1].map(f) })`,
	`'x'.replace(/x/, function f() { return 'x'.replace(/x/, f) })`,
	`const o = {[Symbol.iterator]() { return [...o] }}; [...o]`,
	`const o = {get then() { return o.then }}; await o`,
	`const t = {then(r) { return t.then(r) }}; await t`,
	`const m = new httpx.AsyncClient({transport: new httpx.MockTransport(r => m.get(r.url))}); await m.get('http://x/')`,
	`const e = new EventTarget(); e.addEventListener('a', () => e.dispatchEvent(new Event('a'))); e.dispatchEvent(new Event('a'))`,
	// depth without recursion
	`let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)`,
	`let a = []; for (let i = 0; i < 1e5; i++) a = [a]; String(a)`,
	`let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)`,
	`let a = {}; for (let i = 0; i < 1e5; i++) a = {a}; a`,
	`let a = {}; for (let i = 0; i < 1e5; i++) a = {a}; client.post('http://127.0.0.1:1/', {json: a})`,
	`let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); o.x`,
	`let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x`,
	`let e = new Error('x'); for (let i = 0; i < 1e4; i++) e = new Error('x', {cause: e}); throw e`,
	`let p = Promise.resolve(1); for (let i = 0; i < 1e5; i++) p = p.then(x => x); await p`,
	`JSON.parse('['.repeat(1e6))`,
	`new httpx.Response(200, {content: '['.repeat(1e5)}).json()`,
	// sizes
	`'x'.repeat(2 ** 40)`, `'x'.padEnd(2 ** 40)`, `'x'.padStart(2 ** 28, 'y')`,
	`'a'.repeat(1e5).replace(/a/g, 'b'.repeat(1e5))`, `'a'.repeat(1e5).replaceAll('a', 'b'.repeat(1e5))`, "'a'.repeat(1e5).replace(/a/g, '$`')",
	`'a'.repeat(1e5).split('').join('b'.repeat(1e5))`, `Array(2 ** 30).join('x')`, `'x'.repeat(2 ** 25).split('')`, `[...'x'.repeat(2 ** 25)]`,
	`new Array(2 ** 32 - 1).fill(0)`, `new Array(2 ** 32 - 1).map(x => x)`, `Array.from({length: 2 ** 40})`, `[...Array(2 ** 30)]`,
	`const a = []; a[2 ** 32 - 2] = 1; a.forEach(x => x)`, `const a = []; a.length = 2 ** 32 - 1; a.sort()`, `const a = []; a.length = 2 ** 32 - 1; a.splice(0, 1)`,
	`Array.prototype.reduce.call({length: 2 ** 53 - 1}, (a, b) => a, 0)`, `Array.prototype.unshift.call({length: 2 ** 53 - 2}, 1)`,
	`Math.max(...Array(2 ** 26))`, `Math.max.apply(null, {length: 2 ** 31})`, `Reflect.apply(Math.max, null, {length: 2 ** 31})`,
	`new Uint8Array(2 ** 40)`, `new ArrayBuffer(2 ** 40)`, `new Float64Array({length: 2 ** 40})`, `new Uint8Array(2 ** 40).fill(1)`,
	`BigInt('9'.repeat(1e7))`, `Object.keys('x'.repeat(2 ** 25))`, `Object.assign({}, 'x'.repeat(2 ** 25))`, `JSON.stringify({a: 1}, null, 1e9)`,
	`new httpx.URL('http://x/?' + 'a'.repeat(1e6))`, `new httpx.QueryParams('a=1&'.repeat(1e5)).size`,
	`new httpx.Headers(Array(2 ** 21).fill(['a', 'b']))`,
	// source
	`eval('('.repeat(1e6))`, `new Function('['.repeat(1e6))`, `eval('1' + '+1'.repeat(3e5))`, `eval('a=>'.repeat(1e5) + '1')`, "eval('`${'.repeat(1e5))",
	`(async () => {}).constructor('('.repeat(1e6))`, `(function* () {}).constructor('{'.repeat(1e6))`, strings.Repeat("(", 100_000), strings.Repeat("[", 100_000), strings.Repeat("!", 100_000) + "1",
	// regular expressions
	`/(a+)+$/.test('a'.repeat(50) + 'b')`, `/^(([a-z])+.)+[A-Z]([a-z])+$/.test('a'.repeat(100))`, `/(?=(a+))a*b\1/.test('a'.repeat(1e5))`, `new RegExp('('.repeat(1e5))`,
	`'a'.repeat(1e5).match(/(.*)*x/)`,
}

func TestKillers(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	for i, js := range killers {
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), slowdown*3*time.Second)
		r := s.Eval(ctx, ";{ "+js+" }") // in a block: each declares its own names
		cancel()
		shown := inspect.Text(r.Lines)
		if strings.Contains(shown, "already been declared") {
			t.Errorf("%.100s\n  gave %s", js, shown)
		}
		if r.Cancelled {
			t.Errorf("%.100s\n  did not end by itself", js)
		}
		if took := time.Since(start); took > slowdown*3*time.Second {
			t.Errorf("%.100s\n  took %v", js, took)
		}
		if strings.Contains(shown, "internal error") {
			t.Errorf("%.100s\n  gave %s", js, shown)
		}
		if got := s.Run(`await Promise.resolve(1) + ` + "1"); !strings.HasSuffix(got, "2") {
			t.Fatalf("after %d, %.100s\n  the next cell gave %s", i, js, got)
		}
	}
}

// TestMemoryBombs fills the memory in ways that no single call shows. The session says that it is full, and goes on.
func TestMemoryBombs(t *testing.T) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(sample)
	s := jsbindtest.New(t, jsbindtest.Options{MaxHeap: int64(sample[0].Value.Uint64()) + 24<<20})
	for _, js := range []string{
		`const a = []; for (;;) a.push(new Uint8Array(1e6))`,
		`const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)`,
		`const a = []; for (;;) a.push({})`,
		`let s = 'x'; for (;;) s += s`,
		`await 0; const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)`,
		`const m = new Map(); for (let i = 0; ; i++) m.set(i, {i})`,
		`const o = {}; for (let i = 0; ; i++) o['k' + i] = i`,
		`let a = [1]; for (;;) a = a.concat(a)`,
		`setTimeout(() => { const a = []; for (;;) a.push('x'.repeat(1e6) + a.length) }, 1); await new Promise(() => {})`,
		`[...(function* () { for (;;) yield {} })()]`,
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		r := s.Eval(ctx, ";{ "+js+" }")
		cancel()
		if shown := inspect.Text(r.Lines); !strings.Contains(shown, "RangeError") {
			t.Errorf("%s\n  gave %s", js, shown)
		}
		s.Printed()
		if got := s.Run(`await Promise.resolve(2)`); got != "2" {
			t.Errorf("after %s\n  the next cell gave %s", js, got)
		}
	}
}

// TestSourceMapsAreNotOpened names a FIFO in a sourceMappingURL comment: opening it would wait for ever.
func TestSourceMapsAreNotOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "map")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip(err)
	}
	s := jsbindtest.New(t, jsbindtest.Options{})
	comment := "\\n//# sourceMappingURL=" + path
	for _, js := range []string{
		`eval("1` + comment + `")`,
		`new Function("return 1` + comment + `")()`,
		"1\n//# sourceMappingURL=" + path,
		"await 1\n//# sourceMappingURL=file://" + path,
	} {
		if got := s.Run(js); got != "1" {
			t.Errorf("%s gave %s", js, got)
		}
	}
	if _, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		t.Error("somebody reads the FIFO")
	}
}

// TestGuardedNativesWork checks that the guarded functions still are what they were.
func TestGuardedNativesWork(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	for _, row := range [][2]string{
		{`eval('1 + 1')`, `2`},
		{`var seen = 5; eval('seen + 1')`, `6`},
		{`new Function('a', 'b', 'return a + b')(1, 2)`, `3`},
		{`(() => {}) instanceof Function && (() => {}).constructor === Function`, `true`},
		{`await (async () => {}).constructor('return 1')()`, `1`},
		{`class L extends Array {} const l = new L(3); [l.length, l instanceof L, l.map(x => 1) instanceof L, Array.isArray(l)]`, `[ 3, true, true, true ]`},
		{`[[1, 2] instanceof Array, [].constructor === Array, Array.of(7)[0], Array.from('ab').join('-'), Array(3).length, Array(1, 2)]`, `[ true, true, 7, 'a-b', 3, [ 1, 2 ] ]`},
		{`[BigInt(5) + 1n, BigInt.asIntN(8, 257n), typeof Object(1n), (255n).toString(16)]`, `[ 6n, 1n, 'object', 'ff' ]`},
		{`new BigInt(1)`, `Uncaught TypeError: …`},
		{"['a-b'.replace(/-/g, '$`'), 'aXbX'.replaceAll('X', '$&$&'), 'a,b'.split(','), 'ab'.split('')]", `[ 'aab', 'aXXbXX', [ 'a', 'b' ], [ 'a', 'b' ] ]`},
		{`JSON.stringify({a: [1, {b: 2}], c: undefined, d() {}, e: new Date(0)})`, `'{"a":[1,{"b":2}],"e":"1970-01-01T00:00:00.000Z"}'`},
		{`[JSON.stringify({a: {b: 2}}, (k, v) => k === 'b' ? 3 : v), JSON.stringify({a: 1, b: 2}, ['a']), JSON.stringify([1], null, 1), JSON.stringify(undefined), JSON.stringify('x')]`, `[ '{"a":{"b":3}}', '{"a":1}', '[\n 1\n]', undefined, '"x"' ]`},
		{`const sub = class extends Uint8Array {}; const u = new sub([1, 2, 3]); [u.length, u instanceof sub, u.subarray(1) instanceof sub, Uint8Array.from([1]).length, Uint8Array.BYTES_PER_ELEMENT]`, `[ 3, true, true, 1, 1 ]`},
		{`Math.max.apply(null, [1, 3, 2]) + Math.max(...[4, 5])`, `8`},
		{`function* g(n) { const got = yield n; if (n) yield* g(n - 1); return got } const it = g(2); [it.next().value, it.next('in').value, it.next().value, it.return(9).value, it.next().done]`, `[ 2, 1, 0, 9, true ]`},
	} {
		got := s.Run(row[0])
		beginning, open := strings.CutSuffix(row[1], "…")
		if got != row[1] && !(open && strings.HasPrefix(got, beginning)) {
			t.Errorf("%s\n  gave %s\n  want %s", row[0], got, row[1])
		}
	}
}
