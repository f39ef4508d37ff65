package jsbind_test

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"httpx-repl/engine/lab"
	"httpx-repl/jsbind/jsbindtest"
)

// TestNetwork runs snippets against the lab. One session serves them all: cookies and the pool last from cell to cell.
func TestNetwork(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	for _, c := range []struct{ js, want string }{
		{`const at = p => lab.url + p; lab.httpsUrl.slice(0, 8)`, `'https://'`},
		{`await client.get(at('/get'))`, `<Response [200 OK]>`},
		{`(await client.get(lab.httpsUrl + '/get')).statusCode`, `200`},
		{`(await client.get(at('/redirect/2'))).statusCode`, `302`},
		{`const r = await client.get(at('/redirect/2'), {follow_redirects: true}); [r.statusCode, r.history.length, r.url.path]`, `[ 200, 2, '/get' ]`},
		{`(await client.get(at('/redirect/1'))).nextRequest.url.path`, `'/get'`},
		{`await client.get(at('/redirect/9'), {followRedirects: true}).then(() => 0, e => e.name)`, `0`},
		{`const few = new httpx.AsyncClient({maxRedirects: 2}); await few.get(at('/redirect/3'), {followRedirects: true}).then(() => 0, e => [e.name, e.request.url.path])`, `[ 'TooManyRedirects', '/get' ]`},
		{`await client.get(at('/cookies/set?a=1')); client.cookies.get('a')`, `'1'`},
		{`(await client.get(at('/cookies'))).json().cookies`, `{ a: '1' }`},
		{`(await client.get(at('/basic-auth/u/p'))).statusCode`, `401`},
		{`(await client.get(at('/basic-auth/u/p'), {auth: ['u', 'p']})).json().authenticated`, `true`},
		{`const d = await client.get(at('/digest-auth/auth/u/p/SHA-256'), {auth: new httpx.DigestAuth('u', 'p')}); [d.statusCode, d.history.length]`, `[ 200, 1 ]`},
		{`(await client.get(at('/digest-auth/auth/u/p/MD5'), {auth: new httpx.DigestAuth('u', 'wrong')})).statusCode`, `401`},
		{`(await client.get(at('/bearer'), {auth: r => { r.headers.authorization = 'Bearer x'; return r }})).json().token`, `'x'`},
		{`(await client.get(at('/gzip'))).json().gzipped`, `true`},
		{`(await client.get(at('/deflate'))).json().deflated`, `true`},
		{`(await Promise.all(['br', 'zstd', 'gzip', 'deflate'].map(async c => (await client.get(at('/encoded/' + c))).headers['content-encoding']))).join()`, `'br,zstd,gzip,deflate'`},
		{`(await client.post(at('/anything'), {json: {a: [1, null]}})).json().json`, `{ a: [ 1, null ] }`},
		{`(await client.post(at('/anything'), {data: {a: 'b c', d: ['1', '2']}})).json().form`, `{ a: [ 'b c' ], d: [ '1', '2' ] }`},
		{`(await client.post(at('/anything'), {files: {f: ['n.txt', 'hello', 'text/plain']}, data: {k: 'v'}})).json().files`, `{ f: [ 'hello' ] }`},
		{`(await client.put(at('/anything'), {content: new Uint8Array([104, 105])})).json().data`, `'data:application/octet-stream;base64,aGk='`},
		{`(await client.get(at('/get'), {params: {q: 'a b', n: [1, 2]}})).json().args`, `{ n: [ '1', '2' ], q: [ 'a b' ] }`},
		{`(await client.head(at('/get'))).content.length`, `0`},
		{`(await client.get(at('/status/404'))).raiseForStatus()`, `Uncaught HTTPStatusError: Client error '404 Not Found' for url`},
		{`await client.get(at('/delay/5'), {timeout: 0.05}).catch(e => [e.name, e instanceof httpx.TimeoutException, e.request.url.path])`, `[ 'ReadTimeout', true, '/delay/5' ]`},
		{`await client.get(at('/delay/5'), {timeout: {connect: 1, read: 1, write: 1, pool: 1, total: 0.05}}).catch(e => e instanceof httpx.TimeoutException)`, `true`},
		{`await client.get('http://127.0.0.1:1/').catch(e => [e.name, e instanceof httpx.TransportError, e instanceof Error, e.cause instanceof Error])`, `[ 'ConnectError', true, true, true ]`},
		{`await client.get('ftp://x/').catch(e => e.name)`, `'UnsupportedProtocol'`},
		{`await client.get(at('/get'), {signal: AbortSignal.abort()}).catch(e => e.name)`, `'AbortError'`},
		{`await client.get(at('/delay/5'), {signal: AbortSignal.timeout(20)}).catch(e => e.name)`, `'TimeoutError'`},
		{`const ac = new AbortController(); setTimeout(() => ac.abort('why'), 10); await client.get(at('/delay/5'), {signal: ac.signal}).catch(e => e)`, `'why'`},
		{`await client.post(at('/anything'), {content: (async function* () { yield 'a'; throw new SyntaxError('mine') })()}).catch(e => [e.name, e.message])`, `[ 'SyntaxError', 'mine' ]`},
		{`await client.post(at('/anything'), {content: (async function* () { yield 1 })()}).catch(e => e.name)`, `'TypeError'`},
		{`await client.post(at('/anything'), {content: {[Symbol.asyncIterator]() { return {next() { return {get done() { throw new RangeError('getter') }} }} }}}).catch(e => e.message)`, `'getter'`},
		{`await client.post(at('/anything'), {content: {[Symbol.asyncIterator]() { return {get next() { throw new RangeError('no next') }} }}}).catch(e => e.message)`, `'no next'`},
		{`let cleaned = 0; await client.post('http://127.0.0.1:1/', {content: (async function* () { try { for (;;) yield 'x' } finally { cleaned++ } })()}).catch(e => e.name)`, `'ConnectError'`},
		{`await 0; cleaned`, `1`},
		{`(await client.post(at('/anything'), {content: (async function* () { yield 'a'; await 0; yield new Uint8Array([98]) })()})).json().data`, `'data:application/octet-stream;base64,YWI='`},
		{`await client.get(at('/drop')).catch(e => e.name)`, ``},
		{`const open = await client.stream('GET', at('/get')); const before = open.isClosed; await open.aclose(); [before, open.isClosed]`, `[ false, true ]`},
		{`await client.stream('GET', at('/get'), async r => { await r.aread(); return r.json().method })`, `'GET'`},
		{`let kept; await client.stream('GET', at('/get'), r => { kept = r; throw new Error('inside') }).catch(e => e.message + kept.isClosed)`, `'insidetrue'`},
		{`{ await using r = await client.stream('GET', at('/get')); kept = r } kept.isClosed`, `true`},
		{`const u = await client.stream('GET', at('/get')); await u.aclose(); await u.aread().catch(e => e.name)`, `'StreamClosed'`},
		{`const w = await client.stream('GET', at('/drip?numbytes=5&duration=10&delay=0')); const p = w.aread().catch(e => e.name); await w.aclose(); await p`, `'StreamClosed'`},
		{`(await client.get(at('/bytes/100000?seed=1'), {maxResponseSize: 1000}).catch(e => e.name))`, `'ResponseTooLarge'`},
		{`(await client.get(at('/trailers?X-A=1'))).trailers['x-a']`, `'1'`},
		{`const c2 = new httpx.AsyncClient({baseUrl: lab.url, headers: {'X-Mine': 'yes'}}); (await c2.get('/headers')).json().headers['X-Mine']`, `[ 'yes' ]`},
		{`await c2.aclose(); await c2.get('/get').catch(e => e.message)`, `'Cannot send a request, as the client has been closed.'`},
	} {
		got := s.Run(c.js)
		if c.want == "" {
			continue
		}
		if first, _, _ := strings.Cut(got, "\n"); got != c.want && !(strings.HasPrefix(c.want, "Uncaught") && strings.HasPrefix(first, c.want)) {
			t.Errorf("%s\n  gave %s\n  want %s", c.js, got, c.want)
		}
	}
}

