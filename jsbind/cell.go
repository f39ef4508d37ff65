package jsbind

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/engine/event"
	"httpx-repl/jsbind/inspect"
	"httpx-repl/jsbind/loop"
	"httpx-repl/jsbind/source"
)

// Result is what came of a cell.
type Result struct {
	HasValue  bool           // there is a value to show
	Lines     []inspect.Line // the value, or the error, as the session shows it
	Failed    bool           // the cell threw, did not compile or was cancelled
	Cancelled bool           // Ctrl-C ended it
	Facts     string         // of a response: type, size, time, connection, for one dim line at a terminal
	Notes     []string       // hints: a forgotten await, what was cancelled
	Diverged  error          // a replay left its recording; the error is written for people
}

// evaluation is one cell at work.
type evaluation struct {
	name    string
	task    *loop.Task
	cell    *source.Cell
	show    bool // echo the value
	settled bool
	leave   bool    // a replayed cell that was left behind when it was cancelled
	result  *Result // of a replayed cell, until its tape has ended
	done    chan Result
}

// cancelGrace is how long a cancelled cell may take for its finally blocks before it is left behind, and how long a busy
// turn may ignore the soft interrupt before the virtual machine is stopped hard.
const cancelGrace = 100 * time.Millisecond

// Eval runs one cell and waits until its promise has settled. When ctx ends (Ctrl-C), the cell's scope is cancelled: its
// requests are aborted on the wire, its finally blocks run, and Eval returns; a script that goes on regardless is stopped
// hard. Name is the cell's ("c1"). Show tells whether the value is to be shown, and recorded, as the prompt echoes it.
func (rt *Runtime) Eval(ctx context.Context, name, src string, show bool) Result {
	rt.evalLock.Lock()
	defer rt.evalLock.Unlock()
	e := &evaluation{name: name, show: show, done: make(chan Result, 1)}
	if !rt.loop.Control(func() { rt.start(e, src) }) {
		return Result{Failed: true, Lines: plainLines("The session has ended.")}
	}
	ended := make(chan struct{})
	defer close(ended)
	go rt.watchMemory(ended)
	select {
	case r := <-e.done:
		return r
	case <-ctx.Done():
		return rt.cancel(e)
	}
}

// cancel ends a running cell from outside.
func (rt *Runtime) cancel(e *evaluation) Result {
	rt.soft.Store(true)
	reached := make(chan struct{})
	rt.loop.Control(func() {
		rt.soft.Store(false)
		rt.loop.Post(event.Event{Kind: event.Input, Text: ctrlC}, e.task, &e.settled, func() { rt.cancelScope(e) })
		close(reached)
	})
	var left chan struct{} // closed once the cell was left behind, nil before
	hammer := time.NewTimer(cancelGrace)
	defer hammer.Stop()
	for {
		select {
		case r := <-e.done:
			return r
		case <-hammer.C:
			select {
			case <-left: // the loop was free once and is busy again: the script catches every cancellation
				rt.loop.Interrupt(errInterrupted)
			case <-reached:
				rt.loop.Control(func() { rt.abandon(e) })
				left, reached = reached, nil
			default:
				rt.loop.Interrupt(errInterrupted)
			}
			hammer.Reset(cancelGrace)
		}
	}
}

var errInterrupted = errors.New("interrupted")

// ctrlC is how a cancellation from outside stands in the record.
const ctrlC = "\x03"

// cancelScope cancels everything that belongs to the cell.
func (rt *Runtime) cancelScope(e *evaluation) {
	e.task.Scope.Cancel(&cancelled{rt.cancelledError("cancelled by Ctrl-C")})
	if e.leave {
		rt.abandon(e)
	}
}

// cancelled is the reason with which Ctrl-C cancels a scope: what awaits in it rejects with the JavaScript error.
type cancelled struct{ value goja.Value }

func (c *cancelled) Error() string { return "cancelled by Ctrl-C" }

// AbortedBy names the cause in the record.
func (c *cancelled) AbortedBy() string { return "cancel" }

