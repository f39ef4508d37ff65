package jsbind_test

import "testing"

func TestExceptionGroup(t *testing.T) {
	const g = `const g = new ExceptionGroup('outer', [new TypeError('a'), new ExceptionGroup('inner', [new RangeError('b'), new TypeError('c')]), new Error('d')]); `
	runPrograms(t, []program{
		{g + `[g instanceof AggregateError, g.message, g.exceptions.length, g.errors.length, g.name]`, `[ true, 'outer', 3, 3, 'ExceptionGroup' ]`},
		{g + `g.subgroup(TypeError).exceptions.map(e => e.message)`, `[ 'a', 'inner' ]`},
		{g + `const [yes, no] = g.split(RangeError); [yes.exceptions[0].exceptions.map(String), no.exceptions.map(String)].join('; ')`, `'RangeError: b; TypeError: a,ExceptionGroup: inner,Error: d'`},
		{g + `[g.subgroup(SyntaxError), g.split([TypeError, RangeError, Error])[0] === g, g.split(e => e.message === 'd')[0].exceptions.length]`, `[ null, true, 1 ]`},
		{g + `class Mine extends ExceptionGroup { derive(list) { return new Mine(this.message, list) } } new Mine('m', g.exceptions).subgroup(TypeError) instanceof Mine`, `true`},
		{`Set = Promise.prototype.then = AggregateError = null; const [done] = await asyncio.wait([asyncio.createTask(async () => 1)]); [done.size, new ExceptionGroup('still there', [1]).message]`, `[ 1, 'still there' ]`},
		{`try { new ExceptionGroup('none', []) } catch (e) { e.name }`, `'RangeError'`},
		{`try { new ExceptionGroup([]) } catch (e) { e.name }`, `'TypeError'`},
		{`const two = new ExceptionGroup('two', [new Error('a'), new TypeError('b')]); throw two`, "Uncaught ExceptionGroup: two\n  - Error: a\n  - TypeError: b\nconst two = new ExceptionGroup('two', [new Error('a'), new TypeError('b'…\n            ^"},
	})
}

