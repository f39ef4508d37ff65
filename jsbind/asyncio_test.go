package jsbind_test

import (
	"testing"

	"httpx-repl/jsbind/jsbindtest"
)

// program is a small program and what it shows.
type program struct{ js, want string }

// runPrograms runs each in a session without a network, and replays what was recorded.
func runPrograms(t *testing.T, programs []program) {
	t.Helper()
	for _, p := range programs {
		s := jsbindtest.New(t, jsbindtest.Options{Offline: true})
		if got := s.Run(p.js); got != p.want {
			t.Errorf("%s\n got %s\nwant %s", p.js, got, p.want)
			continue
		}
		document := s.Document()
		if want, got := jsbindtest.Render(document), jsbindtest.Render(jsbindtest.Replay(t, document)); got != want {
			t.Errorf("%s\nreplays differently: %s", p.js, firstDifference(want, got))
		}
	}
}

func TestAsyncio(t *testing.T) {
	runPrograms(t, []program{
		// run, sleep
		{`await asyncio.run(async () => { await asyncio.sleep(0.001); return 'done' })`, `'done'`},
		{`await asyncio.sleep(0.001, 'result')`, `'result'`},
		{`await asyncio.run(async () => { throw new Error('x') }).catch(e => e.message)`, `'x'`},
		{`await asyncio.run(async () => asyncio.run(async () => 1)).catch(e => e.message)`, `'asyncio.run() cannot be called from a running event loop'`},
		{`await asyncio.run(async () => { asyncio.createTask(async () => { try { await asyncio.sleep(9) } finally { print('ended') } }); await asyncio.sleep(0.001) })`, `ended`},
		{`try { asyncio.run(Promise.resolve(1)) } catch (e) { e.message }`, `'asyncio.run takes an async function, not Promise { 1 }; a promise has already started: give the function itself, asyncio.run(() => …)'`},
		// tasks
		{`const t = asyncio.createTask(async () => 42, {name: 'mine'}); [t.done(), t.getName(), await t, t.done(), t.result(), t.exception(), t.cancelled()].join()`,
			`'false,mine,42,true,42,,false'`},
		{`asyncio.createTask(async () => print('task')); print('cell'); await asyncio.sleep(0)`, "cell\ntask"},
		{`asyncio.createTask(() => asyncio.sleep(0))`, `<Task pending name='Task-1'>`},
		{`const t = asyncio.createTask(async () => { throw new TypeError('bad') }); await asyncio.sleep(0); [t.exception().message, t.cancelled()]`, `[ 'bad', false ]`},
		{`const t = asyncio.createTask(async () => { await asyncio.sleep(9) }); await asyncio.sleep(0); t.cancel('enough'); await t.catch?.() ; try { await t } catch (e) { [e.name, e.message, t.cancelled(), e instanceof asyncio.CancelledError] }`,
			`[ 'CancelledError', 'enough', true, true ]`},
		{`const t = asyncio.createTask(async () => print('never')); t.cancel(); try { await t } catch (e) { e.name }`, `'CancelledError'`},
		{`const t = asyncio.createTask(async () => 1); try { t.result() } catch (e) { e.name }`, `'InvalidStateError'`},
		// edge cancellation: a task that catches CancelledError goes on
		{`const t = asyncio.createTask(async () => { try { await asyncio.sleep(9) } catch (e) { print(e.name) } await asyncio.sleep(0.001); return 'went on' }); await asyncio.sleep(0); t.cancel(); [await t, t.cancelled()]`,
			"CancelledError\n[ 'went on', false ]"},
		{`const t = asyncio.createTask(async () => { await Promise.resolve(); await Promise.resolve(); print('past promises'); await asyncio.sleep(9) }); await Promise.resolve(); await Promise.resolve(); t.cancel(); try { await t } catch (e) { e.name }`,
			"past promises\n'CancelledError'"},
		{`const inner = asyncio.createTask(async () => { try { await asyncio.sleep(9) } catch { return 'kept' } }); const outer = asyncio.createTask(async () => await inner); await asyncio.sleep(0); outer.cancel(); await outer`, `'kept'`},
		{`const t = asyncio.createTask(async () => asyncio.currentTask().getName(), {name: 'n'}); [await t, asyncio.currentTask().getName(), asyncio.allTasks().length]`, `[ 'n', 'c1', 0 ]`},
		{"asyncio.createTask(async () => {\n throw new Error('lost')\n}, {name: 'a'}); await asyncio.sleep(0.001); 1",
			"Uncaught (in task 'a') Error: lost\n throw new Error('lost')\n       ^\n1"},
		{`const t = asyncio.createTask(async () => 5); t.addDoneCallback(t => print('callback', t.result())); await t; await 0; await 0`, "callback 5\n0"},
		// gather, wait, asCompleted, shield
		{`await asyncio.gather(async () => { await asyncio.sleep(0.002); return 1 }, asyncio.createTask(async () => 2), Promise.resolve(3))`, `[ 1, 2, 3 ]`},
		{`await asyncio.gather()`, `[]`},
		{`(await asyncio.gather(async () => 1, async () => { throw new Error('x') }, {returnExceptions: true})).map(String)`, `[ '1', 'Error: x' ]`},
		{`let other = 'cut'; try { await asyncio.gather(async () => { await asyncio.sleep(0.002); other = 'went on' }, async () => { throw new Error('x') }) } catch (e) { print(e.message) } await asyncio.sleep(0.005); other`, "x\n'went on'"},
		{`const g = asyncio.createTask(() => asyncio.gather(...[1, 2].map(n => async () => { try { await asyncio.sleep(9) } finally { print('cut', n) } }))); await asyncio.sleep(0.001); g.cancel(); try { await g } catch (e) { e.name }`, "cut 1\ncut 2\n'CancelledError'"},
		{`const [done, pending] = await asyncio.wait([asyncio.createTask(async () => 1), asyncio.createTask(() => asyncio.sleep(9))], {returnWhen: asyncio.FIRST_COMPLETED}); for (const t of pending) t.cancel(); [done.size, pending.size]`, `[ 1, 1 ]`},
		{`const [done, pending] = await asyncio.wait([asyncio.createTask(() => asyncio.sleep(9))], {timeout: 0.001}); const sizes = [done.size, pending.size]; for (const t of pending) t.cancel(); sizes`, `[ 0, 1 ]`},
		{`const seen = []; for (const p of asyncio.asCompleted([async () => { await asyncio.sleep(0.005); return 'slow' }, async () => 'fast'])) seen.push(await p); seen`, `[ 'fast', 'slow' ]`},
		{`let end; const work = async () => { await asyncio.sleep(0.002); end = 'completed' }; const t = asyncio.createTask(() => asyncio.shield(work)); await asyncio.sleep(0); await asyncio.sleep(0); t.cancel(); try { await t } catch (e) { print(e.name) } await asyncio.sleep(0.005); end`, "CancelledError\n'completed'"},
		// timeouts
		{`await asyncio.timeout(0.001, () => asyncio.sleep(9)).catch(e => [e.name, e instanceof asyncio.TimeoutError, e.cause.name])`, `[ 'TimeoutError', true, 'CancelledError' ]`},
		{`await asyncio.timeout(9, async t => { print(t.expired()); return 'value' })`, "false\n'value'"},
		{`await asyncio.timeout(null, async t => t.when())`, `null`},
		{`await asyncio.timeoutAt(asyncio.time() + 0.001, () => asyncio.sleep(9)).catch(e => e.name)`, `'TimeoutError'`},
		{`await asyncio.timeout(0.001, async t => { t.reschedule(null); await asyncio.sleep(0.005); return 'no limit' })`, `'no limit'`},
		{`async function f() { await using t = asyncio.timeout(0.001); await asyncio.sleep(9) } await f().catch(e => e.name)`, `'TimeoutError'`},
		{`async function f(s) { await using t = asyncio.timeout(s); await asyncio.sleep(0.005); return 'in time' } await Promise.all([f(0.001).catch(e => e.name), f(9)])`, `[ 'TimeoutError', 'in time' ]`},
		{`async function f() { { await using t = asyncio.timeout(0.001) } await asyncio.sleep(0.005); return 'after' } await f()`, `'after'`},
		{`await asyncio.waitFor(() => asyncio.sleep(9), 0.001).catch(e => e.name)`, `'TimeoutError'`},
		{`await asyncio.waitFor(new Promise(() => {}), 0.001).catch(e => e.name)`, `'TimeoutError'`},
		{`const t = asyncio.createTask(() => asyncio.sleep(9)); await asyncio.waitFor(t, 0.001).catch(e => [e.name, t.cancelled()])`, `[ 'TimeoutError', true ]`},
		{`await asyncio.waitFor(async () => 1, 9)`, `1`},
		{`await asyncio.timeout(9, () => asyncio.timeout(0.001, () => asyncio.sleep(9))).catch(e => e.name)`, `'TimeoutError'`},
		{`const t = asyncio.createTask(() => asyncio.timeout(0.001, () => new Promise(() => {}).then(() => {}))); await asyncio.sleep(0.003); t.done()`, `false`},
		// groups
		{`let a, b; await asyncio.TaskGroup(async tg => { a = tg.createTask(async () => 1); b = tg.createTask(async () => 2) }); [a.result(), b.result()]`, `[ 1, 2 ]`},
		{`await asyncio.TaskGroup(async tg => { tg.createTask(async () => { throw new Error('x') }); tg.createTask(async () => { try { await asyncio.sleep(9) } catch (e) { print(e.name); throw e } }); await asyncio.sleep(9) }).catch(e => [e.message, e.exceptions.map(String)])`,
			"CancelledError\n[ 'unhandled errors in a TaskGroup', [ 'Error: x' ] ]"},
		{`await asyncio.TaskGroup(async tg => { tg.createTask(() => asyncio.sleep(9)); throw new Error('body') }).catch(e => e.exceptions.map(String))`, `[ 'Error: body' ]`},
		{`async function f() { await using tg = new asyncio.TaskGroup(); tg.createTask(async () => { await asyncio.sleep(0.001); print('child') }); print('body') } await f(); print('after')`, "body\nchild\nafter"},
		{`async function f() { await using tg = new asyncio.TaskGroup(); tg.createTask(async () => { throw new Error('x') }); await asyncio.sleep(9) } await f().catch(e => e.exceptions.map(String))`, `[ 'Error: x' ]`},
		{`async function f() { await using tg = new asyncio.TaskGroup(); tg.createTask(() => asyncio.sleep(9)); throw new Error('body') } await f().catch(e => e.exceptions.map(String))`, `[ 'Error: body' ]`},
		{`const t = asyncio.createTask(() => asyncio.TaskGroup(async tg => { tg.createTask(async () => { try { await asyncio.sleep(9) } finally { print('child cut') } }) })); await asyncio.sleep(0.001); t.cancel(); try { await t } catch (e) { e.name }`, "child cut\n'CancelledError'"},
		{`await using tg = new asyncio.TaskGroup()`, `Uncaught Error: a TaskGroup ends with its block, and a cell's top level has no end: write { await using … } in a block or a function, or give it a function
await using tg = new asyncio.TaskGroup()
            ^`},
		{`try { new asyncio.TaskGroup().createTask(async () => 1) } catch (e) { e.message }`, `'TaskGroup has not been entered'`},
	})
}