// TestStreamsAsItArrives holds the server at each piece until the script has printed the one before.
func TestStreamsAsItArrives(t *testing.T) {
	for _, c := range []struct{ js, want string }{
		{`for await (const b of r.aiterBytes()) print(new TextDecoder().decode(b))`, "0\n\n1\n\n2\n"},
		{`for await (const b of r.aiterRaw()) print(new TextDecoder().decode(b))`, "0\n\n1\n\n2\n"},
		{`for await (const b of r.aiter_text()) print(b)`, "0\n\n1\n\n2\n"},
		{`for await (const b of r.aiterLines()) print(b)`, "0\n1\n2"},
	} {
		step := make(chan struct{}, 3)
		step <- struct{}{}
		base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			for _, line := range []string{"0\n", "1\n", "2\n"} {
				select {
				case <-step:
				case <-time.After(5 * time.Second):
					t.Error("the script did not print in time")
				}
				w.Write([]byte(line))
				w.(http.Flusher).Flush()
			}
		})
		s := jsbindtest.New(t, jsbindtest.Options{})
		printed := 0
		s.OnEveryPrint(func(string) { printed++; step <- struct{}{} })
		if got := s.Run(`await client.stream('GET', '` + base + `', async r => { ` + c.js + ` })`); strings.TrimRight(got, "\n") != strings.TrimRight(c.want, "\n") {
			t.Errorf("%s printed %q, want %q", c.js, got, c.want)
		}
	}
}

