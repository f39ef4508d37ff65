package jsbind_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"httpx-repl/jsbind/jsbindtest"
	"httpx-repl/transcripts"
)

// recordedCells is a session with everything whose order or value could differ from one run to the next.
var recordedCells = []string{
	`const at = p => lab.url + p; const seen = [];`,
	`await Promise.all([3, 1, 2, 1, 3].map(async (n, i) => { await client.get(at('/delay/0.00' + n + '?i=' + i)); seen.push(i) })); print(seen.length)`,
	`seen.join()`,
	`for (let i = 0; i < 10; i++) client.get(at('/anything/' + i)).then(r => seen.push('b' + i)); 'started'`,
	`await new Promise(r => setTimeout(r, 30)); seen.join()`,
	`[Math.random(), Math.random(), Date.now() > 0, new Date().toISOString().length]`,
	`Date.now()`,
	`let reads = 0, from = Date.now(); while (Date.now() < from + 3) reads++; [reads, Date.now() - from]`,
	`typeof crypto === 'object' && crypto.randomUUID ? crypto.randomUUID() : 'none'`,
	`await client.stream('GET', at('/drip?numbytes=5&duration=0.02&delay=0'), async r => { for await (const b of r.aiterBytes()) print(b.length); return Date.now() })`,
	`await client.stream('GET', at('/stream/3'), async r => { let n = 0; for await (const l of r.aiterLines()) n++; return n })`,
	`(await client.get(at('/gzip'))).json().gzipped`,
	`await client.stream('GET', at('/gzip'), async r => { let n = 0; for await (const b of r.aiterRaw()) n += b.length; return n > 0 })`,
	`await client.get(at('/cookies/set?session=42'), {followRedirects: true}); client.cookies.get('session')`,
	`(await client.get(at('/redirect/2'), {followRedirects: true})).history.length`,
	`(await client.get(at('/digest-auth/auth/u/p/SHA-256'), {auth: new httpx.DigestAuth('u', 'p')})).statusCode`,
	`(await client.post(at('/anything'), {json: {when: Date.now()}})).statusCode`,
	`(await client.post(at('/anything'), {files: {f: ['a.txt', 'text']}, data: {k: 'v'}})).json().form`,
	`let made = 0; (await client.post(at('/anything'), {content: (async function* () { for (; made < 5; made++) { await new Promise(r => setTimeout(r, 1)); yield 'piece' + made } })()})).statusCode + made`,
	`await client.post(at('/anything'), {content: (async function* () { yield 'a'; await 0; throw new Error('mine') })()}).catch(e => e.message)`,
	`const ac = new AbortController(); setTimeout(() => ac.abort(), 5); await client.get(at('/delay/5'), {signal: ac.signal}).catch(e => e.name)`,
	`await client.get(at('/delay/5'), {timeout: 0.02}).catch(e => [e.name, e.message])`,
	`await client.get('http://127.0.0.1:1/').catch(e => [e.name, e.message, e.cause.message])`,
	`await client.get('http://127.0.0.1:1/')`,
	`const open = await client.stream('GET', at('/drip?numbytes=9&duration=20&delay=0')); open.statusCode`,
	`for await (const b of open.aiterBytes()) break; open.isClosed`,
	`await Promise.race([client.get(at('/delay/0.01')), client.get(at('/delay/0.012'))]).then(r => r.url.path.length)`,
	`let ticks = 0; const timer = setInterval(() => { if (++ticks === 3) clearInterval(timer); print('tick', ticks) }, 2); await new Promise(r => setTimeout(r, 20)); ticks`,
	`setTimeout(() => { throw new Error('late') }, 1); await new Promise(r => setTimeout(r, 5))`,
	`Promise.reject(new Error('nobody')); 1`,
	`client.get(at('/get'))`,
	`r = await _31; r.statusCode`,
	`console.time('x'); await client.get(at('/delay/0.005')); console.timeEnd('x'); console.error('to stderr'); (await client.get(at('/get'))).elapsed`,
	`await client.get(at('/bytes/3000?seed=7')).then(r => [r.content.length, r.content[0], r.numBytesDownloaded])`,
	`lab.url.length > 0`,
	`env.ALLOWED + args.join()`,
	`const never = await client.stream('GET', at('/drip?numbytes=9&duration=20&delay=0')); 'left open'`,
}

