package inspect

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// newTrap makes a runtime in which trap() counts how often user code ran, and
// traps is a proxy handler whose every trap calls it.
func newTrap(t *testing.T) (vm *goja.Runtime, i *Inspector, count *int) {
	t.Helper()
	vm, i = newInspector()
	count = new(int)
	if err := vm.Set("trap", func(goja.FunctionCall) goja.Value {
		*count++
		return goja.Undefined()
	}); err != nil {
		t.Fatal(err)
	}
	_, err := vm.RunString(`
		var get = { __proto__: null, get() { trap(); return 1 }, set() { trap() }, configurable: true, enumerable: true };
		var traps = {};
		for (const name of ['getPrototypeOf', 'setPrototypeOf', 'isExtensible', 'preventExtensions',
			'getOwnPropertyDescriptor', 'defineProperty', 'has', 'get', 'set', 'deleteProperty',
			'ownKeys', 'apply', 'construct']) {
			traps[name] = (...args) => { trap(); return Reflect[name](...args) };
		}
		var handler = new Proxy(traps, { get(t, k) { trap(); return t[k] } });
		var evil = (target = {}) => new Proxy(target, handler);
		var accessor = (o, ...keys) => { for (const k of keys) Object.defineProperty(o, k, get); return o };
	`)
	if err != nil {
		t.Fatal(err)
	}
	return vm, i, count
}

