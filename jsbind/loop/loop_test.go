package loop

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/engine/event"
)

func TestOneEventATurn(t *testing.T) {
	h := newHarness(t)
	h.do(func() {
		for _, name := range []string{"a", "b", "c"} {
			h.Post(event.Event{Kind: event.Input, Text: name}, h.root, nil, func() {
				// Jobs of one turn run before the next turn, also those that jobs make.
				if _, err := h.vm.RunString(fmt.Sprintf("log('%s'); Promise.resolve().then(() => log('%s job')).then(() => log('%s job of a job'))", name, name, name)); err != nil {
					panic(err)
				}
			})
		}
	})
	h.do(func() {})
	var want []string
	for _, name := range []string{"a", "b", "c"} {
		want = append(want, name, name+" job", name+" job of a job")
	}
	h.do(func() {
		if !slices.Equal(h.log, want) {
			t.Errorf("ran %v", h.log)
		}
		if len(h.events) != 3 || h.events[2].Text != "c" || h.events[0].At > h.events[2].At {
			t.Errorf("recorded %+v", h.events)
		}
	})
}

func TestDroppedEventsNeverHappen(t *testing.T) {
	h := newHarness(t)
	dropped := false
	h.do(func() {
		h.Post(event.Event{Kind: event.Input, Text: "first"}, h.root, nil, func() { dropped = true })
		h.Post(event.Event{Kind: event.Input, Text: "second"}, h.root, &dropped, func() { t.Error("a dropped event was delivered") })
	})
	h.do(func() {})
	h.do(func() {
		if len(h.events) != 1 {
			t.Errorf("recorded %+v", h.events)
		}
	})
}

func TestPostAfterCloseIsRefused(t *testing.T) {
	h := newHarness(t)
	ran := false
	h.Control(func() { ran = true })
	h.close()
	if !ran {
		t.Error("what was queued before Close did not run")
	}
	if h.Post(event.Event{}, nil, nil, func() {}) || h.Control(func() {}) {
		t.Error("a closed loop takes events")
	}
}

// TestErrorsOfATurn checks what Enter returns, tells, and leaves.
func TestErrorsOfATurn(t *testing.T) {
	h := newHarness(t)
	if err := h.script("throw new Error('thrown')"); err == nil || !strings.Contains(err.Error(), "thrown") {
		t.Errorf("%v", err)
	}
	var panicked *PanicError
	if err := h.turn(func() { panic("a defect") }); !errors.As(err, &panicked) || panicked.Error() != "internal error: a defect" || len(panicked.Stack) == 0 {
		t.Errorf("%v", err)
	}
	h.do(func() {
		if len(h.uncaught) != 2 {
			t.Errorf("told %v", h.uncaught)
		}
	})
	if err := h.script("Promise.resolve().then(() => log('alive'))"); err != nil {
		t.Error(err)
	}
	h.do(func() {
		if !slices.Equal(h.log, []string{"alive"}) {
			t.Errorf("%v", h.log)
		}
	})
}

func TestUnhandledRejections(t *testing.T) {
	h := newHarness(t)
	h.script(`Promise.reject('a'); Promise.reject('b').catch(() => 0); const late = Promise.reject('c'); Promise.resolve().then(() => late.catch(() => 0))`)
	h.do(func() {
		if !slices.Equal(h.rejected, []string{"c1: a"}) {
			t.Errorf("%v", h.rejected)
		}
	})
}

// TestTaskFollowsTheCode checks the current task over every way in which code goes on later.
func TestTaskFollowsTheCode(t *testing.T) {
	h := newHarness(t)
	other := h.NewTask("c2", h.NewScope(nil))
	var resolve func(any) error
	h.turn(func() {
		var p *goja.Promise
		p, resolve, _ = h.vm.NewPromise()
		h.vm.Set("shared", p)
		h.vm.Set("coroutine", func() {
			h.Go(h.Task(), h.Task().Scope, func(c *Coroutine) {
				h.log = append(h.log, "coroutine "+h.Task().Cell)
				c.Await(p)
				h.log = append(h.log, "coroutine later "+h.Task().Cell)
			})
		})
		h.vm.Set("timer", func(f goja.Callable) { h.SetTimer(time.Millisecond, 0, true, func() { f(goja.Undefined()) }) })
	})
	const js = `(async () => {
		log('start ' + task());
		shared.then(() => log('then ' + task()));
		timer(() => log('timer ' + task()));
		coroutine();
		await shared;
		log('await ' + task());
		await 0;
		log('again ' + task());
	})()`
	h.script(js)
	h.do(func() {
		h.Enter(other, func() {
			if _, err := h.vm.RunString(js); err != nil {
				panic(err)
			}
		})
	})
	h.do(func() { h.Enter(h.NewTask("c3", h.root.Scope), func() { resolve(1) }) })
	h.idle()
	h.do(func() {
		for _, what := range []string{"start", "then", "timer", "coroutine", "coroutine later", "await", "again"} {
			for _, cell := range []string{"c1", "c2"} {
				if n := len(slices.DeleteFunc(slices.Clone(h.log), func(line string) bool { return line != what+" "+cell })); n != 1 {
					t.Errorf("%q %d times in %v", what+" "+cell, n, h.log)
				}
			}
		}
		if h.Task() != nil {
			t.Errorf("outside a turn the task is %v", h.Task())
		}
	})
}

