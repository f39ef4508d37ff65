package jsbind_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"httpx-repl/engine/lab"
	"httpx-repl/jsbind/jsbindtest"
)

// What must hold of the environments, each with requests on the wire.

// TestFailingTaskAbortsItsSiblings checks that the server sees the siblings' requests end, and that the nursery's promise settles
// only after all tasks have ended.
func TestFailingTaskAbortsItsSiblings(t *testing.T) {
	for _, c := range []struct{ name, open, start string }{
		{"trio", "trio.openNursery", "startSoon"}, {"anyio", "anyio.createTaskGroup", "startSoon"}, {"asyncio", "asyncio.TaskGroup", "createTask"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := jsbindtest.New(t, jsbindtest.Options{})
			got := s.Run(fmt.Sprintf(`
const url = lab.url;
let ended = 0;
await %s(async group => {
	for (const i of [1, 2, 3]) group.%s(async () => { try { await client.get(url + '/delay/20') } finally { await Promise.resolve(); ended++ } });
	await asyncio.sleep(0.05);
	group.%s(async () => { throw new Error('boom') });
}).catch(e => [ended, e.exceptions.map(String)].flat())`, c.open, c.start, c.start))
			if want := `[ 3, 'Error: boom' ]`; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.Aborted == 3 && st.InFlight == 0 })
			if got := s.Run(`(await client.get(url + '/get')).statusCode`); got != "200" {
				t.Error(got)
			}
			replaysTheSame(t, s)
		})
	}
}

func replaysTheSame(t *testing.T, s *jsbindtest.Session) {
	t.Helper()
	document := s.Document()
	want := jsbindtest.Render(document)
	for range 5 {
		if got := jsbindtest.Render(jsbindtest.Replay(t, document)); got != want {
			t.Fatalf("replays differently: %s", firstDifference(want, got))
		}
	}
}

// TestManyFailingNurseries checks that the pool loses no slot: with two connections allowed, every nursery after thousands of failed
// ones can still use both.
func TestManyFailingNurseries(t *testing.T) {
	rounds := 10000
	if testing.Short() {
		rounds = 500
	}
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
	})
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`const two = new httpx.AsyncClient({limits: new httpx.Limits({maxConnections: 2}), timeout: 60})`)
	for done := 0; done < rounds; done += 500 {
		got := s.Run(`let failed = 0; for (let i = 0; i < 500; i++) await trio.openNursery(async n => {
	for (let k = 0; k < 3; k++) n.startSoon(() => two.get('` + base + `/slow'));
	n.startSoon(async () => { await trio.lowlevel.checkpoint(); throw new Error('x') });
}).catch(e => { if (e.exceptions.length === 1) failed++ }); failed`)
		if got != "500" {
			t.Fatalf("after %d nurseries: %s", done, got)
		}
	}
	if got := s.Run(`(await Promise.all([1, 2, 3].map(() => two.get('` + base + `/fast')))).map(r => r.statusCode).join()`); got != "'200,200,200'" {
		t.Error(got)
	}
	s.Run(`await two.aclose()`)
}

// TestMoveOnAfterReturnsInTime checks the time, and that the client works at once afterwards.
func TestMoveOnAfterReturnsInTime(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`lab.url; await client.get(lab.url + '/get')`)
	start := time.Now()
	got := s.Run(`let caught; await trio.moveOnAfter(0.05, async scope => { caught = scope; await client.get(lab.url + '/delay/10') }); [caught.cancelledCaught, (await client.get(lab.url + '/get')).statusCode]`)
	if got != "[ true, 200 ]" {
		t.Error(got)
	}
	if took := time.Since(start); took < 50*time.Millisecond || took > 2*time.Second { // 50 ms and one turn on an idle machine
		t.Errorf("it took %v", took)
	}
	waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.Aborted == 1 && st.InFlight == 0 })
	replaysTheSame(t, s)
}