// start begins a cell on the loop's goroutine.
func (rt *Runtime) start(e *evaluation, src string) {
	rt.soft.Store(false)
	rt.vm.ClearInterrupt()
	if rt.loop.Replaying() {
		rt.loop.BeginReplay(e.name, src)
	} else {
		rt.loop.BeginCell(e.name)
	}
	rt.reseed(e.name)
	e.task = rt.loop.NewTask(e.name, rt.loop.NewScope(rt.root))
	rt.current = e
	rt.loop.Record(event.Event{Kind: event.Cell, Source: src, Quiet: !e.show})
	cell, err := source.Compile(e.name, src, rt.names)
	if err != nil {
		rt.finish(e, Result{Failed: true, Lines: rt.syntaxError(err, src)}, nil)
		return
	}
	e.cell = cell
	if err := cell.Begin(rt.vm); err != nil {
		rt.finish(e, Result{Failed: true, Lines: rt.syntaxError(err, src)}, nil)
		return
	}
	rt.sources[e.name] = src
	if rt.replayInterrupt(e) {
		rt.interruptedCell(e)
		rt.replayCell(e)
		return
	}
	rt.loop.Enter(e.task, func() { rt.run(e) }) // rt.uncaught gets its error
	if rt.loop.Replaying() {
		rt.replayCell(e)
	}
}

// run runs the compiled cell on its first turn.
func (rt *Runtime) run(e *evaluation) {
	v, err := rt.vm.RunProgram(e.cell.Program)
	if err != nil {
		if loop.Uncatchable(err) {
			panic(err) // unwinds to Enter, which repairs the virtual machine
		}
		rt.settle(e, nil, rt.thrown(err), true)
		return
	}
	onValue := rt.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		rt.settle(e, call.Argument(0), nil, false)
		return goja.Undefined()
	})
	onError := rt.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		rt.settle(e, nil, call.Argument(0), true)
		return goja.Undefined()
	})
	if _, err := rt.promiseThen(v, onValue, onError); err != nil {
		panic(err)
	}
}

// settle ends a cell whose promise has settled.
func (rt *Runtime) settle(e *evaluation, value, reason goja.Value, failed bool) {
	if e.settled {
		return
	}
	if failed {
		r := Result{Failed: true, Cancelled: rt.isCancelled(reason)}
		r.Lines = rt.errorLines(reason, rt.width())
		if r.Cancelled {
			e.task.Scope.Cancel(&cancelled{reason}) // what the cell has started and not awaited ends with it
			r.Notes = rt.cancelNotes(e)
		} else {
			rt.remember("_error", reason)
		}
		rt.finish(e, r, nil)
		return
	}
	value, ok := source.Result(value)
	r := Result{HasValue: ok && !goja.IsUndefined(value)}
	if ok {
		rt.remember("_", value)
		rt.remember("_"+strings.TrimPrefix(e.name, "c"), value)
		r.Notes = rt.valueNotes(value)
	}
	if r.HasValue && e.show {
		r.Lines = rt.show(value, rt.width())
		r.Facts = rt.responseFacts(value)
	}
	rt.finish(e, r, value)
}

// finish records a cell's end and hands the result over. What the record shows is rendered for 80 columns, whatever the
// screen's width.
func (rt *Runtime) finish(e *evaluation, r Result, value goja.Value) {
	e.settled = true
	if e.cell != nil {
		e.cell.End(rt.vm)
	}
	rt.reportTasks(e.name)
	if r.Cancelled {
		rt.freeClock(e.name)
	}
	if text := r.Lines; len(text) > 0 && !r.Cancelled {
		if value != nil && rt.width() != recordWidth {
			text = rt.show(value, recordWidth)
		}
		rt.loop.Record(event.Event{Kind: event.Out, Cell: e.name, Text: inspect.Text(text)})
	}
	rt.loop.Record(event.Event{Kind: event.Done, Cell: e.name, Failed: r.Failed})
	if !rt.loop.Replaying() || r.Diverged != nil {
		e.done <- r
		return
	}
	e.result = &r // the tape may have more for this cell
}

// recordWidth is the width for which recorded values are shown.
const recordWidth = 80

// interruptedCell ends a cell that was stopped hard.
func (rt *Runtime) interruptedCell(e *evaluation) {
	if e.settled {
		return
	}
	rt.recordInterrupt(interruptedHard)
	rt.loop.Abandon(e.task)
	e.task.Scope.Cancel(&cancelled{rt.cancelledError("interrupted")})
	rt.finish(e, Result{Failed: true, Cancelled: true, Lines: plainLines("Interrupted."), Notes: rt.cancelNotes(e)}, nil)
}

// brokenCell ends a cell that no longer can go on: it took all memory, or met a defect of the program.
func (rt *Runtime) brokenCell(e *evaluation, reason goja.Value) {
	rt.recordInterrupt(interruptedHard)
	rt.loop.Abandon(e.task)
	e.task.Scope.Cancel(&cancelled{rt.cancelledError("the cell was stopped")})
	rt.remember("_error", reason)
	rt.finish(e, Result{Failed: true, Lines: rt.errorLines(reason, rt.width())}, nil)
}