func TestWhenIdle(t *testing.T) {
	h := newHarness(t)
	reached := false
	h.do(func() {
		h.Ref()
		h.SetTimer(time.Hour, 0, false, func() {}) // does not count
		h.WhenIdle(func() { reached = true })
	})
	h.do(func() {})
	h.do(func() {
		if reached {
			t.Error("idle in spite of a reference")
		}
		h.Unref()
		h.SetTimer(time.Millisecond, 0, true, func() { h.log = append(h.log, "timer") })
	})
	h.idle()
	h.do(func() {
		if !reached || !slices.Equal(h.log, []string{"timer"}) {
			t.Errorf("idle %t after %v", reached, h.log)
		}
	})
}

// TestInterrupt stops the running turn, and never a later one.
func TestInterrupt(t *testing.T) {
	h := newHarness(t)
	if h.Interrupt(errors.New("nothing runs")) {
		t.Error("an idle loop was interrupted")
	}
	if err := h.script("log('not hit')"); err != nil {
		t.Error(err)
	}
	reason := errors.New("enough")
	started := make(chan struct{})
	h.do(func() { h.vm.Set("started", func() { close(started) }) })
	result := make(chan error, 1)
	h.Control(func() { result <- h.Enter(h.root, func() { must(h.vm.RunString("started(); for (;;);")) }) })
	<-started
	if !h.Interrupt(reason) {
		t.Error("the turn was not interrupted")
	}
	var interrupted *goja.InterruptedError
	if err := <-result; !errors.As(err, &interrupted) || interrupted.Value() != reason {
		t.Errorf("%v", err)
	}
	var others sync.WaitGroup
	for range 1000 {
		others.Go(func() { h.Interrupt(reason) })
		if err := h.turn(func() {}); err != nil && !Uncatchable(err) {
			t.Fatal(err)
		}
	}
	others.Wait()
	if err := h.script("Promise.resolve().then(() => log('after'))"); err != nil {
		t.Error(err)
	}
	h.do(func() {
		if h.log[len(h.log)-1] != "after" {
			t.Error(h.log)
		}
	})
}

// TestTick moves the clock in a turn that waits for it, and a replay moves it at the same read.
func TestTick(t *testing.T) {
	h := newHarness(t)
	var reads []time.Duration
	h.turn(func() {
		from := h.Now()
		for h.Now() < from+2*time.Millisecond {
			reads = append(reads, h.ReadClock())
		}
	})
	var ticks []event.Event
	h.do(func() {
		for _, e := range h.events {
			if e.Kind == event.Tick {
				ticks = append(ticks, e)
			}
		}
	})
	if len(ticks) == 0 || ticks[0].Size != clockReads {
		t.Fatalf("%+v", ticks)
	}
	tape := &tape{events: ticks}
	replayed := New(goja.New(), Options{Elapsed: func() time.Duration { t.Error("a replay reads the real clock"); return 0 }})
	replayed.UseTape(tape)
	replayed.Enter(nil, func() {
		replayed.now = reads[0]
		for i, want := range reads {
			if got := replayed.ReadClock(); got != want {
				t.Fatalf("read %d is %v, want %v", i, got, want)
			}
		}
	})
}

// tape is an event.Tape with one cell.
type tape struct {
	events []event.Event
	start  time.Duration
}

func (t *tape) Begin(string, string) time.Duration    { return t.start }
func (t *tape) Issue(req event.Event) (string, error) { return req.Exchange, nil }
func (t *tape) Env(string) (value string, ok bool)    { return "", false }
func (t *tape) Meta() event.Meta                      { return event.Meta{} }
func (t *tape) Next(ready func(event.Event) bool, settled bool) (event.Event, bool, error) {
	if len(t.events) == 0 {
		return event.Event{}, false, nil
	}
	e := t.events[0]
	if !ready(e) {
		return event.Event{}, false, errors.New("no owner for " + string(e.Kind))
	}
	t.events = t.events[1:]
	return e, true, nil
}