// hostile are values that run user code when touched, and the text they have.
// An empty text means that only the absence of user code matters.
var hostile = []struct{ source, want string }{
	{`accessor({}, 'a')`, "{ a: [Getter/Setter] }"},
	{`accessor({}, Symbol.toStringTag)`, "{ [Symbol(Symbol.toStringTag)]: [Getter/Setter] }"},
	{`accessor({}, Symbol.toPrimitive, 'toString', 'valueOf', 'toJSON', 'inspect', 'then')`, ""},
	{`accessor({}, Symbol.iterator)`, "{ [Symbol(Symbol.iterator)]: [Getter/Setter] }"},
	{`accessor({}, 'constructor')`, "{ constructor: [Getter/Setter] }"},
	{`accessor([1, 2], 0)`, "[ [Getter/Setter], 2 ]"},
	{`accessor([1, 2], 'x')`, "[ 1, 2, x: [Getter/Setter] ]"},
	{`accessor([1], 'constructor', Symbol.iterator, Symbol.toStringTag)`, ""},
	{`accessor(function f() {}, 'name')`, "[Function (anonymous)] { name: [Getter/Setter] }"},
	{`accessor(class A {}, 'name')`, "[class (anonymous)] { name: [Getter/Setter] }"},
	{`accessor(function f() {}, 'prototype2', 'toString', 'constructor')`, ""},
	{`(() => { class A {} class B extends A {} accessor(A, 'name'); return B })()`, "[class B]"},
	{`(() => { class A {} accessor(A, 'name'); return new A() })()`, ""},
	{`(() => { class A { static [Symbol.hasInstance]() { trap(); return true } } return new A() })()`, "A {}"},
	{`(() => { class A {} accessor(A.prototype, 'constructor'); return new A() })()`, ""},
	{`(() => { class A {} accessor(A.prototype, Symbol.toStringTag, 'x'); return new A() })()`, "A {}"},
	{`(() => { function F() {} F.prototype = evil(); return new F() })()`, ""},
	{`Object.create(evil())`, ""},
	{`Object.create(evil(evil()))`, ""},
	{`Object.create(Object.create(evil()))`, ""},
	{`evil()`, "{}"},
	{`evil({ a: 1 })`, "{ a: 1 }"},
	{`evil([1, 2])`, "[ 1, 2 ]"},
	{`evil(function f() {})`, "[Function: f]"},
	{`evil(class A {})`, "[class A]"},
	{`evil(evil(evil([1])))`, "[ 1 ]"},
	{`evil(new Map([[1, 2]]))`, "Map(1) { 1 => 2 }"},
	{`evil(new Date(0))`, "1970-01-01T00:00:00.000Z"},
	{`evil(new Error('x'))`, "[Error: x]"},
	{`evil(accessor({}, 'a'))`, "{ a: [Getter/Setter] }"},
	{`evil(Promise.resolve(1))`, "Promise { 1 }"},
	{`({ p: evil({ q: evil({ r: 1 }) }) })`, "{ p: { q: { r: 1 } } }"},
	{`(() => { const r = Proxy.revocable({}, handler); r.revoke(); return r.proxy })()`, "<Revoked Proxy>"},
	{`(() => { const r = Proxy.revocable({}, handler); const o = Object.create(r.proxy); r.revoke(); return o })()`, ""},
	{`(() => { const r = Proxy.revocable({}, {}); const p = evil(r.proxy); r.revoke(); return p })()`, "<Revoked Proxy>"},
	{`(() => { const t = {}; const p = evil(t); Reflect.setPrototypeOf(t, p); return t })()`, ""},
	{`accessor(new Map([[1, 2]]), 'size', 'entries', Symbol.iterator, 'constructor')`, ""},
	{`(() => { const m = new Map([[1, 2]]); accessor(Map.prototype, 'size', 'entries', Symbol.iterator); return m })()`, "Map(1) { 1 => 2 }"},
	{`(() => { const m = new Map([[1, 2]]); const I = Object.getPrototypeOf(m.entries()); I.next = () => { trap(); return { done: true } }; return m })()`, "Map(1) { 1 => 2 }"},
	{`(() => { const s = new Set([1]); accessor(Set.prototype, 'size', 'values', Symbol.iterator); return s })()`, "Set(1) { 1 }"},
	{`new Map([[evil({ k: 1 }), accessor({}, 'v')]])`, "Map(1) { { k: 1 } => { v: [Getter/Setter] } }"},
	{`(() => { accessor(Array.prototype, Symbol.iterator, 'length2', 'map', 'join'); return [1, 2] })()`, "[ 1, 2 ]"},
	{`accessor(new Uint8Array(2), 'length', 'x', 'constructor', Symbol.toStringTag)`, ""},
	{`(() => { accessor(Object.getPrototypeOf(Uint8Array.prototype), 'length', Symbol.toStringTag); return new Uint8Array(2) })()`, "Uint8Array(2) [ 0, 0 ]"},
	{`(() => { accessor(Uint8Array, 'name'); return new Uint8Array(2) })()`, ""},
	{`(() => { accessor(ArrayBuffer.prototype, 'byteLength'); return new ArrayBuffer(1) })()`, "ArrayBuffer { [Uint8Contents]: <00>, byteLength: 1 }"},
	{`accessor(new DataView(new ArrayBuffer(1)), 'byteLength', 'buffer', Symbol.toStringTag)`, ""},
	{`accessor(Object.create(DataView.prototype), Symbol.toStringTag)`, ""},
	{`accessor(Object.create(WeakMap.prototype), Symbol.toStringTag)`, ""},
	{`accessor(Object.create(WeakSet.prototype), Symbol.toStringTag)`, ""},
	{`accessor(Object(Symbol('x')), Symbol.toStringTag, 'description')`, ""},
	{`accessor(Object(1n), Symbol.toStringTag, 'valueOf', 'toString')`, ""},
	{`accessor(new Number(1), 'valueOf', Symbol.toPrimitive, 'toString', Symbol.toStringTag)`, ""},
	{`accessor(new String('x'), 'valueOf', Symbol.toPrimitive, 'toString', Symbol.iterator)`, ""},
	{`accessor(new Date(0), 'toISOString', 'getTime', Symbol.toPrimitive, 'toString')`, ""},
	{`(() => { Date.prototype.toISOString = Date.prototype.getTime = () => { trap() }; return new Date(0) })()`, "1970-01-01T00:00:00.000Z"},
	{`accessor(/x/g, 'source', 'flags', 'global', 'lastIndex2', 'toString', Symbol.toStringTag)`, ""},
	{`(() => { accessor(RegExp.prototype, 'source', 'flags', 'global'); return /x/g })()`, "/x/g"},
	{`accessor(Promise.resolve(1), 'then', 'catch', 'constructor')`, ""},
	{`accessor(new Error('x'), 'message')`, ""},
	{`accessor(new Error('x'), 'name')`, ""},
	{`accessor(new Error('x'), 'cause', 'errors')`, ""},
	{`Object.defineProperty(new Error('x'), 'stack', get)`, "[Error: x]"},
	{`Object.assign(new Error('x'), { name: { toString() { trap(); return 'n' } } })`, ""},
	{`Object.assign(new Error('x'), { message: { toString() { trap(); return 'm' } } })`, ""},
	{`(() => { class E extends Error { get name() { trap(); return 'n' } } return new E('x') })()`, "[E: x]"},
	{`(() => { class E extends Error { get message() { trap(); return 'n' } } return new E() })()`, ""},
	{`Object.setPrototypeOf(new Error('x'), evil(Error.prototype))`, ""},
	{`new Error('x', { cause: accessor(new Error('y'), 'message', 'name') })`, ""},
	{`new AggregateError([evil(new Error('a')), evil()], 'x')`, ""},
	{`Object.assign(new Error('x'), { errors: evil([1]) })`, ""},
	{`(() => { Error.prepareStackTrace = () => { trap() }; return new Error('x') })()`, ""},
	{`accessor(Math.max, 'name')`, ""},
	{`(() => { accessor(Object.prototype, 'value', 'get', 'set', 'writable', 'enumerable', 'configurable', 'done'); return { a: { b: 1 } } })()`, "{ a: { b: 1 } }"},
	{`(() => { accessor(Object.prototype, 'constructor', 'toString', 'valueOf', Symbol.toStringTag); return { a: 1 } })()`, ""},
	{`(() => { accessor(Object.prototype, '0', '1', 'length'); return [, { a: 1 }, new Map([[1, 2]])] })()`, "[ <1 empty item>, { a: 1 }, Map(1) { 1 => 2 } ]"},
	{`(() => { Reflect.ownKeys = Reflect.getOwnPropertyDescriptor = Object.keys = () => { trap() }; return { a: 1 } })()`, "{ a: 1 }"},
	{`(() => { Function.prototype.toString = Function.prototype.call = () => { trap() }; return [class A {}, () => 1] })()`, "[ [class A], [Function (anonymous)] ]"},
	{`(() => { accessor(Function.prototype, 'name', 'constructor', Symbol.hasInstance2 ?? 'x'); return [class A {}, (() => () => 1)()] })()`, ""},
	{`(function () { return accessor(arguments, Symbol.iterator, 'length', 0) })(1, 2)`, ""},
	{`(() => { function* g() { trap() } return g() })()`, "Object [Generator] {}"},
	{`new (class extends Array { constructor(...a) { super(...a); accessor(this, 'constructor', Symbol.species) } })(1, 2)`, ""},
	{`globalThis`, ""},
	{`accessor(globalThis, 'foo')`, ""},
}