// abandon leaves a cancelled cell behind that did not settle: it awaits something that nothing will ever settle.
func (rt *Runtime) abandon(e *evaluation) {
	if e.settled {
		return
	}
	rt.recordInterrupt(leftBehind)
	rt.loop.Abandon(e.task)
	notes := append(rt.cancelNotes(e), "the cell still awaited something when it was cancelled, and was left behind")
	rt.finish(e, Result{Failed: true, Cancelled: true, Lines: plainLines("Cancelled."), Notes: notes}, nil)
}

// replayCell feeds the tape's events of this cell.
func (rt *Runtime) replayCell(e *evaluation) {
	err := rt.loop.Replay(owners{rt, e}, func() (bool, error) { return e.settled, rt.divergence })
	if err == nil {
		err = rt.divergence
	}
	if err == nil && !e.settled {
		err = fmt.Errorf("cell %s is still pending at the end of its recording", e.name)
	}
	r := Result{Failed: true}
	if e.result != nil {
		r = *e.result
	}
	r.Diverged = err
	e.settled = true
	e.done <- r
}

// check is called by compiled cells in every loop and at every function's start; what it returns is thrown. The checks of a
// cell are counted, so that a replay interrupts a busy script at the same one.
func (rt *Runtime) check() goja.Value {
	rt.checks++
	if rt.checks == rt.interruptAt || rt.soft.Load() && rt.soft.Swap(false) {
		rt.recordInterrupt(strconv.Itoa(rt.checks))
		rt.stopped = rt.cancelledError("cancelled by Ctrl-C")
		return rt.stopped
	}
	if rt.depth() > maxCallDepth {
		return rt.newError("RangeError", "Maximum call stack size exceeded")
	}
	return nil
}

// How a cell was ended from outside is part of the record: at which check, hard, or by leaving it behind.
const interruptedHard, leftBehind = "hard", "left behind"

func (rt *Runtime) recordInterrupt(how string) {
	if rt.current != nil {
		rt.loop.Record(event.Event{Kind: event.Env, Cell: rt.current.name, Name: "interrupt:" + rt.current.name, Text: how})
	}
}

// replayInterrupt prepares a replayed cell to end as it was ended when it was recorded. It reports whether the cell must not run
// at all, because it was stopped in the middle of a native function.
func (rt *Runtime) replayInterrupt(e *evaluation) (stopped bool) {
	rt.checks, rt.interruptAt = 0, 0
	if !rt.loop.Replaying() {
		return false
	}
	how, ok := rt.o.Tape.Env("interrupt:" + e.name)
	if !ok {
		return false
	}
	e.leave = how == leftBehind
	rt.interruptAt, _ = strconv.Atoi(how)
	return how == interruptedHard
}

// thrownError carries a JavaScript value through Go code that knows errors only.
type thrownError struct{ value goja.Value }

func (e *thrownError) Error() string { return e.value.String() }

// remember sets a session variable such as _ unless the user has declared the name.
func (rt *Runtime) remember(name string, v goja.Value) {
	if _, declared := rt.names.Kind(name); declared {
		return
	}
	must(rt.vm.GlobalObject().DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

func (rt *Runtime) width() int {
	if rt.o.Width == nil {
		return recordWidth
	}
	return rt.o.Width()
}

func plainLines(text string) []inspect.Line {
	var lines []inspect.Line
	for _, l := range strings.Split(text, "\n") {
		lines = append(lines, inspect.Line{{Text: l}})
	}
	return lines
}

// cancelNotes says what the cancellation ended.
func (rt *Runtime) cancelNotes(e *evaluation) []string {
	var notes []string
	for _, x := range rt.exchanges.history {
		if x.task.Cell == e.name && x.abortBy == "cancel" {
			notes = append(notes, fmt.Sprintf("aborted %s %s after %s", x.request.Method, x.request.URL.Masked(), seconds(x.finished-x.issued)))
		}
	}
	const most = 5
	if len(notes) > most {
		notes = append(notes[:most], fmt.Sprintf("… and %d more", len(notes)-most))
	}
	return notes
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// Sync runs f on the loop's goroutine and waits for it: for what belongs to that goroutine, such as the journal.
func (rt *Runtime) Sync(f func()) {
	done := make(chan struct{})
	if rt.loop.Control(func() { f(); close(done) }) {
		<-done
	}
}
