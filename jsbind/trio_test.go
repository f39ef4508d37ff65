package jsbind_test

import "testing"

func TestTrio(t *testing.T) {
	runPrograms(t, []program{
		{`await trio.run(async (a, b) => { await trio.sleep(0.001); return a + b }, {args: [1, 2]})`, `3`},
		{`await trio.run(async () => trio.run(async () => 1)).catch(e => e.message)`, `'Attempted to call run() from inside a run()'`},
		{`await trio.run(async () => { const t = trio.currentTime(); await trio.sleepUntil(t + 0.01); return trio.currentTime() - t >= 0.01 })`, `true`},
		// nurseries
		{`await trio.openNursery(async n => { for (const i of [1, 2]) n.startSoon(async (i, s) => { await trio.sleep(s); print(i) }, i, 0.002 * i); print('body') }); print('end')`, "body\n1\n2\nend"},
		{`await trio.openNursery(async n => { n.startSoon(async () => { throw new Error('x') }); n.startSoon(async () => { try { await trio.sleepForever() } catch (e) { print(e.name); throw e } }) }).catch(e => [e.name, e.message, e.exceptions.map(String)])`,
			"Cancelled\n[ 'ExceptionGroup', 'Exceptions from Trio nursery', [ 'Error: x' ] ]"},
		{`await trio.openNursery(async n => { n.startSoon(async () => { throw new Error('a') }); n.startSoon(async () => { throw new Error('b') }); throw new Error('body') }).catch(e => e.exceptions.map(e => e.message).sort())`, `[ 'a', 'b', 'body' ]`},
		{`await trio.openNursery(async n => { n.startSoon(() => trio.sleepForever()); n.cancelScope.cancel(); return 'returned' })`, `'returned'`},
		{`let kept; await trio.openNursery(async n => { kept = n }); try { kept.startSoon(async () => 1) } catch (e) { e.message }`, `'Nursery is closed to new arrivals'`},
		{`await trio.openNursery(async n => { const port = await n.start(async (x, {taskStatus}) => { await trio.sleep(0.001); taskStatus.started(x + 80); await trio.sleep(0.001); print('still there') }, 8000); print(port) })`, "8080\nstill there"},
		{`await trio.openNursery(async n => { await n.start(async () => {}) }).catch(e => e.exceptions[0].message)`, `'child exited without calling taskStatus.started()'`},
		{`await trio.openNursery(async n => { await n.start(async () => { throw new Error('early') }).catch(e => print(e.message)); return 1 })`, "early\n1"},
		{`async function f() { await using n = trio.openNursery(); n.startSoon(async () => { await trio.sleep(0.001); print('child') }); print('body') } await f(); print('after')`, "body\nchild\nafter"},
		{`async function f() { await using n = trio.openNursery(); n.startSoon(() => trio.sleepForever()); throw new Error('body') } await f().catch(e => e.exceptions.map(String))`, `[ 'Error: body' ]`},
		// deadlines
		{`await trio.moveOnAfter(0.001, async s => { await trio.sleep(9); print('never') }); 'moved on'`, `'moved on'`},
		{`let scope; await trio.moveOnAfter(0.001, async s => { scope = s; await trio.sleep(9) }); [scope.cancelCalled, scope.cancelledCaught]`, `[ true, true ]`},
		{`let scope; await trio.moveOnAfter(9, async s => { scope = s }); [scope.cancelCalled, scope.cancelledCaught, String(scope)]`, `[ false, false, '<CancelScope exited>' ]`},
		{`await trio.moveOnAt(trio.currentTime() + 0.001, () => trio.sleepForever()); 1`, `1`},
		{`await trio.failAfter(0.001, () => trio.sleep(9)).catch(e => [e.name, e instanceof trio.TooSlowError])`, `[ 'TooSlowError', true ]`},
		{`await trio.failAt(trio.currentTime() - 1, () => trio.lowlevel.checkpoint()).catch(e => e.name)`, `'TooSlowError'`},
		{`async function f() { await using s = trio.moveOnAfter(0.001); await trio.sleep(9); return 'never' } await f()`, ``},
		{`async function f() { { await using s = trio.moveOnAfter(0.001); await trio.sleep(9) } await trio.sleep(0.001); return 'after' } await f()`, `'after'`},
		{`async function f() { await using s = trio.failAfter(0.001); await trio.sleep(9) } await f().catch(e => e.name)`, `'TooSlowError'`},
		{`await trio.moveOnAfter(9, async () => { await trio.moveOnAfter(0.001, () => trio.sleepForever()); return 'inner only' })`, `'inner only'`},
		{`let inner; await trio.moveOnAfter(0.001, () => trio.moveOnAfter(9, s => { inner = s; return trio.sleepForever() })); inner.cancelledCaught`, `false`},
		// level cancellation: every checkpoint in a cancelled scope fails again, unless shielded
		{`const seen = []; await trio.moveOnAfter(0.001, async () => { try { await trio.sleep(9) } finally { for (let i = 0; i < 2; i++) await trio.sleep(1).catch(e => seen.push(e.name)); await trio.lowlevel.checkpoint().catch(e => seen.push(e.name)); await new trio.CancelScope({shield: true}).with(async () => { await trio.sleep(0.001); seen.push('shielded') }) } }); seen`,
			`[ 'Cancelled', 'Cancelled', 'Cancelled', 'shielded' ]`},
		{`const scope = new trio.CancelScope(); await scope.with(async () => { scope.cancel(); await Promise.resolve(); print('a promise is no checkpoint'); await trio.sleep(0) }); scope.cancelledCaught`, "a promise is no checkpoint\ntrue"},
		{`const scope = new trio.CancelScope({deadline: trio.currentTime() + 0.001}); await scope.with(() => trio.sleepForever()); [scope.cancelCalled, scope.shield]`, `[ true, false ]`},
		{`const scope = new trio.CancelScope(); await scope.with(() => { scope.deadline = trio.currentTime() + 0.001; return trio.sleepForever() }); 'expired'`, `'expired'`},
		{`const scope = new trio.CancelScope(); scope.cancel(); await scope.with(() => trio.lowlevel.checkpoint()); scope.cancelledCaught`, `true`},
		{`const scope = new trio.CancelScope(); await scope.with(async () => 1); await scope.with(async () => 2).catch(e => e.message)`, `'Each CancelScope may only be used for a single block'`},
		// a shielded scope delays cancellation, and no more
		{`const seen = []; await trio.moveOnAfter(0.001, async () => { await new trio.CancelScope({shield: true}).with(async () => { await trio.sleep(0.005); seen.push('done') }); await trio.sleep(9); seen.push('never') }); seen`, `[ 'done' ]`},
		{`const seen = []; await trio.moveOnAfter(0.001, () => new trio.CancelScope({shield: true}).with(async s => { setTimeout(() => { s.shield = false }, 4); await trio.sleep(9); seen.push('never') })); seen`, `[]`},
		{`await trio.run(async () => trio.moveOnAfter(5, async () => [trio.currentEffectiveDeadline() > trio.currentTime(), sniffio.currentAsyncLibrary()]))`, `[ true, 'trio' ]`},
		// errors of a group pass scopes that are cancelled
		{`let scope; await trio.moveOnAfter(9, async s => { scope = s; await trio.openNursery(async n => { n.startSoon(async () => { s.cancel(); throw new Error('x') }); n.startSoon(() => trio.sleepForever()) }) }).catch(e => e.exceptions.map(String))`, `[ 'Error: x' ]`},
		// channels
		{`const [send, receive] = trio.openMemoryChannel(0); await trio.openNursery(async n => { n.startSoon(async () => { using s = send; for (const i of [1, 2, 3]) await s.send(i) }); n.startSoon(async () => { for await (const v of receive) print(v) }) })`, "1\n2\n3"},
		{`const [s, r] = trio.openMemoryChannel(1); s.sendNowait(1); try { s.sendNowait(2) } catch (e) { print(e.name) } print(r.receiveNowait()); try { r.receiveNowait() } catch (e) { print(e.name) } s.close(); await r.receive().catch(e => e.name)`, "WouldBlock\n1\nWouldBlock\n'EndOfChannel'"},
		{`const [s, r] = trio.openMemoryChannel(1); r.close(); await s.send(1).catch(e => e.name)`, `'BrokenResourceError'`},
		{`const [s, r] = trio.openMemoryChannel(1); s.close(); await s.send(1).catch(e => e.name)`, `'ClosedResourceError'`},
		{`const [s, r] = trio.openMemoryChannel(2); const c = s.clone(); s.close(); await c.send(1); c.close(); print(await r.receive()); await r.receive().catch(e => e.name)`, "1\n'EndOfChannel'"},
		{`let r; await trio.moveOnAfter(9, async s => { const [send, receive] = trio.openMemoryChannel(0); r = [String(s), String(new trio.CapacityLimiter(Infinity)), String(new trio.testing.MockClock())] }); r.join()`, `'<CancelScope active>,<CapacityLimiter 0/Infinity>,<MockClock, rate=0, autojumpThreshold=Infinity>'`},
		{`trio.openNursery()`, `<Nursery open, tasks=0>`},
		// the mock clock
		{`const clock = new trio.testing.MockClock({autojumpThreshold: 0}); await trio.run(async () => { const t = trio.currentTime(); await trio.sleep(3600); return trio.currentTime() - t }, {clock})`, `3600`},
		{`const clock = new trio.testing.MockClock({autojumpThreshold: 0}); await trio.run(() => trio.failAfter(30, () => trio.sleep(31)), {clock}).catch(e => e.name)`, `'TooSlowError'`},
		{`const clock = new trio.testing.MockClock(); await trio.run(async () => { const t = trio.currentTime(); clock.jump(10); return trio.currentTime() - t }, {clock})`, `10`},
		{`const clock = new trio.testing.MockClock({rate: 100000}); await trio.run(async () => { const t = trio.currentTime(); await trio.sleep(100); return trio.currentTime() - t >= 100 }, {clock})`, `true`},
		{`const clock = new trio.testing.MockClock({autojumpThreshold: 0}); await trio.run(async () => { const seen = []; await trio.openNursery(async n => { for (const s of [3, 1, 2]) n.startSoon(async () => { await trio.sleep(s); seen.push(s) }) }); return seen }, {clock})`, `[ 1, 2, 3 ]`},
	})
}