func TestNoUserCodeRuns(t *testing.T) {
	if len(hostile) < 80 {
		t.Fatalf("only %d hostile values", len(hostile))
	}
	for _, h := range hostile {
		t.Run(h.source, func(t *testing.T) {
			vm, i, count := newTrap(t)
			v := eval(t, vm, h.source)
			*count = 0
			got := Text(i.Value(v, Options{}))
			list := []goja.Value{v}
			for _, o := range []Options{{Depth: None}, {ShowHidden: true}, {Stack: true}} {
				i.Value(v, o)
				i.Error(v, o)
				i.Format(list, o)
			}
			for _, verb := range "sdifjoOc" {
				i.Format([]goja.Value{vm.ToValue("%" + string(verb)), v}, Options{})
			}
			if *count != 0 {
				t.Errorf("user code ran %d times", *count)
			}
			if got == "" || h.want != "" && got != h.want {
				t.Errorf("got %s, want %s", got, h.want)
			}
		})
	}
}

// Pending promise jobs are user code too.
func TestPromiseJobsAreNotRun(t *testing.T) {
	vm, i, count := newTrap(t)
	err := vm.Set("look", func(call goja.FunctionCall) goja.Value {
		i.Value(call.Argument(0), Options{})
		i.Error(call.Argument(0), Options{})
		if *count != 0 {
			t.Error("a promise job ran while a value was printed")
		}
		return goja.Undefined()
	})
	if err != nil {
		t.Fatal(err)
	}
	eval(t, vm, `(Promise.resolve().then(trap), look({ a: [new Map([[1, new Error('x')]])] }))`)
	if *count != 1 {
		t.Errorf("the job ran %d times", *count)
	}
}