// TestCheckpointsInACancelledScope checks every kind of checkpoint in both libraries, on the wire and off it.
func TestCheckpointsInACancelledScope(t *testing.T) {
	for _, c := range []struct{ run, class string }{
		{`trio.run(main)`, "Cancelled"}, {`anyio.run(main)`, "CancelledError"}, {`anyio.run(main, {backend: 'trio'})`, "Cancelled"},
	} {
		s := jsbindtest.New(t, jsbindtest.Options{})
		got := s.Run(`
const url = lab.url;
const main = async () => {
	const names = [], note = p => p.then(() => names.push('none'), e => names.push(e.name));
	const stream = await client.stream('GET', url + '/drip?numbytes=9&duration=20&delay=0');
	await anyio.moveOnAfter(60, async scope => {
		const event = new anyio.Event(), lock = new anyio.Lock(), [send, receive] = anyio.createMemoryObjectStream(0);
		const all = () => [client.get(url + '/delay/10'), stream.aread(), anyio.sleep(10), anyio.sleepForever(), event.wait(), receive.receive(), send.send(1)];
		const waiting = all().map(note);
		setTimeout(() => scope.cancel(), 20);
		await Promise.all(waiting);
		await Promise.all([client.get(url + '/get'), anyio.sleep(0), lock.acquire(), event.wait(), receive.receive()].map(note));
	});
	return [...new Set(names)].join() + ' ' + names.length;
};
await ` + c.run)
		// The rendezvous of send and receive takes place, which is no cancellation.
		if want := fmt.Sprintf("'%s,none 12'", c.class); got != want && got != fmt.Sprintf("'none,%s 12'", c.class) {
			t.Errorf("%s gave %s, want %s", c.run, got, want)
		}
		waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.InFlight == 0 })
		replaysTheSame(t, s)
	}
}

// TestCtrlCEndsEnvironments checks that cancelling the cell from outside reaches the tasks of each environment, and that their requests
// are aborted.
func TestCtrlCEndsEnvironments(t *testing.T) {
	for _, js := range []string{
		`await asyncio.run(() => asyncio.gather(...[1, 2, 3].map(() => get)))`,
		`await asyncio.TaskGroup(async tg => { for (const i of [1, 2, 3]) tg.createTask(get) })`,
		`await trio.run(() => trio.openNursery(async n => { for (const i of [1, 2, 3]) n.startSoon(get) }))`,
		`await anyio.run(() => anyio.createTaskGroup(async n => { for (const i of [1, 2, 3]) n.startSoon(get) }))`,
		`async function f() { await using n = trio.openNursery(); for (const i of [1, 2, 3]) n.startSoon(get) } await f()`,
	} {
		s := jsbindtest.New(t, jsbindtest.Options{})
		s.Run(`lab.url; const get = async () => { try { await client.get(lab.url + '/delay/20') } finally { print('ended') } }`)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.InFlight == 3 })
			cancel()
		}()
		r := s.Eval(ctx, js)
		cancel()
		if !r.Cancelled || len(r.Notes) != 3 {
			t.Errorf("%s: %+v", js, r)
		}
		if got := s.Printed(); got != "ended\nended\nended" {
			t.Errorf("%s printed %q", js, got)
		}
		waitFor(t, s.Lab(), func(st lab.Stats) bool { return st.Aborted == 3 && st.InFlight == 0 })
		if got := s.Run(`await trio.run(async () => (await client.get(lab.url + '/get')).statusCode)`); got != "200" {
			t.Error(got)
		}
		replaysTheSame(t, s)
	}
}

// TestTasksShareTheCellsNumbers checks that requests of child tasks have ids of their cell.
func TestTasksShareTheCellsNumbers(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	s.Run(`await trio.openNursery(async n => { for (let i = 0; i < 4; i++) n.startSoon(async () => { await client.get(lab.url + '/get?i=' + i); await client.get(lab.url + '/get?again=' + i) }) })`)
	text := jsbindtest.Render(s.Document())
	for i := 1; i <= 8; i++ {
		if !strings.Contains(text, fmt.Sprintf("c1.%d", i)) {
			t.Errorf("there is no exchange c1.%d", i)
		}
	}
	replaysTheSame(t, s)
}