// TestLeavingALoopCloses checks that the server sees the connection go when a loop over a body is left.
func TestLeavingALoopCloses(t *testing.T) {
	for i, js := range []string{
		`const r = await client.stream('GET', url); for await (const b of r.aiterBytes()) break`,
		`const r = await client.stream('GET', url); try { for await (const b of r.aiterBytes()) throw 1 } catch {}`,
		`await client.stream('GET', url, async r => { for await (const b of r.aiterBytes()) return })`,
		`await client.stream('GET', url, r => 1)`,
		`{ await using r = await client.stream('GET', url) }`,
		`const ac = new AbortController(); const r = await client.stream('GET', url, {signal: ac.signal}); ac.abort()`,
		`const ac = new AbortController(); const r = await client.stream('GET', url, {signal: ac.signal}); setTimeout(() => ac.abort(), 5); try { for await (const b of r.aiterBytes()); } catch {}`,
		`await client.get(url, {timeout: {connect: 1, read: 1, write: 1, pool: 1, total: 0.05}}).catch(() => 0)`,
	} {
		s := jsbindtest.New(t, jsbindtest.Options{})
		got := s.Run(`const url = lab.url + '/drip?numbytes=100&duration=50&delay=0'; ` + js)
		if strings.Contains(got, "Uncaught") {
			t.Errorf("%d: %s", i, got)
		}
		waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.InFlight == 0 && st.Requests == 1 && st.ConnectionsActive == 0 })
		if got := s.Run(`(await client.get(lab.url + '/get')).statusCode`); got != "200" {
			t.Errorf("%d: %s", i, got)
		}
	}
}

// TestCancelEndsStreamsUnderASignal checks that Ctrl-C in one cell leaves another cell's stream alone and ends its own.
func TestCancelEndsStreamsUnderASignal(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`const url = lab.url + '/drip?numbytes=100&duration=50&delay=0'; const mine = await client.stream('GET', url)`)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.OnPrint("ready", cancel)
	s.Run(`lab.url`)
	s.Eval(ctx, `globalThis.theirs = await client.stream('GET', url, {signal: new AbortController().signal}); print('ready'); await new Promise(() => {})`)
	s.Printed()
	waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.InFlight == 1 })
	if got := s.Run(`mine.isClosed`); got != "false" {
		t.Error(got)
	}
	if got := s.Run(`for await (const b of mine.aiterBytes()) break; mine.isClosed`); got != "true" {
		t.Error(got)
	}
	waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.InFlight == 0 })
}

