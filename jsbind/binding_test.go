package jsbind_test

import (
	"strings"
	"testing"

	"httpx-repl/jsbind/jsbindtest"
)

// TestBinding shows what scripts see of every class. A want that ends with … is a beginning. Each row is a cell of one
// session.
func TestBinding(t *testing.T) {
	for _, group := range []struct {
		name string
		rows [][2]string
	}{
		{"Headers", [][2]string{
			{`const h = new httpx.Headers({'Content-Type': 'text/plain', 'X-A': '1'}); h`, `Headers({'content-type': 'text/plain', 'x-a': '1'})`},
			{`[h['content-type'], h['CONTENT-TYPE'], h.get('x-a'), h.get('none'), h.get('none', 'd')]`, `[ 'text/plain', 'text/plain', '1', undefined, 'd' ]`},
			{`h['x-b'] = '2'; ['x-b' in h, 'X-B' in h, h.has('x-c'), h.size]`, `[ true, true, false, 3 ]`},
			{`delete h['x-b']; [...h.keys()].join() + h.size`, `'content-type,x-a2'`},
			{`const m = new httpx.Headers([['A', '1'], ['a', '2, 3']]); [m.a, m.getList('a'), m.get_list('a', {splitCommas: true}), m.get_list('a', {split_commas: true}).length]`, `[ '1, 2, 3', [ '1', '2, 3' ], [ '1', '2', '3' ], 3 ]`},
			{`m.multiItems().length + m.multi_items().length`, `4`},
			{`Object.entries(h).length + [...h].length`, `4`},
			{`m.equals(new httpx.Headers([['a', '1'], ['A', '2, 3']]))`, `true`},
			{`h.equals({'X-A': '1', 'content-type': 'text/plain'})`, `true`},
			{`new httpx.Headers({get: 'key'}).get('get')`, `'key'`},
			{`new httpx.Headers({Authorization: 'Basic x'})`, `Headers({'authorization': '[secure]'})`},
			{`h.set('x-a', 1)`, `Uncaught TypeError: Header value must be a string or bytes, not 1 (in x-a)…`},
			{`h.update({'x-a': '9'}); h.copy().equals(h) && h['x-a']`, `'9'`},
			{`h instanceof httpx.Headers && Object.prototype.toString.call(h)`, `'[object Headers]'`},
			{`const {get} = h; get('x-a')`, `'9'`},
			{`h.get === h.get`, `true`},
			{`httpx.Headers.prototype.get.call({}, 'a')`, `Uncaught TypeError: Headers.get was called on something that is not a Headers…`},
		}},
		{"QueryParams", [][2]string{
			{`const q = new httpx.QueryParams({a: 1, b: [true, null]}); q`, `QueryParams('a=1&b=true&b=')`},
			{`[String(q), q.a, q.get('b'), q.getList('b'), q.size, 'a' in q]`, `[ 'a=1&b=true&b=', '1', 'true', [ 'true', '' ], 2, true ]`},
			{`[q.set('a', 2), q.add('a', 2), q.remove('b'), q.merge({c: 3})].join(' ')`, `'a=2&b=true&b= a=1&a=2&b=true&b= a=1 a=1&b=true&b=&c=3'`},
			{`q.a = 5`, `Uncaught Error: QueryParams are immutable. Use q = q.set(key, value)…`},
			{`delete q.a`, `Uncaught Error: QueryParams are immutable…`},
			{`new httpx.QueryParams('x=1&x=2').equals([['x', '1'], ['x', '2']])`, `true`},
			{`new httpx.QueryParams({a: {}})`, `Uncaught TypeError: params value is a string, number, boolean or null, not {}…`},
			{`Object.entries(new httpx.QueryParams('a=b%20c'))`, `[ [ 'a', 'b c' ] ]`},
		}},
		{"Cookies", [][2]string{
			{`const jar = new httpx.Cookies({a: '1'}); jar.set('b', 2, {domain: 'example.org', path: '/x'}); jar.size ?? Object.keys(jar).length`, `2`},
			{`[jar.a, jar.get('b', null, {domain: 'example.org'}), jar.get('b', null, {domain: 'other.org'}), jar.get('no', 'd')]`, `[ '1', '2', null, 'd' ]`},
			{`jar.set('a', 'two', {domain: 'example.org'}); jar.a`, `Uncaught CookieConflict: …`},
			{`jar.clear({domain: 'example.org'}); Object.entries(jar)`, `[ [ 'a', '1' ] ]`},
			{`jar.delete('a', {domian: 'x'})`, `Uncaught TypeError: cookies.delete has no option "domian"; did you mean "domain"?…`},
			{`delete jar.a; Object.keys(jar).length`, `0`},
			{`jar.update({z: 1}); jar.equals({z: '1'})`, `true`},
		}},
		{"URL", [][2]string{
			{`const u = new httpx.URL('https://user:pw@example.org:8443/a%20b?x=1&x=2#f'); u`, `URL('https://user:[secure]@example.org:8443/a%20b?x=1&x=2#f')`},
			{`[u.scheme, u.host, u.port, u.path, u.rawPath, u.raw_path, u.query, u.fragment, u.username, u.password]`, "[\n  'https',\n  'example.org',\n  8443,\n  '/a b',…"},
			{`String(u.copyWith({host: 'h.test', port: null, query: null, fragment: null, userinfo: ''}))`, `'https://h.test/a%20b'`},
			{`String(u.copy_with({raw_path: '/z?y=1', fragment: null, userinfo: ''}))`, `'https://example.org:8443/z?y=1'`},
			{`String(new httpx.URL('https://h/a/b').join('../c'))`, `'https://h/c'`},
			{`[u.params.getList('x'), u.isAbsoluteUrl, u.is_relative_url]`, `[ [ '1', '2' ], true, false ]`},
			{`String(new httpx.URL('http://h/').copySetParam('a', 'b c'))`, `'http://h/?a=b+c'`},
			{`new httpx.URL('HTTP://H:80/').equals('http://h/')`, `true`},
			{`new httpx.URL('http://h:99999/')`, `Uncaught InvalidURL: …`},
			{`new httpx.URL('http://h/', {hots: 'x'})`, `Uncaught TypeError: URL has no option "hots"; did you mean "host"?…`},
			{`JSON.stringify({u: new httpx.URL('http://h/')})`, `'{"u":"http://h/"}'`},
			{`u.host = 'x'`, `Uncaught TypeError: URL.host cannot be assigned…`},
		}},
		{"Timeout and Limits", [][2]string{
			{`new httpx.Timeout(5)`, `Timeout(timeout=5.0)`},
			{`const to = new httpx.Timeout(10, {connect: 60, read: null}); [to.connect, to.read, to.write, to.pool, to.total]`, `[ 60, null, 10, 10, null ]`},
			{`new httpx.Timeout(null).equals(new httpx.Timeout({connect: null, read: null, write: null, pool: null}))`, `true`},
			{`new httpx.Timeout({connect: 1})`, `Uncaught RangeError: httpx.Timeout must either include a default, or set all four parameters explicitly.…`},
			{`new httpx.Timeout('5')`, `Uncaught TypeError: httpx.Timeout takes its options as one object…`},
			{`new httpx.Timeout(-1)`, `Uncaught TypeError: a timeout is a number of seconds, not -1…`},
			{`new httpx.Timeout(1, {conect: 1})`, `Uncaught TypeError: httpx.Timeout has no option "conect"; did you mean "connect"?…`},
			{`const l = new httpx.Limits({max_connections: 5}); [l.maxConnections, l.max_keepalive_connections, l.keepaliveExpiry]`, `[ 5, null, 5 ]`},
			{`new httpx.Limits({maxConnections: -1})`, `Uncaught RangeError: maxConnections is a number from 0, or null for no limit…`},
		}},
		{"Request", [][2]string{
			{`const q = new httpx.Request('post', 'http://h/p?a=1', {json: {b: null}}); q`, `<Request('POST', 'http://h/p?a=1')>`},
			{`[q.method, q.headers['content-type'], q.headers['content-length'], new TextDecoder().decode(q.content)]`, `[ 'POST', 'application/json', '10', '{"b":null}' ]`},
			{`(await q.aread()).length`, `10`},
			{`new httpx.Request('GET', 'http://h/', {jsno: 1})`, `Uncaught TypeError: httpx.Request has no option "jsno"; did you mean "json"?…`},
			{`new httpx.Request('GET', 'http://h/', {json: 1, content: 'x'})`, `Uncaught TypeError: a request has one body, but both "content" and "json" were given…`},
			{`new httpx.Request('GET', 'http://h/', {content: [1]})`, `Uncaught Error: Attempted to send a sync request with an AsyncClient instance…`},
			{`new httpx.Request('GET', 'http://h/', {content: 5})`, `Uncaught TypeError: content is a string, bytes or an async iterable of them, not 5…`},
			{`new httpx.Request('GET', 'http://h/', {content: (async function* () {})()}).content`, `Uncaught RequestNotRead: …`},
			{`new httpx.Request('GET', 5)`, `Uncaught TypeError: a URL is a string or a URL object, not 5…`},
			{`new TextDecoder().decode(new httpx.Request('POST', 'http://h/', {data: {a: 'b c', n: [1, 2]}}).content)`, `'a=b+c&n=1&n=2'`},
			{`new httpx.Request('POST', 'http://h/', {files: {f: (async function* () {})()}})`, `Uncaught TypeError: a file's content is a string or bytes…`},
			{`new httpx.Request('GET', 'http://h/', {extensions: {timout: 1}})`, `Uncaught TypeError: there is no request extension "timout"; did you mean "timeout"?…`},
			{`JSON.stringify(new httpx.Request('GET', 'http://h/', {extensions: {target: '/x'}}).extensions) !== undefined`, `true`},
		}},
		{"Response", [][2]string{
			{`const r = new httpx.Response(404, {json: {a: 1}, headers: {'X-B': 'c'}}); r`, `<Response [404 Not Found]>`},
			{`[r.statusCode, r.status_code, r.reasonPhrase, r.isError, r.is_client_error, r.isSuccess, r.text, r.json().a, r.headers['x-b']]`, `[ 404, 404, 'Not Found', true, true, false, '{"a":1}', 1, 'c' ]`},
			{`[r.isClosed, r.isStreamConsumed, r.encoding, r.charsetEncoding, r.httpVersion, r.history.length, r.nextRequest]`, "[ true, true, 'utf-8', null, 'HTTP/1.1', 0, null ]"},
			{`r.content === r.content && r.content instanceof Uint8Array`, `true`},
			{`r.url`, `Uncaught Error: The request instance has not been set on this response.…`},
			{`r.elapsed`, `Uncaught Error: …`},
			{`r.raiseForStatus()`, `Uncaught Error: …`},
			{`r.request = new httpx.Request('GET', 'http://h/'); try { r.raise_for_status() } catch (e) { [e instanceof httpx.HTTPStatusError, e.response === r || e.response.statusCode, e.request.method, e.message] }`, "[\n  true,\n  404,\n  'GET',…"},
			{`new httpx.Response(200, {html: '<p>'}).headers['content-type']`, `'text/html; charset=utf-8'`},
			{`new httpx.Response(200, {text: 'é'}).content.length`, `2`},
			{`new httpx.Response(200, {content: new Uint8Array([0xFF])}).json()`, `Uncaught RangeError: the body is not valid UTF-8, so it cannot be read as JSON…`},
			{`new httpx.Response(200, {content: '{'}).json()`, `Uncaught SyntaxError: …`},
			{`new httpx.Response(200, {content: '[1]'}).json((k, v) => k === '0' ? v + 1 : v)`, `[ 2 ]`},
			{`const l = []; for await (const b of new httpx.Response(200, {content: 'abcdef'}).aiterBytes({chunkSize: 4})) l.push(b.length); for await (const b of new httpx.Response(200, {content: 'abcdef'}).aiter_bytes({chunk_size: 5})) l.push(b.length); l`, `[ 4, 2, 5, 1 ]`},
			{`const n = []; for await (const s of new httpx.Response(200, {content: 'a\r\nb\rc\n'}).aiterLines()) n.push(s); n`, `[ 'a', 'b', 'c' ]`},
			{`new httpx.Response(200, {content: 'x'}).aiterBytes({chunkSize: 0})`, `Uncaught RangeError: chunkSize is above 0…`},
			{`new httpx.Response('200')`, `Uncaught TypeError: the status code is a whole number, not '200'…`},
			{`r.text = 1`, `Uncaught TypeError: Response.text cannot be assigned…`},
			{`r.mine = 1; [r.mine, Object.keys(r)]`, `[ 1, [ 'mine' ] ]`},
			{`const lr = new httpx.Response(200, {headers: {Link: '<http://h/2>; rel="next"'}}); lr.links.next.url`, `'http://h/2'`},
		}},
		{"auth", [][2]string{
			{`new httpx.BasicAuth('u', 'p')`, `BasicAuth([secure])`},
			{`[new httpx.DigestAuth('u', 'p') instanceof httpx.Auth, new httpx.NetRCAuth({text: ''}) instanceof httpx.Auth]`, `[ true, true ]`},
			{`const echo = new httpx.AsyncClient({transport: new httpx.MockTransport(r => new httpx.Response(200, {json: r.headers.get('authorization', null)}))}); (await echo.get('http://h/', {auth: ['u', 'p']})).json()`, `'Basic dTpw'`},
			{`(await echo.get('http://u:p@h/')).json()`, `'Basic dTpw'`},
			{`(await echo.get('http://u:p@h/', {auth: null})).json()`, `'Basic dTpw'`},
			{`echo.auth = new httpx.BasicAuth('a', 'b'); (await echo.get('http://h/')).json()`, `'Basic YTpi'`},
			{`(await echo.get('http://h/', {auth: null})).json()`, `null`},
			{`(await echo.get('http://h/', {auth: async r => { await 0; r.headers['Authorization'] = 'mine'; return r }})).json()`, `'mine'`},
			{`await echo.get('http://h/', {auth: r => 5}).catch(e => e.message)`, `'an auth function returns the request to send, not 5'`},
			{`await echo.get('http://h/', {auth: () => { throw new RangeError('in auth') }}).catch(e => e.name + e.message)`, `'RangeErrorin auth'`},
			{`echo.get('http://h/', {auth: 5})`, `Uncaught TypeError: Invalid "auth" argument: 5…`},
			{`new httpx.BasicAuth('u')`, `Uncaught TypeError: the password is a string, not undefined…`},
		}},
		{"MockTransport, mounts, hooks", [][2]string{
			{`const mock = f => new httpx.AsyncClient({transport: new httpx.MockTransport(f)}); (await mock(r => new httpx.Response(201, {text: r.method + r.url.path})).post('http://h/x')).text`, `'POST/x'`},
			{`(await mock(async r => { await new Promise(r => setTimeout(r, 1)); return new httpx.Response(200, {json: new TextDecoder().decode(await r.aread())}) }).post('http://h/', {content: 'in'})).json()`, `'in'`},
			{`await mock(() => 1).get('http://h/').catch(e => e.message)`, `'the handler of a MockTransport returns a httpx.Response, not 1'`},
			{`await mock(() => { throw new httpx.ConnectTimeout('slow') }).get('http://h/').catch(e => [e.name, e instanceof httpx.TimeoutException])`, `[ 'ConnectTimeout', true ]`},
			{`await mock(() => Promise.reject(new Error('no'))).get('http://h/').catch(e => e.message)`, `'no'`},
			{`new httpx.MockTransport(5)`, `Uncaught TypeError: MockTransport takes a function from a Request to a Response, not 5…`},
			{`const mounted = new httpx.AsyncClient({transport: new httpx.MockTransport(() => new httpx.Response(200, {text: 'default'})), mounts: {'http://a.test': new httpx.MockTransport(() => new httpx.Response(200, {text: 'a'})), 'all://*.b.test': new httpx.MockTransport(() => new httpx.Response(200, {text: 'b'}))}}); (await Promise.all(['http://a.test/', 'https://x.b.test/', 'http://c.test/'].map(async u => (await mounted.get(u)).text))).join()`, `'a,b,default'`},
			{`new httpx.AsyncClient({mounts: {'http://x': 5}})`, `Uncaught TypeError: a transport is a httpx.AsyncHTTPTransport or httpx.MockTransport, not 5…`},
			{`const log = []; const hooked = new httpx.AsyncClient({transport: new httpx.MockTransport(r => new httpx.Response(r.url.path === '/' ? 302 : 200, {headers: {Location: '/next'}})), followRedirects: true, event_hooks: {request: [r => { log.push(r.url.path) }, async r => { await 0; r.headers['x-hook'] = '1' }], response: [async r => { await r.aread(); log.push(r.statusCode) }]}}); const hr = await hooked.get('http://h/'); [log.join(), hr.request.headers['x-hook']]`, `[ '/,302,/next,200', '1' ]`},
			{`hooked.eventHooks = {request: [() => { throw new TypeError('hook') }]}; await hooked.get('http://h/').catch(e => e.message)`, `'hook'`},
			{`hooked.eventHooks = {requests: []}`, `Uncaught TypeError: eventHooks has no option "requests"; did you mean "request"?…`},
			{`hooked.eventHooks = {request: 5}`, `Uncaught TypeError: eventHooks.request is a list of functions, not 5…`},
		}},
		{"client", [][2]string{
			{`client`, `<AsyncClient [open]>`},
			{`client.get('http://h/', {followRedirect: true})`, `Uncaught TypeError: client.get has no option "followRedirect"; did you mean "followRedirects"?…`},
			{`client.get('http://h/', {json: 1})`, `Uncaught TypeError: client.get has no option "json"…`},
			{`client.get()`, `Uncaught TypeError: a URL is a string or a URL object, not undefined…`},
			{`client.get('http://h/', 'x')`, `Uncaught TypeError: client.get takes its options as one object…`},
			{`client.get('http://h/', {timeout: 'x'})`, `Uncaught TypeError: httpx.Timeout takes its options as one object…`},
			{`client.get('http://h/', {followRedirects: 1})`, `Uncaught TypeError: followRedirects is true or false, not 1…`},
			{`client.get('http://h/', {signal: 1})`, `Uncaught TypeError: signal is an AbortSignal…`},
			{`new httpx.AsyncClient({verfy: false})`, `Uncaught TypeError: httpx.AsyncClient has no option "verfy"; did you mean "verify"?…`},
			{`typeof client.gett`, `'undefined'`},
			{`const c = new httpx.AsyncClient({base_url: 'http://h/api', follow_redirects: true, params: {k: 1}, headers: {a: 'b'}, cookies: {c: 'd'}}); [String(c.baseUrl), c.followRedirects, c.follow_redirects, String(c.params), c.headers.a, c.cookies.c, c.maxRedirects]`, `[ 'http://h/api/', true, true, 'k=1', 'b', 'd', 20 ]`},
			{`String(c.buildRequest('GET', '/x', {params: {q: 2}}).url)`, `'http://h/api/x?k=1&q=2'`},
			{`c.timeout = 3; c.timeout.read`, `3`},
			{`c.headers = {z: '1'}; c.headers.z`, `'1'`},
			{`{ await using d = new httpx.AsyncClient(); globalThis.d = d } d.isClosed`, `true`},
			{`await d.get('http://h/').catch(e => e.message)`, `'Cannot send a request, as the client has been closed.'`},
			{`client.get.name + client.get.length`, `'get2'`},
			{`const {get} = c; typeof get`, `'function'`},
			{`'aiterBytes' in httpx.Response.prototype && 'aiter_bytes' in httpx.Response.prototype`, `true`},
			{`httpx.AsyncClient({}) instanceof httpx.AsyncClient`, `true`},
			{`class Mine extends httpx.AsyncClient { twice() { return 2 } } const mine = new Mine(); [mine instanceof httpx.AsyncClient, mine.twice(), mine.isClosed]`, `[ true, 2, false ]`},
		}},
		{"codes", [][2]string{
			{`[httpx.codes.NOT_FOUND, httpx.codes.getReasonPhrase(404), httpx.codes.get_reason_phrase(999), httpx.codes.isError(500), httpx.codes.is_success(204)]`, `[ 404, 'Not Found', '', true, true ]`},
			{`httpx.codes.OK = 1; httpx.codes.OK`, `200`},
		}},
		{"errors", [][2]string{
			{`const e = new httpx.ConnectTimeout('slow', {request: new httpx.Request('GET', 'http://h/')}); [e instanceof Error, e instanceof httpx.TimeoutException, e instanceof httpx.TransportError, e instanceof httpx.RequestError, e instanceof httpx.HTTPError, e instanceof httpx.NetworkError]`, `[ true, true, true, true, true, false ]`},
			{`[e.name, e.message, e.request.method, String(e)]`, `[ 'ConnectTimeout', 'slow', 'GET', 'ConnectTimeout: slow' ]`},
			{`new httpx.ReadError('x').request`, `Uncaught Error: The .request property has not been set.…`},
			{`[httpx.StreamConsumed, httpx.InvalidURL, httpx.CookieConflict, httpx.TooManyRedirects, httpx.DecodingError, httpx.ResponseTooLarge].map(c => Object.getPrototypeOf(c).name).join()`, `'StreamError,Error,Error,RequestError,RequestError,RequestError'`},
			{`new httpx.ReadError('x', {cause: new Error('below')}).cause.message`, `'below'`},
			{`throw e`, `Uncaught ConnectTimeout: slow…`},
			{`_error === e`, `true`},
			{`class Own extends httpx.ReadError {} const own = new Own('o'); [own instanceof httpx.ReadError, own.message]`, `[ true, 'o' ]`},
		}},
		{"pollution", [][2]string{
			{`for (const k of ['timeout', 'headers', 'verify', 'followRedirects', 'auth', 'content', 'json', 'params', 'signal', 'chunkSize', 'connect', 'stream', 'proxy', 'mounts', 'transport', 'then']) Object.prototype[k] = 'polluted'; 0`, `0`},
			{`const c = new httpx.AsyncClient({transport: new httpx.MockTransport(r => new httpx.Response(200, {text: r.method + r.headers.size}))}); const n = (await c.get('http://h/', {})).text; const p = (await c.post('http://h/', {content: 'x'})).text; for (const k of Object.keys(Object.prototype)) delete Object.prototype[k]; [n, p]`, `[ 'GET5', 'POST6' ]`},
			{`Promise.prototype.then = function () { throw new Error('hijacked') }; Array.prototype[Symbol.iterator] = null; delete Object.keys; delete JSON.stringify; (await c.post('http://h/', {json: [1]})).text`, `'POST7'`},
		}},
		{"last values", [][2]string{
			{`5`, `5`},
			{`_ + 1`, `6`},
			{`[_1, _2]`, `[ 5, 6 ]`},
			{`undefined`, ``},
			{`_3.length`, `2`},
			{`throw new Error('kept')`, `Uncaught Error: kept…`},
			{`_error.message`, `'kept'`},
			{`let _ = 'mine'`, ``},
			{`8`, `8`},
			{`_`, `'mine'`},
			{`throw undefined`, `Uncaught undefined…`},
			{`await Promise.reject()`, `Uncaught undefined…`},
		}},
		{"forgotten await", [][2]string{
			{`client.get(lab.url + '/delay/0.05')`, "Promise { <pending> }\nnote: still pending: did you mean `await client.get(…)`?"},
			{`(await _1).statusCode`, `200`},
			{`const p = client.get('http://127.0.0.1:1/x'); p.catch(() => 0); 1`, `1`},
			{`new Promise(() => {})`, `Promise { <pending> }`},
		}},
	} {
		t.Run(group.name, func(t *testing.T) {
			s := jsbindtest.New(t, jsbindtest.Options{})
			for _, row := range group.rows {
				got := s.Run(row[0])
				beginning, open := strings.CutSuffix(row[1], "…")
				if got != row[1] && !(open && strings.HasPrefix(got, beginning)) {
					t.Errorf("%s\n  gave %s\n  want %s", row[0], got, row[1])
				}
			}
		})
	}
}