// TestMockClockWaitsForTheNetwork checks that the virtual clock does not jump while a response is under way.
func TestMockClockWaitsForTheNetwork(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	got := s.Run(`await trio.run(() => trio.moveOnAfter(3600, async () => (await client.get(lab.url + '/delay/0.05')).statusCode), {clock: new trio.testing.MockClock({autojumpThreshold: 0})})`)
	if got != "200" {
		t.Error(got)
	}
	start := time.Now()
	if got := s.Run(`await trio.run(() => trio.failAfter(30, () => trio.sleepForever()), {clock: new trio.testing.MockClock({autojumpThreshold: 0})}).catch(e => e.name)`); got != "'TooSlowError'" {
		t.Error(got)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if got := s.Run(`await new Promise(r => setTimeout(r, 1)); 'the clock goes on'`); got != "'the clock goes on'" {
		t.Error(got)
	}
	replaysTheSame(t, s)
}

// TestCtrlCInEveryFrame checks that no scope, group or tool keeps Ctrl-C for its own, and what the next cell finds.
func TestCtrlCInEveryFrame(t *testing.T) {
	for _, js := range []string{
		`await trio.openNursery(async n => { n.startSoon(async () => { print('ready'); for (;;); }) })`,
		`await asyncio.TaskGroup(async tg => { tg.createTask(async () => { print('ready'); for (;;); }) })`,
		`await asyncio.gather(async () => { await 0; print('ready'); for (;;) ; })`,
		`await trio.moveOnAfter(60, async s => { print('ready'); s.cancel(); for (;;); })`,
		`await asyncio.run(async () => { print('ready'); await new Promise(() => {}) })`,
		`await new asyncio.Lock().with(async () => { print('ready'); await asyncio.sleep(9) })`,
		`await trio.run(async () => { print('ready'); await trio.sleepForever() }, {clock: new trio.testing.MockClock()})`,
		`await trio.run(async () => { print('ready'); await new Promise(() => {}) }, {clock: new trio.testing.MockClock()})`,
		`const c = new asyncio.Condition(); await c.with(async () => { print('ready'); await c.wait() })`,
		`const t = asyncio.createTask(() => asyncio.sleep(99)); print('ready'); await t`,
		`print('ready'); await asyncio.shield(() => asyncio.sleep(99))`,
		`print('ready'); await asyncio.waitFor(() => asyncio.sleep(99), 50)`,
		`async function f() { await using s = trio.failAfter(99); print('ready'); await trio.sleepForever() } await f()`,
	} {
		s := jsbindtest.New(t, jsbindtest.Options{})
		r, _ := interrupt(t, s, js)
		if !r.Cancelled {
			t.Errorf("%s: not cancelled: %+v", js, r)
		}
		s.Printed()
		if got := s.Run(`await asyncio.sleep(0.001); await trio.run(async () => { await trio.sleep(0.001); return 'fine' })`); got != "'fine'" {
			t.Errorf("%s: the next cell gave %s", js, got)
		}
		replaysTheSame(t, s)
	}
}

// TestReadingAfterTheScope checks that a stream which a scope's cancellation has ended says so to whoever reads it later, who was not
// cancelled.
func TestReadingAfterTheScope(t *testing.T) {
	s := jsbindtest.New(t, jsbindtest.Options{})
	got := s.Run(`let stream; await trio.moveOnAfter(0.05, async () => { stream = await client.stream('GET', lab.url + '/drip?numbytes=9&duration=20&delay=0'); await trio.sleepForever() }); await stream.aread().catch(e => e.name)`)
	if got != "'StreamClosed'" {
		t.Error(got)
	}
	replaysTheSame(t, s)
}