// TestUploadBackPressure checks that an async generator is asked for more only as the server reads.
func TestUploadBackPressure(t *testing.T) {
	release := make(chan struct{})
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		<-release
		buffer := make([]byte, 1<<16)
		for {
			if _, err := r.Body.Read(buffer); err != nil {
				break
			}
		}
	})
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`let made = 0, finished; const piece = new Uint8Array(1 << 20);
		const up = client.post('` + base + `', {timeout: null, content: (async function* () { while (made < 64) { made++; yield piece } finished = true })()})`)
	// The system's socket buffers hold some megabytes; 64 they do not.
	deadline := time.Now().Add(5 * time.Second)
	last, same := "", 0
	for same < 5 && time.Now().Before(deadline) {
		got := s.Run(`await new Promise(r => setTimeout(r, 10)); made`)
		if got == last {
			same++
		} else {
			last, same = got, 0
		}
	}
	if last == "64" {
		t.Error("the generator ran ahead of the server")
	}
	close(release)
	if got := s.Run(`(await up).statusCode + ' ' + made + ' ' + finished`); got != "'200 64 true'" {
		t.Error(got)
	}
}

// TestDownloadBackPressure checks that an unread body stops the server, and that reading it on works.
func TestDownloadBackPressure(t *testing.T) {
	const pieces = 64
	var written atomic.Int64
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		piece := make([]byte, 1<<20)
		for range pieces {
			if _, err := w.Write(piece); err != nil {
				return
			}
			written.Add(1)
		}
	})
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`const r = await client.stream('GET', '` + base + `', {timeout: null}); let n = 0`)
	for last, same := int64(-1), 0; same < 5; same++ {
		s.Run(`await new Promise(r => setTimeout(r, 10))`)
		if now := written.Load(); now != last {
			last, same = now, 0
		}
	}
	if written.Load() == pieces {
		t.Error("the server was not held")
	}
	if got := s.Run(`for await (const b of r.aiterBytes()) n += b.length; n`); got != strconv.Itoa(pieces<<20) {
		t.Error(got)
	}
}

// TestUnreadStreamDoesNotKeepTheSession checks that a script that leaves a stream open still ends.
func TestUnreadStreamDoesNotKeepTheSession(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`const r = await client.stream('GET', lab.url + '/drip?numbytes=100&duration=50&delay=0')`)
	s.Drain()
}

// TestDrainWaits checks that what a script has started and not awaited still ends.
func TestDrainWaits(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`client.get(lab.url + '/delay/0.05').then(r => setTimeout(() => print('late ' + r.statusCode), 5)); setInterval(() => {}, 1e6).unref(); 0`)
	s.Drain()
	if got := s.Printed(); got != "late 200" {
		t.Errorf("printed %q", got)
	}
}

// TestTenThousandCancelledRequests leaves no goroutine, connection or pool slot behind.
func TestTenThousandCancelledRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	s := jsbindtest.New(t, jsbindtest.Options{})
	// Coroutines that have ended are kept for reuse: let there be as many as there will be.
	s.Run(`lab.url; await Promise.all(Array.from({length: 300}, () => client.get(lab.url + '/get'))); await client.aclose(); client = new httpx.AsyncClient(); 0`)
	waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.ConnectionsActive == 0 })
	before := runtime.NumGoroutine()
	got := s.Run(`let cancelled = 0, other = [];
		for (let round = 0; round < 50; round++) {
			const ac = new AbortController();
			const all = Array.from({length: 200}, (_, i) => client.get(lab.url + '/delay/60', {signal: ac.signal, timeout: null})
				.then(() => other.push('answered'), e => e.name === 'AbortError' ? cancelled++ : other.push(e)));
			setTimeout(() => ac.abort(), round % 5);
			await Promise.all(all);
		}
		[cancelled, other.length]`)
	if got != "[ 10000, 0 ]" {
		t.Fatal(got)
	}
	if got := s.Run(`(await Promise.all(Array.from({length: 100}, () => client.get(lab.url + '/get')))).filter(r => r.statusCode === 200).length`); got != "100" {
		t.Fatal(got)
	}
	waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.InFlight == 0 && st.ConnectionsActive <= 100 })
	s.Run(`await client.aclose()`)
	waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.ConnectionsActive == 0 })
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
	for _, x := range s.Requests() {
		if x.State == "open" {
			t.Errorf("%s is still open", x.ID)
		}
	}
}