func TestHugeValuesAreBounded(t *testing.T) {
	tests := []struct{ name, source, contains string }{
		{"sparse array", `(() => { const a = []; a[4294967294] = 1; a.x = 2; return a })()`, "<4294967294 empty items>, 1, x: 2"},
		{"many sparse items", `(() => { const a = []; for (let i = 0; i < 1e5; i++) a[i * 40000] = i; return a })()`, "more items"},
		{"dense array", `Array(5e5).fill(1)`, "... 499900 more items"},
		{"dense array with a hole", `(() => { const a = Array(1e6).fill(1); delete a[3]; return a })()`, "<1 empty item>"},
		{"big buffer", `new Uint8Array(1 << 26)`, "... 67108764 more items"},
		{"big map", `(() => { const m = new Map(); for (let i = 0; i < 2e5; i++) m.set(i, i); return m })()`, "... 199900 more items"},
		{"many keys", `(() => { const o = {}; for (let i = 0; i < 1e5; i++) o['k' + i] = i; return o })()`, "... 99000 more properties"},
		{"many hidden keys", `(() => { const o = {}; for (let i = 0; i < 2e4; i++) Object.defineProperty(o, 'k' + i, { value: 1 }); return Array(100).fill(Array(100).fill(o)) })()`, "more items"},
		{"deep nesting", `(() => { let o = {}; for (let i = 0; i < 1e6; i++) o = { o }; return o })()`, "[Object]"},
		{"deep arrays", `(() => { let o = []; for (let i = 0; i < 1e5; i++) o = [o]; return o })()`, "[Array]"},
		{"deep causes", `(() => { let e = new Error('x'); for (let i = 0; i < 1e4; i++) e = new Error('x', { cause: e }); return e })()`, "[cause]"},
		{"deep prototypes", `(() => { let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); return Array(100).fill(o) })()`, ""},
		{"deep proxies", `(() => { let o = {}; for (let i = 0; i < 1e5; i++) o = new Proxy(o, {}); return o })()`, "Proxy"},
		{"wide and deep", `(() => { let o = 1; for (let i = 0; i < 6; i++) o = Array(100).fill(o); return o })()`, "more items"},
		{"long string", `'x'.repeat(1 << 24)`, "... 16767216 more characters"},
		{"long unicode string", `'é'.repeat(1 << 22)`, "more characters"},
		{"long strings", `(() => { const s = 'x'.repeat(10000); return Array(100).fill(Array(100).fill(s)) })()`, "more items"},
		{"long key", `({ ['k'.repeat(1 << 24)]: 1 })`, "…"},
		{"long name", `Object.defineProperty(() => {}, 'name', { value: 'k'.repeat(1 << 24) })`, "[Function: k"},
		{"long symbol", `Symbol('k'.repeat(1 << 24))`, "…"},
		{"long message", `new Error('k'.repeat(1 << 24))`, "more characters"},
		{"many lines", `new Error('\n'.repeat(1 << 20))`, ""},
		{"big bigint", `2n ** 4000000n`, "<bigint of about 1204"},
		{"digits", `10n ** 20000n`, "... 10001 more digits"},
		{"long boxed string", `new String('x'.repeat(1 << 20))`, "... 1038576 more characters"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			vm, i := newInspector()
			v := eval(t, vm, test.source)
			start := time.Now()
			for _, o := range []Options{{}, {Depth: Unlimited}, {Depth: Unlimited, ShowHidden: true, Compact: None}} {
				text := Text(i.Value(v, o))
				if o.Depth == 0 && !strings.Contains(text, test.contains) {
					t.Errorf("%.300s… does not contain %s", text, test.contains)
				}
				if len(text) > 16<<20 {
					t.Errorf("%d bytes", len(text))
				}
			}
			Text(i.Error(v, Options{}))
			Text(i.Format([]goja.Value{vm.ToValue("%j %s %o"), v, v, v}, Options{}))
			// A bound against exploding, not a measurement.
			if spent := time.Since(start); spent > 30*time.Second {
				t.Errorf("took %v", spent)
			}
		})
	}
}

// Whatever a value contains, the lines have neither control characters nor
// invalid text: only Format passes them on, at its top level.
func TestNothingReachesTheTerminal(t *testing.T) {
	const bad = `\x1b]52;c;x\x07\x9b31m\r\n\b\x7f\u202e\u2028\u200b\ud800`
	sources := []string{
		`'%'`, `Symbol('%')`, `({ '%': 1 })`, `({ [Symbol('%')]: 1 })`, `new Error('%')`,
		`Object.assign(new Error('x'), { name: '%' })`, `Object.defineProperty(() => {}, 'name', { value: '%' })`,
		`Object.defineProperty(class A {}, 'name', { value: '%' })`,
		`new (Object.defineProperty(class A {}, 'name', { value: '%' }))()`,
		`new (Object.defineProperty(class A extends Error {}, 'name', { value: '%' }))('x')`,
		`class extends Object.defineProperty(class A {}, 'name', { value: '%' }) {}`,
		`Object.defineProperty({}, Symbol.toStringTag, { value: '%' })`, `new RegExp('%')`, `new String('%')`,
		`Object(Symbol('%'))`, `Object.defineProperty({}, '%', { value: 1 })`, `new Map([['%', '%']])`,
		`new Error('x', { cause: '%' })`, `new AggregateError(['%'], '%')`, `Promise.reject('%')`,
		`Object.defineProperty(new Error('x'), 'stack', { value: 'Error: x\n    at %' })`,
	}
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			vm, i := newInspector()
			v := eval(t, vm, strings.ReplaceAll(source, "%", bad))
			for _, o := range []Options{{}, {ShowHidden: true, Stack: true}} {
				checkLines(t, i.Value(v, o))
				checkLines(t, i.Error(v, o))
				checkLines(t, i.Format([]goja.Value{v, v}, o)[:0])
			}
		})
	}
}

func checkLines(t *testing.T, lines []Line) {
	t.Helper()
	for _, line := range lines {
		for _, span := range line {
			for _, r := range span.Text {
				if hidden(r) || !utf8.ValidString(span.Text) {
					t.Fatalf("%q in %q", r, Text(lines))
				}
			}
		}
	}
}
