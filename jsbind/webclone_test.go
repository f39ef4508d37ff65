package jsbind

import (
	"testing"

	"github.com/dop251/goja"
)

func TestStructuredClone(t *testing.T) {
	webTable{
		{`[structuredClone(1), structuredClone('a\ud800').charCodeAt(1), structuredClone(10n), structuredClone(null), structuredClone(undefined), Object.is(structuredClone(-0), -0)].join()`, `'1,55296,10,,,true'`},
		{`const boxes = [new Number(1), new String('s'), new Boolean(false), Object(5n)]; structuredClone(boxes).map((b, i) => typeof b + (b !== boxes[i]) + b.valueOf()).join()`,
			`'objecttrue1,objecttrues,objecttruefalse,objecttrue5'`},
		{`const date = new Date(5); const d2 = structuredClone(date); [d2 instanceof Date, d2 !== date, +d2, isNaN(structuredClone(new Date(NaN)))].join()`, `'true,true,5,true'`},
		{`const re = /a\/b/giu; re.lastIndex = 2; const r2 = structuredClone(re); [r2.source, r2.flags, r2.lastIndex].join()`, `'a\\/b,giu,0'`},
		{`structuredClone({a: [1, {b: 2}], __proto__: {inherited: 1}, [Symbol('s')]: 3, get g() { return 4 }})`, `{ a: [ 1, { b: 2 } ], g: 4 }`},
		{`structuredClone([1, , 3, undefined])`, `[ 1, <1 empty item>, 3, undefined ]`},
		{`const named = [1]; named.x = 2; structuredClone(named)`, `[ 1, x: 2 ]`},
		{`structuredClone(new Array(5)).length`, `5`},
		{`const proto = JSON.parse('{"__proto__": 1}'); Object.keys(structuredClone(proto)).join()`, `'__proto__'`},
		{`const m = new Map([[{k: 1}, new Set([1, 'x'])]]); m.set('self', m); const m2 = structuredClone(m); [m2.get('self') === m2, [...m2.keys()][0].k, [...m2.values()][0].has('x'), m2 !== m].join()`, `'true,1,true,true'`},
		{`const o = {list: []}; o.self = o; o.list.push(o.list, o); const o2 = structuredClone(o); [o2.self === o2, o2.list[0] === o2.list, o2.list[1] === o2, o2 !== o].join()`, `'true,true,true,true'`},
		{`const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer; const v = structuredClone({a: new Uint8Array(buffer, 2, 3), b: new Uint16Array(buffer, 4), c: new DataView(buffer, 1, 2), d: buffer}); [v.a.join(), v.b.length, v.c.getUint8(0), v.a.buffer === v.d, v.b.buffer === v.d, v.d !== buffer].join()`,
			`'3,4,5,2,2,true,true,true'`},
		{`v.a[0] = 99; new Uint8Array(buffer)[2]`, `3`},
		{`[new Int8Array(1), new Uint8ClampedArray(1), new Float64Array(1), new BigInt64Array(1)].map(a => structuredClone(a).constructor.name).join()`, `'Int8Array,Uint8ClampedArray,Float64Array,BigInt64Array'`},
		{`const err = new RangeError('r', {cause: {why: 1}}); const e2 = structuredClone(err); [e2 instanceof RangeError, e2.message, e2.cause.why, e2.cause !== err.cause, e2.stack === err.stack, Object.keys(e2).length].join()`, `'true,r,1,true,true,0'`},
		{`class MyError extends Error { name = 'MyError' }; const e3 = structuredClone(new MyError('m')); [e3.name, e3.constructor.name, e3.message].join()`, `'Error,Error,m'`},
		{`const loop = new Error('l'); loop.cause = loop; const l2 = structuredClone(loop); l2.cause === l2`, `true`},
		{`const dom = structuredClone(new DOMException('d', 'AbortError')); [dom instanceof DOMException, dom.name, dom.message, dom.code].join()`, `'true,AbortError,d,20'`},
		{`class Point { #p = 1; constructor() { this.x = 1 } }; const point = structuredClone(new Point()); [point.x, point.constructor === Object].join()`, `'1,true'`},
		{`structuredClone((function () { return arguments })(1, 2))`, `{ '0': 1, '1': 2 }`},
		{`structuredClone({get a() { throw new RangeError('mine') }})`, `Uncaught RangeError: mine`},
		{`structuredClone({get a() { delete this.b; return 1 }, b: 2})`, `{ a: 1 }`},
		{`structuredClone()`, `Uncaught TypeError: structuredClone needs an argument`},
	}.run(t)
}