func TestTools(t *testing.T) {
	runPrograms(t, []program{
		{`const e = new asyncio.Event(); asyncio.createTask(async () => { print('set'); e.set() }); await e.wait(); [e.isSet(), (e.clear(), e.isSet())]`, "set\n[ true, false ]"},
		{`const l = new asyncio.Lock(); const seen = []; await asyncio.gather(...[1, 2, 3].map(i => () => l.with(async () => { seen.push(i); await asyncio.sleep(0.001); seen.push(-i) }))); [seen.join(), l.locked()]`, `[ '1,-1,2,-2,3,-3', false ]`},
		{`const l = new asyncio.Lock(); { await using held = await l.acquire(); print(l.locked()) } l.locked()`, "true\nfalse"},
		{`const l = new asyncio.Lock(); try { l.release() } catch (e) { e.message }`, `'Lock is not acquired.'`},
		{`const l = new asyncio.Lock(); await l.acquire(); const t = asyncio.createTask(() => l.acquire()); await asyncio.sleep(0); t.cancel(); await asyncio.sleep(0); l.release(); [t.cancelled(), l.locked()]`, `[ true, false ]`},
		{`const l = new trio.Lock(); await trio.run(async () => { await l.acquire(); await trio.openNursery(async n => { n.startSoon(async () => { try { l.release() } catch (e) { print(e.message) } }) }); await l.acquire() }).catch(e => e.message)`, "can't release a Lock you don't own\n'attempt to re-acquire an already held Lock'"},
		{`const s = new asyncio.Semaphore(2); let now = 0, most = 0; await asyncio.gather(...[1, 2, 3, 4, 5].map(() => () => s.with(async () => { most = Math.max(most, ++now); await asyncio.sleep(0.001); now-- }))); [most, s.value, s.locked()]`, `[ 2, 2, false ]`},
		{`const s = new asyncio.BoundedSemaphore(1); try { s.release() } catch (e) { [e.name, e.message] }`, `[ 'RangeError', 'BoundedSemaphore released too many times' ]`},
		{`try { new asyncio.Semaphore(-1) } catch (e) { e.message }`, `'Semaphore initial value must be >= 0'`},
		{`const c = new asyncio.Condition(); let ready = false; asyncio.createTask(() => c.with(async () => { ready = true; c.notifyAll() })); await c.with(async () => { await c.waitFor(() => ready); return c.locked() })`, `true`},
		{`const c = new asyncio.Condition(); const t = asyncio.createTask(() => c.with(() => c.wait())); await asyncio.sleep(0.001); t.cancel(); try { await t } catch (e) { [e.name, c.locked()] }`, `[ 'CancelledError', false ]`},
		{`const c = new trio.Condition(); await trio.moveOnAfter(0.001, () => c.with(async () => { try { await c.wait() } finally { print('holds it again', c.locked()) } })); c.locked()`, "holds it again true\nfalse"},
		{`const c = new asyncio.Condition(); try { c.notify() } catch (e) { e.message }`, `'cannot notify on un-acquired lock'`},
		{`const q = new asyncio.Queue(1); asyncio.createTask(async () => { for (const i of [1, 2, 3]) await q.put(i) }); const got = []; for (let i = 0; i < 3; i++) { got.push(await q.get()); q.taskDone() } await q.join(); [got.join(), q.empty(), q.maxsize]`, `[ '1,2,3', true, 1 ]`},
		{`const q = new asyncio.Queue({maxsize: 1}); q.putNowait(1); try { q.put_nowait(2) } catch (e) { print(e.name, q.full()) } print(q.getNowait()); try { q.getNowait() } catch (e) { e.name }`, "QueueFull true\n1\n'QueueEmpty'"},
		{`const q = new asyncio.LifoQueue(); for (const i of [1, 2, 3]) q.putNowait(i); [await q.get(), await q.get(), q.qsize()]`, `[ 3, 2, 1 ]`},
		{`const q = new asyncio.PriorityQueue(); for (const x of [[2, 'b'], [1, 'z'], [1, 'a'], [3, '']]) q.putNowait(x); let s = ''; while (!q.empty()) s += (await q.get())[1]; s`, `'azb'`},
		{`const q = new asyncio.Queue(); const t = asyncio.createTask(() => q.get()); await asyncio.sleep(0); q.shutdown(); try { await t } catch (e) { e.name }`, `'QueueShutDown'`},
		{`const q = new asyncio.Queue(); try { q.taskDone() } catch (e) { e.message }`, `'taskDone() called too many times'`},
		{`const q = new asyncio.Queue(); const a = asyncio.createTask(() => q.get()), b = asyncio.createTask(() => q.get()); await asyncio.sleep(0); a.cancel(); q.putNowait('kept'); [await b, q.qsize()]`, `[ 'kept', 0 ]`},
		{`const b = new asyncio.Barrier(2); const r = await asyncio.gather(() => b.wait(), () => b.wait()); [r.join(), b.nWaiting, b.broken]`, `[ '0,1', 0, false ]`},
		{`const b = new asyncio.Barrier(2); const t = asyncio.createTask(() => b.wait()); await asyncio.sleep(0); await b.abort(); try { await t } catch (e) { [e.name, b.broken] }`, `[ 'BrokenBarrierError', true ]`},
		{`const l = new trio.CapacityLimiter(1); await trio.run(async () => { await l.acquire(); print(l.borrowedTokens, l.availableTokens); await l.acquire().catch(e => print(e.message)); l.release() }); l.available_tokens`, "1 0\nthis borrower is already holding one of this CapacityLimiter's tokens\n1"},
		{`try { new trio.CapacityLimiter(0.5) } catch (e) { e.name }`, `'TypeError'`},
	})
}