// TestUnhandled checks that an error nobody handles is told once, with the cell that caused it.
func TestUnhandled(t *testing.T) {
	for _, c := range []struct{ js, printed string }{
		{`Promise.reject(new Error('a')); 0`, "c1: Uncaught (in promise) Error: a"},
		{`const p = Promise.reject(new Error('a')); p.catch(() => 0); 0`, ""},
		{`const p = Promise.reject(new Error('a')); await 0; p.catch(() => 0); 0`, ""},
		{`setTimeout(() => { throw new Error('b') }, 1); 0`, "c1: Uncaught Error: b"},
		{`setTimeout(async () => { throw new Error('c') }, 1); 0`, "c1: Uncaught (in promise) Error: c"},
		{`queueMicrotask(() => { throw new Error('d') }); 0`, "c1: Uncaught Error: d"},
		{`(async () => { await client.get('http://127.0.0.1:1/') })(); 0`, "c1: Uncaught (in promise) ConnectError: Cannot connect to http://127.0.0.1:1/: connection refused."},
		{`new AbortController().signal.addEventListener('abort', () => { throw new Error('e') }); 0`, ""},
		{`const ac = new AbortController(); ac.signal.addEventListener('abort', () => { throw new Error('f') }); ac.abort(); 0`, "c1: Uncaught Error: f"},
		{`throw new Error('told as the result')`, ""},
	} {
		s := jsbindtest.New(t, jsbindtest.Options{})
		var lines []string
		s.OnEveryOutput(func(cell, text string) {
			first, _, _ := strings.Cut(text, "\n")
			lines = append(lines, cell+": "+first)
		})
		s.Run(c.js)
		s.Run(`await new Promise(r => setTimeout(r, 5))`)
		s.Drain()
		if got := strings.Join(lines, "\n"); got != c.printed {
			t.Errorf("%s\n  printed %q\n  want    %q", c.js, got, c.printed)
		}
		if failed := s.Failed(); failed != (c.printed != "") {
			t.Errorf("%s: failed is %t", c.js, failed)
		}
	}
}

// TestDisposal checks what a top-level using keeps until the session's end, last first.
func TestDisposal(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	var order []string
	s.OnEveryPrint(func(text string) { order = append(order, text) })
	s.Run(`const resource = name => ({[Symbol.dispose]() { print('dispose ' + name) }, async [Symbol.asyncDispose]() { await new Promise(r => setTimeout(r, 1)); print('async ' + name) }})`)
	s.Run(`using a = resource('a')`)
	s.Run(`await using b = resource('b')`)
	s.Run(`await using m = new httpx.AsyncClient()`)
	s.Run(`{ using inner = resource('inner') } print('after the block')`)
	s.Close(5e9)
	if got := strings.Join(order, ", "); got != "dispose inner, after the block, async b, dispose a" {
		t.Error(got)
	}
}