func TestAnyioIsTheSameOnBothBackends(t *testing.T) {
	for _, backend := range []string{"asyncio", "trio"} {
		runPrograms(t, []program{{`
const Cancelled = () => anyio.getCancelledExcClass();
const [send, receive] = anyio.createMemoryObjectStream(1);
await anyio.run(async name => {
	print(name === sniffio.currentAsyncLibrary());
	await anyio.createTaskGroup(async tg => {
		tg.startSoon(async () => { await using s = send; for (const i of [1, 2, 3]) await s.send(i) });
		for await (const v of receive) print('got', v);
	});
	const lock = new anyio.Lock(), limiter = new anyio.CapacityLimiter(2);
	let running = 0, most = 0;
	await anyio.createTaskGroup(async tg => {
		for (const i of [1, 2, 3, 4]) tg.startSoon(() => limiter.with(async () => { most = Math.max(most, ++running); await anyio.sleep(0.001); running--; await lock.with(async () => print('worker', i)) }));
	});
	print('at most', most);
	await anyio.moveOnAfter(0.001, async scope => {
		try { await anyio.sleepForever() } catch (e) {
			print(e instanceof Cancelled());
			await anyio.sleep(1).catch(e => print('again', e instanceof Cancelled()));
			throw e;
		}
	});
	await anyio.failAfter(0.001, () => anyio.sleep(9)).catch(e => print(e.name, e instanceof anyio.TimeoutError));
	await anyio.createTaskGroup(async tg => {
		tg.startSoon(async () => { throw new Error('x') });
		await anyio.sleep(9);
	}).catch(e => print(e.name, e.message, e.exceptions.map(String).join()));
	const port = await anyio.createTaskGroup(async tg => { const v = await tg.start(async ({taskStatus}) => { taskStatus.started(80); await anyio.sleepForever() }); tg.cancelScope.cancel(); return v });
	print('port', port);
}, {backend: '` + backend + `', args: ['` + backend + `']})`,
			"true\ngot 1\ngot 2\ngot 3\nworker 1\nworker 2\nworker 3\nworker 4\nat most 2\ntrue\nagain true\nTimeoutError true\nExceptionGroup unhandled errors in a TaskGroup Error: x\nport 80"}})
	}
	runPrograms(t, []program{
		{`await anyio.run(async () => 1, {backend: 'curio'}).catch(e => e)`, "Uncaught RangeError: there is no backend 'curio'; anyio.run takes \"asyncio\" or \"trio\"\nawait anyio.run(async () => 1, {backend: 'curio'}).catch(e => e)\n               ^"},
		{`[sniffio.currentAsyncLibrary(), await anyio.run(async () => sniffio.current_async_library())]`, `[ 'asyncio', 'asyncio' ]`},
	})
}
