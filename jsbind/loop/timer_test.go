package loop

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"httpx-repl/engine/event"
)

func TestTimersFireInOrder(t *testing.T) {
	h := newHarness(t)
	h.turn(func() {
		for _, ms := range []int{3, 1, 2, 1, 0, 0} {
			h.SetTimer(time.Duration(ms)*time.Millisecond, 0, true, func() { h.log = append(h.log, fmt.Sprint(ms)) })
		}
	})
	h.idle()
	h.do(func() {
		if !slices.Equal(h.log, []string{"0", "0", "1", "1", "2", "3"}) {
			t.Error(h.log)
		}
		for i, e := range h.events {
			if e.Kind != event.Timer || i > 0 && e.At < h.events[i-1].At {
				t.Errorf("%+v", h.events)
			}
		}
	})
}

func TestIntervalKeepsItsRhythm(t *testing.T) {
	h := newHarness(t)
	const every, rounds = 2 * time.Millisecond, 20
	var start, end time.Duration
	h.turn(func() {
		n := 0
		start = h.o.Elapsed()
		var id int
		id = h.SetTimer(every, every, true, func() {
			if n++; n == rounds {
				end = h.o.Elapsed()
				h.ClearTimer(id) // inside its own callback
			}
		})
	})
	h.idle()
	// Each lateness must not add up: twenty rounds that are half a period late each would take ten periods more.
	if took := end - start; took < rounds*every {
		t.Errorf("%d rounds of %v took %v", rounds, every, took)
	}
	h.do(func() {
		if len(h.live) != 0 || len(h.timers) != 0 || len(h.events) != rounds {
			t.Errorf("%d timers left, %d events", len(h.live), len(h.events))
		}
	})
}

func TestClearTimer(t *testing.T) {
	h := newHarness(t)
	h.turn(func() {
		var second int
		h.SetTimer(0, 0, true, func() { h.ClearTimer(second); h.ClearTimer(second); h.ClearTimer(999) })
		second = h.SetTimer(0, 0, true, func() { t.Error("a cleared timer fired") })
		third := h.SetTimer(time.Hour, 0, true, func() {})
		h.TimerRef(third, false)
		if set, ref := h.HasTimer(third); !set || ref {
			t.Error("unref")
		}
	})
	h.idle()
	h.do(func() {
		if set, _ := h.HasTimer(1); set {
			t.Error("a timer that fired is still set")
		}
	})
}

// TestZeroDelaysAreFair checks that timers which set timers keep neither events nor other timers from running.
func TestZeroDelaysAreFair(t *testing.T) {
	h := newHarness(t)
	stop := false
	chain := 0
	h.turn(func() {
		var again func()
		again = func() {
			if chain++; !stop {
				h.SetTimer(0, 0, true, again)
			}
		}
		h.SetTimer(0, 0, true, again)
		h.SetTimer(0, time.Nanosecond, true, func() {})
	})
	for range 10 {
		h.do(func() {}) // comes through
	}
	fired := make(chan struct{})
	h.turn(func() { h.SetTimer(time.Millisecond, 0, true, func() { close(fired) }) })
	<-fired
	h.do(func() {
		stop = true
		if chain < 2 {
			t.Errorf("the chain ran %d times", chain)
		}
	})
}

func TestAbandonedTasksSetNoTimers(t *testing.T) {
	h := newHarness(t)
	task := h.NewTask("c2", h.root.Scope)
	h.do(func() {
		h.Enter(task, func() {
			h.SetTimer(0, time.Millisecond, true, func() { t.Error("an abandoned task's timer fired") })
			h.Abandon(task)
			h.SetTimer(0, 0, true, func() { t.Error("an abandoned task set a timer") })
		})
	})
	h.idle()
}
