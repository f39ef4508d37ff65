package jsbind

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"httpx-repl/jsbind/inspect"
)

// webRuntime is a session without a network, on a clock that stands still, whose randomness is always the same.
func webRuntime(t testing.TB) *Runtime {
	t.Helper()
	rt, err := New(Options{
		Opened:  time.UnixMilli(1_700_000_000_123),
		Elapsed: func() time.Duration { return 1500*time.Millisecond + 250*time.Microsecond },
		Seed:    [32]byte{1},
		Output:  func(o Output) { t.Logf("output: %s", inspect.Text(o.Lines)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close(time.Second) })
	return rt
}

// webSession evaluates cells, one after the other, and returns what the prompt shows.
func webSession(t testing.TB) func(src string) string {
	t.Helper()
	rt := webRuntime(t)
	cell := 0
	return func(src string) string {
		cell++
		result := rt.Eval(context.Background(), "c"+strconv.Itoa(cell), src, true)
		text := inspect.Text(result.Lines)
		if result.Failed {
			text, _, _ = strings.Cut(text, "\n")
		}
		return text
	}
}

// webTable is JavaScript with what the prompt shows for it; of an error, the first line.
type webTable []struct{ src, want string }

func (table webTable) run(t *testing.T) {
	t.Helper()
	eval := webSession(t)
	for _, c := range table {
		if got := eval(c.src); got != c.want {
			t.Errorf("%s\n got  %s\n want %s", c.src, got, c.want)
		}
	}
}

func TestWebGlobalsHaveTheirNamesAndLengths(t *testing.T) {
	webTable{
		{`[URL, URLSearchParams, TextEncoder, TextDecoder, DOMException, Performance, Crypto, atob, btoa, structuredClone].map(f => f.name + f.length).join()`,
			`'URL1,URLSearchParams0,TextEncoder0,TextDecoder0,DOMException0,Performance0,Crypto0,atob1,btoa1,structuredClone1'`},
		{`['URL', 'crypto', 'atob'].map(n => Object.keys(globalThis).includes(n)).join()`, `'false,false,false'`},
		{`[new URL('a:'), new URLSearchParams, new TextEncoder, new TextDecoder, performance, crypto].map(o => Object.prototype.toString.call(o)).join()`,
			`'[object URL],[object URLSearchParams],[object TextEncoder],[object TextDecoder],[object Performance],[object Crypto]'`},
		{`[URL.prototype.toJSON.name, URLSearchParams.prototype.delete.length, URL.canParse.name].join()`, `'toJSON,1,canParse'`},
		{`new Crypto()`, `Uncaught TypeError: Crypto objects are not made with new`},
	}.run(t)
}

func TestURLClass(t *testing.T) {
	webTable{
		{`new URL('../b?x=1#y', 'https://u:p@Example.com:8080/a/c').href`, `'https://u:p@example.com:8080/b?x=1#y'`},
		{`const u = new URL('https://u:secret@bücher.example/ä?q=1'); u`, `URL { href: 'https://u:[secure]@xn--bcher-kva.example/%C3%A4?q=1' }`},
		{`[u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash, u.origin].join(' ')`,
			`'https: u secret xn--bcher-kva.example xn--bcher-kva.example  /%C3%A4 ?q=1  https://xn--bcher-kva.example'`},
		{`u.port = 99; u.hash = 'h'; u.password = ''; u.username = ''; String(u)`, `'https://xn--bcher-kva.example:99/%C3%A4?q=1#h'`},
		{`JSON.stringify({u})`, `'{"u":"https://xn--bcher-kva.example:99/%C3%A4?q=1#h"}'`},
		{`u.searchParams === u.searchParams`, `true`},
		{`u.searchParams.append('r', 'a b'); u.href`, `'https://xn--bcher-kva.example:99/%C3%A4?q=1&r=a+b#h'`},
		{`u.search = '?z=%41&z=2'; [...u.searchParams].join(' ')`, `'z,A z,2'`},
		{`u.search`, `'?z=%41&z=2'`},
		{`u.searchParams.delete('z'); u.href`, `'https://xn--bcher-kva.example:99/%C3%A4#h'`},
		{`const p = u.searchParams; u.href = 'http://0x7f.1/?k=v'; [u.href, p.get('k')].join(' ')`, `'http://127.0.0.1/?k=v v'`},
		{`u.href = 'nope'`, `Uncaught TypeError: Invalid URL 'nope': it has no scheme such as https:, and there is no base URL that it could be relative to`},
		{`'use strict'; try { u.origin = 'x' } catch {}; u.origin`, `'http://127.0.0.1'`},
		{`u.port = 'x'; u.protocol = '1'; u.host = ''; u.href`, `'http://127.0.0.1/?k=v'`},
		{`new URL('http://[::1')`, `Uncaught TypeError: Invalid URL 'http://[::1': its IPv6 address has no closing ]`},
		{`new URL('http://a b/')`, `Uncaught TypeError: Invalid URL 'http://a b/': its host has the character ' ', which no host may have`},
		{`new URL('http://a:99999/')`, `Uncaught TypeError: Invalid URL 'http://a:99999/': its port is not a number from 0 to 65535`},
		{`new URL('x', 'y')`, `Uncaught TypeError: Invalid URL 'x': the base 'y' is no URL: it has no scheme such as https:, and there is no base URL that it could be relative to`},
		{`new URL('x', 'mailto:a')`, `Uncaught TypeError: Invalid URL 'x': it has no scheme, and nothing but a fragment can be relative to a mailto: URL`},
		{`new URL()`, `Uncaught TypeError: URL needs an argument`},
		{`new URL(Symbol('s'))`, `Uncaught TypeError: a symbol is no string: Symbol(s)`},
		{`new URL({toString() { return 'https://a/' }}).href`, `'https://a/'`},
		{`new URL('/p', new URL('https://a/b')).href`, `'https://a/p'`},
		{`[URL.canParse('x'), URL.canParse('x', 'https://a/'), URL.parse('x'), URL.parse('x', 'https://a/').href].join()`, `'false,true,,https://a/x'`},
		{`[new URL('blob:https://a.example/1').origin, new URL('blob:x').origin, new URL('file:///a').origin, new URL('data:x').origin].join()`, `'https://a.example,null,null,null'`},
		{`String(new httpx.URL(new URL('https://a.example/x')))`, `'https://a.example/x'`},
		{`new URL(new httpx.URL('https://a.example/x')).href`, `'https://a.example/x'`},
		{`class Mine extends URL { get short() { return this.host } }; const mine = new Mine('https://a.example/b'); [mine instanceof URL, mine.short].join()`, `'true,a.example'`},
		{`URL.prototype.toString.call({})`, `Uncaught TypeError: URL.toString was called on something that is not a URL`},
	}.run(t)
}

func TestURLSearchParams(t *testing.T) {
	webTable{
		{`const s = x => new URLSearchParams(x).toString()`, ``},
		{`[s(), s('?a=1&b=%20+&&c'), s('??a'), s(null)].join(' ')`, `' a=1&b=++&c= %3Fa= null='`},
		{`[s([['a', 1], ['a', 'é']]), s({x: 1, y: undefined}), s(new Map([['k', 'v']])), s(new URLSearchParams('q=1')), s(function(){})].join(' ')`,
			`'a=1&a=%C3%A9 x=1&y=undefined k=v q=1 '`},
		{`s('a=%ff%e2%82&b=\ud800')`, `'a=%EF%BF%BD%EF%BF%BD&b=%EF%BF%BD'`},
		{`s([['a']])`, `Uncaught TypeError: URLSearchParams takes a string, an object, or [name, value] pairs; [ 'a' ] is no such pair`},
		{`s([['a', 'b', 'c', 'd']])`, `Uncaught TypeError: URLSearchParams takes a string, an object, or [name, value] pairs; [ 'a', 'b', 'c', 'd' ] is no such pair`},
		{`s([1])`, `Uncaught TypeError: URLSearchParams takes a string, an object, or [name, value] pairs; 1 is no such pair`},
		{`s({[Symbol.iterator]: 1})`, `Uncaught TypeError: { [Symbol(Symbol.iterator)]: 1 } has a [Symbol.iterator] that is no function`},
		{`const p = new URLSearchParams('a=1&b=2&a=3'); p`, `URLSearchParams { 'a' => '1', 'b' => '2', 'a' => '3' }`},
		{`new URLSearchParams()`, `URLSearchParams {}`},
		{`[p.get('a'), p.get('z'), p.getAll('a').join('+'), p.has('a'), p.has('a', '2'), p.has('a', 3), p.has('a', undefined), p.size].join()`, `'1,,1+3,true,false,true,true,3'`},
		{`p.set('a', 9); p.set('c', ''); String(p)`, `'a=9&b=2&c='`},
		{`p.append('b', 3); p.delete('b', '2'); String(p)`, `'a=9&c=&b=3'`},
		{`p.delete('a'); [...p.keys(), ...p.values()].join()`, `'c,b,,3'`},
		{`p.append('a')`, `Uncaught TypeError: URLSearchParams.append needs 2 arguments; it was given 1`},
		{`let seen = []; p.forEach(function (value, name, all) { seen.push(name + value + (all === p) + this.x) }, {x: 1}); seen.join()`, `'ctrue1,b3true1'`},
		{`p.forEach(1)`, `Uncaught TypeError: URLSearchParams.forEach takes a function to call, not 1`},
		{`p.forEach(() => { throw new RangeError('mine') })`, `Uncaught RangeError: mine`},
		{`const sorted = new URLSearchParams('z=1&\u{1F308}=2&\uFB03=3&a=4&z=0&aa=5'); sorted.sort(); [...sorted.keys()].map(k => k.codePointAt(0).toString(16)).join()`, `'61,61,7a,7a,1f308,fb03'`},
		{`sorted.getAll('z').join()`, `'1,0'`},
		{`const live = new URLSearchParams('a=1&b=2&c=3'); const names = []; for (const [k] of live) { names.push(k); live.delete(k) }; names.join()`, `'a,c'`},
		{`const it = live[Symbol.iterator](); [it.next().value.join('='), it.next().done, it[Symbol.iterator]() === it, Object.prototype.toString.call(it)].join()`,
			`'b=2,true,true,[object URLSearchParams Iterator]'`},
		{`URLSearchParams.prototype[Symbol.iterator] === URLSearchParams.prototype.entries`, `true`},
		{`new URLSearchParams("it's=\n")`, `URLSearchParams { "it's" => "\n" }`},
		{`s(new httpx.QueryParams({a: [1, 2]}))`, `'a=1&a=2'`},
	}.run(t)
}

func TestTextEncoder(t *testing.T) {
	webTable{
		{`const e = new TextEncoder(); [e.encoding, e.encode('é€\u{1F600}\ud800').join(), e.encode().length, e.encode(undefined).length].join(' ')`,
			`'utf-8 195,169,226,130,172,240,159,152,128,239,191,189 0 0'`},
		{`const b = new Uint8Array(6); const r = e.encodeInto('aé\u{1F600}z', b.subarray(1)); [r.read, r.written, b.join()].join(' ')`, `'2 3 0,97,195,169,0,0'`},
		{`const r2 = e.encodeInto('\u{1F600}', new Uint8Array(4)); [r2.read, r2.written].join()`, `'2,4'`},
		{`e.encodeInto('a', [])`, `Uncaught TypeError: TextEncoder.encodeInto writes into a Uint8Array, not []`},
		{`e.encodeInto('a', new Uint16Array(1))`, `Uncaught TypeError: TextEncoder.encodeInto writes into a Uint8Array, not Uint16Array(1) [ 0 ]`},
	}.run(t)
}

func TestTextDecoder(t *testing.T) {
	webTable{
		{`const d = (label, bytes, o) => new TextDecoder(label, o).decode(new Uint8Array(bytes))`, ``},
		{`[' UTF8 ', 'latin1', 'ascii', 'utf-16', 'utf-16BE', 'sjis', 'GBK', 'x-user-defined', 'iso-8859-8-i'].map(l => new TextDecoder(l).encoding).join()`,
			`'utf-8,windows-1252,windows-1252,utf-16le,utf-16be,shift_jis,gbk,x-user-defined,iso-8859-8-i'`},
		{`new TextDecoder('no-such')`, `Uncaught RangeError: TextDecoder knows no encoding named 'no-such'`},
		{`new TextDecoder('replacement')`, `Uncaught RangeError: TextDecoder knows no encoding named 'replacement'`},
		{`['utf-8\u00a0', '\u212Aoi8', 'utf-8\v', ''].map(l => { try { new TextDecoder(l) } catch (e) { return e.name } }).join()`, `'RangeError,RangeError,RangeError,RangeError'`},
		{`d('utf-8', [0xEF, 0xBB, 0xBF, 0x61])`, `'a'`},
		{`d('utf-8', [0xEF, 0xBB, 0xBF, 0x61], {ignoreBOM: true}).length`, `2`},
		{`d('utf-8', [0x61, 0xE2, 0x82, 0x62, 0xF0, 0x9F, 0xED, 0xA0, 0x80, 0xC0, 0x80]).replaceAll('\ufffd', '?')`, `'a?b??????'`},
		{`d('utf-8', [0xE2, 0x82], {fatal: true})`, `Uncaught TypeError: the bytes are not valid utf-8`},
		{`d('utf-8', [0xEF, 0xBF, 0xBD], {fatal: true}).length`, `1`},
		{`d('utf-16le', [0xFF, 0xFE, 0x61, 0, 0x3D, 0xD8, 0, 0xDE])`, `'a😀'`},
		{`d('utf-16be', [0xD8, 0x3D, 0, 0x61, 0]).replaceAll('\ufffd', '?')`, `'?a?'`},
		{`d('utf-16le', [0x3D, 0xD8, 0x61]).length`, `1`},
		{`[...d('windows-1252', [0x80, 0x81]), ...d('windows-874', [0x81, 0xA1])].map(c => c.codePointAt(0).toString(16)).join()`, `'20ac,81,81,e01'`},
		{`d('shift_jis', [0x82, 0xA0, 0x61])`, `'あa'`},
		{`d('windows-1253', [0xAA], {fatal: true})`, `Uncaught TypeError: the bytes are not valid windows-1253`},
		{`const s = new TextDecoder(); [0xEF, 0xBB, 0xBF, 0xF0, 0x9F, 0x98, 0x80].map(b => s.decode(new Uint8Array([b]), {stream: true})).join('') + s.decode()`, `'😀'`},
		{`s.decode(new Uint8Array([0xE2]), {stream: true}) + s.decode()`, `'�'`},
		{`const j = new TextDecoder('euc-jp'); [0xA4, 0xA2].map(b => j.decode(new Uint8Array([b]), {stream: true})).join('') + j.decode()`, `'あ'`},
		{`const w = new TextDecoder('utf-16le'); [0x3D, 0xD8, 0, 0xDE].map(b => w.decode(new Uint8Array([b]), {stream: true})).join('') + w.decode()`, `'😀'`},
		{`const f = new TextDecoder('utf-8', {fatal: true}); try { f.decode(new Uint8Array([0xE2, 0x28]), {stream: true}) } catch {}; f.decode(new Uint8Array([0x61]))`, `'a'`},
		{`new TextDecoder().decode(new DataView(new Uint8Array([97, 98, 99]).buffer, 1, 1)) + new TextDecoder().decode(new Uint8Array([100]).buffer) + new TextDecoder().decode()`, `'bd'`},
		{`new TextDecoder().decode('a')`, `Uncaught TypeError: TextDecoder.decode takes an ArrayBuffer, a typed array or a DataView, not 'a'`},
	}.run(t)
}

func TestBase64(t *testing.T) {
	webTable{
		{`[btoa(''), btoa('a\xff'), btoa(null), btoa(12), atob(' Yf8 = ').charCodeAt(1), atob('YQ'), atob('YR=='), atob('')].join()`, `',Yf8=,bnVsbA==,MTI=,255,a,a,'`},
		{`btoa('€')`, `Uncaught DOMException [InvalidCharacterError]: btoa takes characters up to U+00FF, one for each byte; encode other text first: btoa(String.fromCharCode(...new TextEncoder().encode(text)))`},
		{`btoa(String.fromCharCode(...new TextEncoder().encode('€')))`, `'4oKs'`},
		{`atob('a')`, `Uncaught DOMException [InvalidCharacterError]: atob takes base64 text, not 'a'`},
		{`['YQ=', 'YQ===', 'Y=Q=', 'Y-_Q', '='].map(x => { try { atob(x); return 'no error' } catch (e) { return e.code } }).join()`, `'5,5,5,5,5'`},
		{`atob()`, `Uncaught TypeError: atob needs an argument`},
	}.run(t)
}

func TestDOMException(t *testing.T) {
	webTable{
		{`const e = new DOMException('m', 'AbortError'); [e instanceof Error, e instanceof DOMException, e.name, e.message, e.code, String(e), Object.prototype.toString.call(e)].join()`,
			`'true,true,AbortError,m,20,AbortError: m,[object DOMException]'`},
		{`[new DOMException().name, new DOMException('x', 'Other').code, new DOMException('x', {name: 'DataCloneError', cause: 7}).cause].join()`, `'Error,0,7'`},
		{`[DOMException.INDEX_SIZE_ERR, DOMException.prototype.DATA_CLONE_ERR, DOMException.URL_MISMATCH_ERR, DOMException.INUSE_ATTRIBUTE_ERR].join()`, `'1,25,21,10'`},
		{`e`, `[DOMException [AbortError]: m]`},
	}.run(t)
}

func TestPerformanceAndCrypto(t *testing.T) {
	webTable{
		{`performance.timeOrigin`, `1700000000123`},
		{`performance.now()`, `1500.25`},
		{`Date.now() - performance.timeOrigin - Math.floor(performance.now())`, `0`},
		{`JSON.stringify(performance)`, `'{"timeOrigin":1700000000123}'`},
		{`/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())`, `true`},
		{`crypto.randomUUID() !== crypto.randomUUID()`, `true`},
		{`const b = new Uint8Array(8); const whole = new Uint8Array(b.buffer); crypto.getRandomValues(b.subarray(2, 6)); [whole[0], whole[1], whole[6], whole[7], whole.subarray(2, 6).some(x => x > 0)].join()`, `'0,0,0,0,true'`},
		{`const big = new BigUint64Array(1); [crypto.getRandomValues(big) === big, big[0] > 0n].join()`, `'true,true'`},
		{`crypto.getRandomValues(new Float32Array(1))`, `Uncaught DOMException [TypeMismatchError]: crypto.getRandomValues fills a typed array of integers, not a Float32Array`},
		{`crypto.getRandomValues(new DataView(new ArrayBuffer(1)))`, `Uncaught DOMException [TypeMismatchError]: crypto.getRandomValues fills a typed array of integers, not a DataView`},
		{`crypto.getRandomValues(new Uint8Array(65537))`, `Uncaught DOMException [QuotaExceededError]: crypto.getRandomValues fills at most 65536 bytes at once, not 65537`},
		{`crypto.getRandomValues([1])`, `Uncaught TypeError: crypto.getRandomValues fills a typed array of integers, not [ 1 ]`},
	}.run(t)
}

func TestRandomnessRepeatsWithTheSeed(t *testing.T) {
	first, second := webSession(t)(`crypto.randomUUID()`), webSession(t)(`crypto.randomUUID()`)
	if first != second {
		t.Errorf("two sessions of one seed gave %s and %s", first, second)
	}
}
