package loop

import (
	"testing"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/goleak"

	"httpx-repl/engine/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// harness is a loop that runs, and what it recorded and told.
type harness struct {
	*Loop
	t        *testing.T
	vm       *goja.Runtime
	events   []event.Event // loop goroutine only
	uncaught []error
	rejected []string
	log      []string
	done     chan struct{}
	root     *Task
}

func newHarness(t *testing.T) *harness {
	start := time.Now()
	h := &harness{t: t, vm: goja.New(), done: make(chan struct{})}
	h.Loop = New(h.vm, Options{
		Elapsed:   func() time.Duration { return time.Since(start) },
		Sink:      h,
		Uncaught:  func(err error, _ *Task) { h.uncaught = append(h.uncaught, err) },
		Unhandled: func(p *goja.Promise, task *Task) { h.rejected = append(h.rejected, task.Cell+": "+p.Result().String()) },
	})
	h.root = h.NewTask("c1", h.NewScope(nil))
	h.vm.Set("log", func(text string) { h.log = append(h.log, text) })
	h.vm.Set("task", func() string {
		if h.Task() == nil {
			return "none"
		}
		return h.Task().Cell
	})
	go func() {
		defer close(h.done)
		h.Run()
	}()
	t.Cleanup(h.close)
	return h
}

// Record implements event.Sink.
func (h *harness) Record(e event.Event) { h.events = append(h.events, e) }

func (h *harness) close() {
	h.Close()
	<-h.done
}

// do runs f on the loop's goroutine, between turns, and waits for it.
func (h *harness) do(f func()) {
	h.t.Helper()
	done := make(chan struct{})
	if !h.Control(func() { f(); close(done) }) {
		h.t.Fatal("the loop is closed")
	}
	<-done
}

// turn runs f as a turn of the root task, and waits for it.
func (h *harness) turn(f func()) (err error) {
	h.t.Helper()
	h.do(func() { err = h.Enter(h.root, f) })
	return err
}

// script runs JavaScript in a turn.
func (h *harness) script(js string) error {
	h.t.Helper()
	return h.turn(func() {
		if _, err := h.vm.RunString(js); err != nil {
			panic(err)
		}
	})
}

// idle waits until nothing is left to run.
func (h *harness) idle() {
	h.t.Helper()
	idle := make(chan struct{})
	h.Control(func() { h.WhenIdle(func() { close(idle) }) })
	select {
	case <-idle:
	case <-time.After(10 * time.Second):
		h.t.Fatal("the loop did not become idle")
	}
}
