package jsbind_test

import (
	"runtime"
	"testing"

	"httpx-repl/jsbind/jsbindtest"
)

// TestTrioRules are rules of trio's that its own tests of run, scopes and nurseries name, as programs.
func TestTrioRules(t *testing.T) {
	const rule = `const {openNursery, moveOnAfter, failAfter, CancelScope, sleep, sleepForever, lowlevel: {checkpoint}} = trio; const seen = []; const see = x => seen.push(x); `
	runPrograms(t, []program{
		{rule + `/* an error in a child reaches the parent of the nursery, nested */ await openNursery(outer => openNursery(n => { n.startSoon(async () => { throw new Error('deep') }) })).catch(e => [e.name, e.exceptions[0].name, e.exceptions[0].exceptions[0].message].join())`, `'ExceptionGroup,ExceptionGroup,deep'`},
		{rule + `/* an error while another is handled keeps both */ await openNursery(async n => { n.startSoon(async () => { try { await sleepForever() } finally { throw new Error('in finally') } }); n.startSoon(async () => { await checkpoint(); throw new Error('first') }) }).catch(e => e.exceptions.map(e => e.message).sort().join())`, `'first,in finally'`},
		{rule + `/* a child that swallows Cancelled ends well */ await openNursery(async n => { n.startSoon(async () => { try { await sleepForever() } catch {} see('swallowed') }); n.startSoon(async () => { n.cancelScope.cancel() }) }); seen.join()`, `'swallowed'`},
		{rule + `/* children may start children */ await openNursery(async n => { n.startSoon(async () => { see(1); n.startSoon(async () => { await checkpoint(); see(2) }) }) }); seen.join()`, `'1,2'`},
		{rule + `/* tasks run in the nursery's scope, not where startSoon was called */ await openNursery(async n => { await moveOnAfter(0.001, async () => { n.startSoon(async () => { await sleep(0.005); see('outlived') }); await sleepForever() }) }); seen.join()`, `'outlived'`},
		{rule + `/* a task started in a cancelled nursery runs to its first checkpoint */ await openNursery(async n => { n.cancelScope.cancel(); n.startSoon(async () => { see('ran'); await checkpoint(); see('never') }) }); seen.join()`, `'ran'`},
		{rule + `/* the body's end does not cancel */ await openNursery(async n => { n.startSoon(async () => { await sleep(0.002); see('child') }) }); see('end'); seen.join()`, `'child,end'`},
		{rule + `/* inner scope cancelled, outer not */ await new CancelScope().with(async outer => { await new CancelScope().with(async inner => { inner.cancel(); await sleepForever() }); await checkpoint(); see(outer.cancelCalled) }); seen.join()`, `'false'`},
		{rule + `/* outer cancelled passes through inner */ const outer = new CancelScope(), inner = new CancelScope(); await outer.with(() => inner.with(async () => { outer.cancel(); await sleepForever() })); [outer.cancelledCaught, inner.cancelledCaught].join()`, `'true,false'`},
		{rule + `/* both cancelled: the outer catches */ const outer = new CancelScope(), inner = new CancelScope(); await outer.with(() => inner.with(async () => { outer.cancel(); inner.cancel(); await sleepForever() })); [outer.cancelledCaught, inner.cancelledCaught].join()`, `'true,false'`},
		{rule + `/* cancelling a scope that has ended does nothing */ const s = new CancelScope(); await s.with(async () => {}); s.cancel(); await checkpoint(); [s.cancelCalled, s.cancelledCaught].join()`, `'false,false'`},
		{rule + `/* nothing to catch: cancelled too late */ const s = new CancelScope(); await s.with(async () => { s.cancel(); see('no checkpoint') }); [s.cancelCalled, s.cancelledCaught, seen].join()`, `'true,false,no checkpoint'`},
		{rule + `/* a shield inside a cancelled scope, and its own deadline */ await moveOnAfter(0.001, () => new CancelScope({shield: true, deadline: trio.currentTime() + 0.01}).with(async () => { await sleep(0.003); see('shielded'); await sleepForever() })); seen.join()`, `'shielded'`},
		{rule + `/* an error that is no cancellation passes a cancelled scope */ await new CancelScope().with(async s => { s.cancel(); throw new TypeError('mine') }).catch(e => e.name)`, `'TypeError'`},
		{rule + `/* failAfter only speaks when it caught something */ await failAfter(0.001, () => new CancelScope({shield: true}).with(() => sleep(0.005))); 'no error'`, `'no error'`},
		{rule + `/* a negative time is refused */ try { moveOnAfter(-1, async () => {}) } catch (e) { e.message }`, `'timeout must be non-negative'`},
		{rule + `/* NaN is refused */ try { failAfter(NaN, async () => {}) } catch (e) { e.message }`, `"failAfter's time is a number of seconds, not NaN"`},
		{rule + `/* started twice */ await openNursery(async n => { await n.start(async ({taskStatus}) => { taskStatus.started(); try { taskStatus.started() } catch (e) { see(e.message) } }) }); seen.join()`, `"called 'started' twice on the same task status"`},
		{rule + `/* start is cut by the caller's scope before started, and not after */ await openNursery(async n => { await moveOnAfter(0.001, () => n.start(async () => { try { await sleepForever() } catch (e) { see(e.name); throw e } })); await moveOnAfter(0.001, async () => { await n.start(async ({taskStatus}) => { taskStatus.started(); await sleep(0.005); see('went on') }); await sleepForever() }) }); seen.join()`, `'Cancelled,went on'`},
		{rule + `/* a wait that is over counts, even with the cancellation in the same turn */ const e = new trio.Event(); await moveOnAfter(9, async s => { const w = e.wait(); e.set(); s.cancel(); await w; see('got it') }); seen.join()`, `'got it'`},
		{rule + `/* a lock that was waited for in vain is free */ const l = new trio.Lock(); await openNursery(async n => { n.startSoon(() => l.with(() => sleep(0.005))); await checkpoint(); await moveOnAfter(0.001, () => l.acquire()) }); l.locked()`, `false`},
		{rule + `/* an item is not lost when its receiver is cancelled */ const [s, r] = trio.openMemoryChannel(1); await openNursery(async n => { await moveOnAfter(0.001, () => r.receive()); s.sendNowait('kept'); see(await r.receive()) }); seen.join()`, `'kept'`},
		{rule + `/* scopes of tasks that run side by side do not mix */ const one = async (s, name) => { await moveOnAfter(s, () => sleep(0.004)).then(() => see(name)); await checkpoint() }; await Promise.all([one(0.001, 'a'), one(9, 'b')]); seen.join()`, `'a,b'`},
		{rule + `/* the scope follows timers and reactions */ await moveOnAfter(0.001, async () => { await new Promise((_, no) => setTimeout(() => sleepForever().catch(no), 0)).catch(e => see(e.name)) }); seen.join()`, `'Cancelled'`},
		{rule + `/* httpx in a cancelled scope issues nothing */ let asked = 0; const c = new httpx.AsyncClient({transport: new httpx.MockTransport(() => { asked++; return new httpx.Response(200) })}); await moveOnAfter(9, async s => { s.cancel(); await c.get('http://x/').catch(e => see(e.name)) }); [seen, asked].join()`, `'Cancelled,0'`},
	})
}