func TestStructuredCloneRefuses(t *testing.T) {
	webTable{
		{`structuredClone(function f() {})`, `Uncaught DOMException [DataCloneError]: [Function: f] cannot be cloned: functions are not data`},
		{`structuredClone({a: [async () => {}]}).a`, `Uncaught DOMException [DataCloneError]: [AsyncFunction (anonymous)] cannot be cloned: functions are not data`},
		{`structuredClone(class A {})`, `Uncaught DOMException [DataCloneError]: [class A] cannot be cloned: functions are not data`},
		{`structuredClone(Symbol('s'))`, `Uncaught DOMException [DataCloneError]: Symbol(s) cannot be cloned: symbols are unique`},
		{`structuredClone(Object(Symbol('s')))`, `Uncaught DOMException [DataCloneError]: [Symbol: Symbol(s)] cannot be cloned: it is not data`},
		{`structuredClone(new URL('https://a/'))`, `Uncaught DOMException [DataCloneError]: URL { href: 'https://a/' } cannot be cloned: a URL is not data`},
		{`structuredClone([new httpx.Response(204)])`, `Uncaught DOMException [DataCloneError]: <Response [204 No Content]> cannot be cloned: a Response is not data`},
		{`structuredClone(new Proxy({}, {ownKeys() { throw 'trap' }}))`, `Uncaught DOMException [DataCloneError]: {} cannot be cloned: proxies are not data`},
		{`structuredClone(Promise.resolve(1))`, `Uncaught DOMException [DataCloneError]: Promise { 1 } cannot be cloned: promises are not data; await it first`},
		{`structuredClone((function* () {})())`, `Uncaught DOMException [DataCloneError]: Object [Generator] {} cannot be cloned: iterators are not data`},
		{`[new WeakMap(), new WeakSet(), new Map().keys()].map(x => { try { structuredClone(x) } catch (e) { return e.code } }).join()`, `'25,25,25'`},
		{`structuredClone(env)`, `Uncaught DOMException [DataCloneError]: {} cannot be cloned: it belongs to the session`},
		{`try { structuredClone(globalThis) } catch (e) { e.name }`, `'DataCloneError'`},
		{`let deep = {}; for (let i = 0; i < 20000; i++) deep = {deep}; structuredClone(deep)`, `Uncaught RangeError: structuredClone takes values nested at most 5000 deep`},
		{`const sparse = []; sparse.length = 4e9; structuredClone(sparse)`, `Uncaught RangeError: structuredClone copies at most 4194304 properties and elements at once`},
	}.run(t)
}

func TestStructuredCloneTransfers(t *testing.T) {
	webTable{
		{`const b = new Uint8Array([1, 2]).buffer; const c = structuredClone({b, view: new Uint8Array(b)}, {transfer: [b]}); [b.byteLength, c.b.byteLength, c.view.join(), c.view.buffer === c.b].join()`, `'0,2,1,2,true'`},
		{`structuredClone(b)`, `Uncaught DOMException [DataCloneError]: ArrayBuffer { (detached), byteLength: 0 } cannot be cloned: its memory was transferred away`},
		{`const d = new ArrayBuffer(3); try { structuredClone(() => {}, {transfer: [d]}) } catch {}; d.byteLength`, `3`},
		{`structuredClone(1, {transfer: [d, d]})`, `Uncaught DOMException [DataCloneError]: ArrayBuffer { [Uint8Contents]: <00 00 00>, byteLength: 3 } cannot be cloned: it is in the transfer list twice`},
		{`structuredClone(1, {transfer: [1]})`, `Uncaught DOMException [DataCloneError]: 1 cannot be cloned: only an ArrayBuffer can be transferred`},
		{`structuredClone(1, {transfer: 1})`, `Uncaught TypeError: structuredClone's transfer option is a list of ArrayBuffers, not 1`},
	}.run(t)
}

func TestStructuredCloneNeedsNothingOfTheScript(t *testing.T) {
	webTable{
		{`const before = [new Map([[1, new Set([2])]]), new Date(3)]`, ``},
		{`Map.prototype.forEach = Map.prototype.set = Set.prototype.add = Date.prototype.getTime = null; Map = Set = Date = RegExp = Uint8Array = Object.keys = null`, `null`},
		{`structuredClone(before)`, `[ Map(1) { 1 => Set(1) { 2 } }, 1970-01-01T00:00:00.003Z ]`},
		{`structuredClone({r: /x/g, u: new TextEncoder().encode('a')})`, `{ r: /x/g, u: Uint8Array(1) [ 97 ] }`},
	}.run(t)
}

// TestStructuredCloneStopsAtCtrlC sets the flag that Ctrl-C sets and clones more than goes between two looks at it.
func TestStructuredCloneStopsAtCtrlC(t *testing.T) {
	rt := webRuntime(t)
	done := make(chan *goja.Exception)
	rt.loop.Control(func() {
		list, err := rt.vm.RunString(`new Array(5000).fill(1)`)
		must(err)
		rt.soft.Store(true)
		done <- rt.vm.Try(func() { rt.structuredClone([]goja.Value{list}) })
	})
	if e := <-done; e == nil || !rt.isCancelled(e.Value()) {
		t.Errorf("the clone ended with %v", e)
	}
}