func recordSession(t *testing.T) *transcripts.Session {
	t.Helper()
	s := jsbindtest.New(t, jsbindtest.Options{Env: map[string]string{"ALLOWED": "yes"}})
	for _, js := range recordedCells {
		s.Run(js)
	}
	return s.Document()
}

// TestReplayIsExact records a session against the network and replays its document often, under several numbers of
// processors. The replaying runtime has no transport. What it records must be the document, to the byte.
func TestReplayIsExact(t *testing.T) {
	document := recordSession(t)
	want := jsbindtest.Render(document)
	for _, cell := range document.Cells {
		if strings.Contains(cell.Output, "internal error") {
			t.Fatalf("%s: %s", cell.Name, cell.Output)
		}
	}
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	for _, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		for i := range 67 {
			if got := jsbindtest.Render(jsbindtest.Replay(t, document)); got != want {
				t.Fatalf("replay %d with %d processors differs:\n%s", i, procs, firstDifference(want, got))
			}
		}
	}
}

// TestReplayWithoutNetwork checks that a replay asks no server, and that it is fast.
func TestReplayWithoutNetwork(t *testing.T) {
	hits := 0
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hits++
		http.SetCookie(w, &http.Cookie{Name: "n", Value: "1"})
		w.Write([]byte("body"))
	})
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`for (let i = 0; i < 200; i++) await client.get('` + base + `/' + i)`)
	document := s.Document()
	recorded := hits
	if recorded != 200 {
		t.Fatalf("%d requests", recorded)
	}
	start := time.Now()
	jsbindtest.Replay(t, document)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the replay took %v", took)
	}
	if hits != recorded {
		t.Errorf("the replay made %d requests", hits-recorded)
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			from := max(0, i-6)
			return "want\n" + strings.Join(w[from:min(len(w), i+4)], "\n") + "\ngot\n" + strings.Join(g[min(from, len(g)):min(len(g), i+4)], "\n")
		}
	}
	return "only longer"
}

// TestReplayOfCancelledCells checks that what Ctrl-C did to a session comes out the same in its replay.
func TestReplayOfCancelledCells(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`let n = 0; const at = p => lab.url + p; (await client.get(at('/get'))).statusCode`)
	for _, js := range []string{
		`try { setTimeout(() => print('ready'), 10); await client.get(at('/delay/20')) } finally { n++; print('cleaned up') }`,
		`n += 10; print('ready'); for (;;) n++`,
		`const kept = 'declared'; print('ready'); await new Promise(() => {})`,
		`print('ready'); try { await client.get(at('/delay/20')) } catch (e) { print(e.name) } n`,
		`client.get(at('/delay/20')).catch(e => print('background ' + e.name)); print('ready'); for (;;) await 0`,
		`await client.stream('GET', at('/drip?numbytes=100&duration=50&delay=0'), async r => { let first = true; for await (const b of r.aiterBytes()) { if (first) print('ready'); first = false } })`,
	} {
		interrupt(t, s, js)
		s.Printed()
		s.Run(`await new Promise(r => setTimeout(r, 2)); [n, typeof kept, (await client.get(at('/status/204'))).statusCode]`)
	}
	document := s.Document()
	want := jsbindtest.Render(document)
	for range 5 {
		if got := jsbindtest.Render(jsbindtest.Replay(t, document)); got != want {
			t.Fatalf("the replay differs:\n%s", firstDifference(want, got))
		}
	}
}