// nurseryCells are a session of environments with requests, whose order could differ from run to run.
var nurseryCells = []string{
	`const url = lab.url, get = s => client.get(url + '/delay/' + s);`,
	`const order = []; await trio.openNursery(async n => { for (const i of [3, 1, 2, 1, 3]) n.startSoon(async () => { await get(i / 500); order.push(i); print(i, trio.currentTime()) }) }); order.join()`,
	`await trio.openNursery(async n => { for (const i of [1, 2, 3]) n.startSoon(() => get(10)); n.startSoon(async () => { await get(0.005); throw new Error('x') }) })`,
	`await asyncio.gather(...[3, 1, 2].map(i => async () => { await asyncio.sleep(i / 500); return (await get(i / 500)).statusCode }))`,
	`await trio.moveOnAfter(0.01, () => client.stream('GET', url + '/drip?numbytes=9&duration=9&delay=0', async r => { for await (const b of r.aiterBytes()) print(b.length) })); asyncio.time()`,
	`const left = asyncio.createTask(() => get(0.03), {name: 'left'}); left`,
	`asyncio.createTask(async () => { await get(0.001); throw new Error('lost') }); await asyncio.sleep(0.02)`,
	`(await left).statusCode`,
	`const q = new asyncio.Queue(2); await asyncio.TaskGroup(async tg => { for (const i of [1, 2, 3]) tg.createTask(async () => { for (let k = 0; k < 3; k++) await q.put([i, (await get(0.001 * i)).statusCode]) }); for (let k = 0; k < 9; k++) print(await q.get()) })`,
	`await trio.run(async () => { await trio.sleep(1e6); await get(0.002); return trio.currentTime() }, {clock: new trio.testing.MockClock({autojumpThreshold: 0})})`,
	`async function f() { await using n = trio.openNursery(); for (const i of [1, 2]) n.startSoon(() => get(i / 200)); await using t = asyncio.timeout(0.001); await get(5) } await f().catch(e => e.name)`,
	`for (const p of asyncio.asCompleted([2, 1].map(i => () => get(i / 100).then(() => i)))) print(await p)`,
	`Date.now()`,
}

// TestNurseriesReplayExactly records a session against the network and replays it offline, often and with several processors.
func TestNurseriesReplayExactly(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	for _, js := range nurseryCells {
		s.Run(js)
	}
	document := s.Document()
	want := jsbindtest.Render(document)
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
