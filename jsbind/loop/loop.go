package loop

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/engine/event"
)

// ErrClosed is what a coroutine that still waits when the loop closes gets.
var ErrClosed = errors.New("the session has ended")

// Options configure a loop.
type Options struct {
	// Elapsed is the real time since the session opened. A replay never calls it.
	Elapsed func() time.Duration
	// Sink records the session's order; nil records nothing.
	Sink event.Sink
	// Idle is called whenever the queue has run empty, before the loop waits; it may be nil. The journal writes there.
	Idle func()
	// Uncaught gets what a turn threw out of JavaScript (a timer's callback), with the turn's task.
	Uncaught func(err error, task *Task)
	// Unhandled gets the promises that were rejected in a turn and have no handler when its jobs have drained.
	Unhandled func(promise *goja.Promise, task *Task)
}

type item struct {
	event   event.Event
	task    *Task
	dropped *bool
	deliver func()
	control bool // not an event: run outside JavaScript and never recorded
}

// Loop is one event loop. Post, Control and Close may be called from any goroutine; everything else belongs to the loop's.
type Loop struct {
	vm   *goja.Runtime
	o    Options
	turn goja.Callable
	then goja.Callable // Promise.prototype.then, as it was before any script
	fn   func()

	around goja.Callable

	mu     sync.Mutex
	queue  []item
	closed bool
	wake   chan struct{}

	now       time.Duration
	cell      string
	task      *Task
	tape      event.Tape
	timers    timerHeap
	live      map[int]*timer
	lastTimer int
	refs      int
	reads     int
	rejected  []rejection
	clock     clock
	descents  []descent
	depth     func() int
	coroutines
	waiting []func()

	turnLock sync.Mutex // guards running
	running  bool       // a turn is at work
}

type rejection struct {
	promise *goja.Promise
	task    *Task
}

// New makes the loop of vm. Nothing runs until Run.
func New(vm *goja.Runtime, o Options) *Loop {
	l := &Loop{vm: vm, o: o, wake: make(chan struct{}, 1), live: map[int]*timer{}}
	l.parked = map[*Coroutine]struct{}{}
	l.depth = CallDepth(vm)
	// The turn is a JavaScript function around a native one: with a JavaScript frame on the stack promise jobs wait for the
	// turn's end, where a native frame alone would have each settlement drain them at once.
	run := vm.ToValue(func(goja.FunctionCall) goja.Value {
		fn := l.fn
		l.fn = nil
		fn()
		return goja.Undefined()
	})
	l.around, _ = goja.AssertFunction(must(vm.RunString("(function (run) { return function () { run() } })")))
	l.turn, _ = goja.AssertFunction(must(l.around(goja.Undefined(), run)))
	l.then, _ = goja.AssertFunction(must(vm.RunString("Promise.prototype.then")))
	vm.SetAsyncContextTracker(taskTracker{l})
	vm.SetPromiseRejectionTracker(l.trackRejection)
	return l
}

// Post puts an event on the queue. On its turn deliver runs inside JavaScript with task as the current task, unless
// *dropped has become true by then, in which case the event never happened. It is false after Close.
func (l *Loop) Post(e event.Event, task *Task, dropped *bool, deliver func()) bool {
	return l.post(item{event: e, task: task, dropped: dropped, deliver: deliver})
}

// Control runs f on the loop's goroutine, between turns and outside JavaScript. It is not an event and not recorded. It is
// false after Close.
func (l *Loop) Control(f func()) bool { return l.post(item{control: true, deliver: f}) }

func (l *Loop) post(it item) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.queue = append(l.queue, it)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// flushEvery bounds, in real time, how long a busy loop leaves recorded events unwritten.
const flushEvery = 5 * time.Millisecond

// Run takes events until Close. It is the loop's goroutine.
func (l *Loop) Run() {
	var batch []item
	lastIdle := l.o.Elapsed()
	for {
		l.mu.Lock()
		closed := l.closed
		batch, l.queue = l.queue, batch[:0]
		l.mu.Unlock()
		for i := range batch {
			l.runTimers()
			l.take(batch[i])
			batch[i] = item{}
			if now := l.o.Elapsed(); now-lastIdle > flushEvery && l.o.Idle != nil {
				lastIdle = now
				l.o.Idle()
			}
		}
		fired := !closed && l.runTimers()
		if len(batch) > 0 || fired {
			l.checkIdle()
			continue
		}
		if closed {
			l.stopCoroutines()
			return
		}
		if l.o.Idle != nil {
			l.o.Idle()
			lastIdle = l.o.Elapsed()
		}
		l.checkIdle()
		l.wait()
	}
}

func (l *Loop) wait() {
	next := l.nextTimer()
	if next == nil {
		<-l.wake
		return
	}
	till, jump, ok := l.tillTimer(next)
	if !ok {
		<-l.wake
		return
	}
	t := time.NewTimer(till)
	defer t.Stop()
	select {
	case <-l.wake:
	case <-t.C:
		if jump {
			l.jumpTo(next)
		}
	}
}

func (l *Loop) take(it item) {
	if it.control {
		it.deliver()
		return
	}
	if it.dropped != nil && *it.dropped {
		return
	}
	l.dispatch(it.event, it.task, it.deliver)
}

// dispatch is one turn.
func (l *Loop) dispatch(e event.Event, task *Task, deliver func()) error {
	if l.tape == nil {
		l.now = l.time().Truncate(time.Microsecond)
	} else {
		l.now = e.At
	}
	l.Record(e)
	return l.Enter(task, deliver)
}

// Job makes f a promise reaction's handler. A plain native handler would have a JavaScript function that it calls drain the jobs
// behind it out of order, since no JavaScript frame is on the stack while jobs run.
func (l *Loop) Job(f func()) goja.Value {
	return must(l.around(goja.Undefined(), l.vm.ToValue(func(goja.FunctionCall) goja.Value {
		f()
		return goja.Undefined()
	})))
}

// Record writes an event into the session's order at the turn's time. The binding calls it for issued events; delivered
// ones are recorded by their turn.
func (l *Loop) Record(e event.Event) {
	if l.o.Sink == nil {
		return
	}
	e.At = l.now
	if e.Cell == "" {
		e.Cell = l.cell
	}
	l.o.Sink.Record(e)
}

// Enter runs f as one turn's JavaScript: with task current, and with the promise jobs drained at its end. It is what
// dispatch does; the runtime also enters for the start of a cell. It returns what was thrown, after having told Uncaught.
func (l *Loop) Enter(task *Task, f func()) error {
	l.reads = 0
	l.task = task
	l.descents = l.descents[:0]
	l.fn = f
	l.setRunning(true)
	err := l.call()
	l.setRunning(false)
	l.task = nil
	if err != nil {
		if Uncatchable(err) {
			Repair(l.vm)
		}
		if l.o.Uncaught != nil {
			l.o.Uncaught(err, task)
		}
	}
	l.reportRejections()
	return err
}

func (l *Loop) setRunning(on bool) {
	l.turnLock.Lock()
	defer l.turnLock.Unlock()
	l.running = on
	if !on {
		l.vm.ClearInterrupt() // one that came too late must not hit the next turn
	}
}

// Interrupt stops the turn that runs now, and never a later one: JavaScript unwinds without its finally blocks, and Enter
// returns a goja.InterruptedError with the reason. It is false when no turn runs. A native function cannot be stopped; the
// interrupt waits for its end. Any goroutine may call it.
func (l *Loop) Interrupt(reason error) bool {
	l.turnLock.Lock()
	defer l.turnLock.Unlock()
	if l.running {
		l.vm.Interrupt(reason)
	}
	return l.running
}

// call runs the turn; a Go panic below it, which is a bug of ours, becomes an error and leaves the session alive.
func (l *Loop) call() (err error) {
	defer func() {
		if x := recover(); x != nil {
			Repair(l.vm)
			err = &PanicError{Value: x, Stack: stack()}
		}
	}()
	_, err = l.turn(goja.Undefined())
	return err
}

// PanicError is a Go panic that came out of a native function: a defect of the program, never of the script.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

// Now is the session's clock: the time of the last event taken, standing still within a turn.
func (l *Loop) Now() time.Duration { return l.now }

// clockReads is how often a turn may read the clock before the loop takes it for a busy wait, and how often again.
const clockReads, moreClockReads = 64, 1024

// ReadClock is Now for scripts: a turn that reads the clock very often is waiting for it, so the clock is moved and a
// Tick recorded, which a replay repeats at the same read.
func (l *Loop) ReadClock() time.Duration {
	l.reads++
	if l.reads == clockReads || l.reads > clockReads && (l.reads-clockReads)%moreClockReads == 0 {
		l.tick()
	}
	return l.now
}

func (l *Loop) tick() {
	e := event.Event{Kind: event.Tick, Size: int64(l.reads)}
	if l.tape == nil {
		l.now = l.time().Truncate(time.Microsecond)
	} else {
		taken, ok, err := l.tape.Next(func(e event.Event) bool { return e.Kind == event.Tick }, false)
		if err != nil || !ok {
			return
		}
		l.now = taken.At
	}
	l.Record(e)
}

// Ref keeps the loop alive: WhenIdle waits for every Unref.
func (l *Loop) Ref() { l.refs++ }

// Unref takes one Ref back.
func (l *Loop) Unref() { l.refs-- }

// WhenIdle calls f on the loop's goroutine once nothing is left that could run: no reference, no timer that counts.
func (l *Loop) WhenIdle(f func()) {
	l.waiting = append(l.waiting, f)
}

func (l *Loop) checkIdle() {
	if len(l.waiting) == 0 || l.refs > 0 || l.refTimers() > 0 {
		return
	}
	l.mu.Lock()
	empty := len(l.queue) == 0
	l.mu.Unlock()
	if !empty {
		return
	}
	waiting := l.waiting
	l.waiting = nil
	for _, f := range waiting {
		f()
	}
}

// BeginCell makes name the current cell and, live, moves the clock to now.
func (l *Loop) BeginCell(name string) {
	l.cell = name
	if l.tape == nil {
		l.now = l.time().Truncate(time.Microsecond)
	}
}

// Cell is the current cell's name.
func (l *Loop) Cell() string { return l.cell }

// Task is the task whose code runs now, nil outside a turn.
func (l *Loop) Task() *Task {
	l.task = l.task.in()
	return l.task
}

// Close ends Run after the events that are queued already; later Posts are refused. Coroutines that still wait are ended
// with ErrClosed.
func (l *Loop) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *Loop) trackRejection(p *goja.Promise, op goja.PromiseRejectionOperation) {
	if op == goja.PromiseRejectionReject {
		l.rejected = append(l.rejected, rejection{p, l.task})
		return
	}
	for i, r := range l.rejected {
		if r.promise == p {
			l.rejected = append(l.rejected[:i], l.rejected[i+1:]...)
			return
		}
	}
}

func (l *Loop) reportRejections() {
	if len(l.rejected) == 0 {
		return
	}
	rejected := l.rejected
	l.rejected = nil
	for _, r := range rejected {
		if l.o.Unhandled != nil {
			l.o.Unhandled(r.promise, r.task)
		}
	}
}

// must is for what cannot fail in a fresh virtual machine.
func must(v goja.Value, err error) goja.Value {
	if err != nil {
		panic(err)
	}
	return v
}
